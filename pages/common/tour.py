"""A tour of the pages in six stops, `?tour=1` to `?tour=6`: a box on top says what to look at, and leads on."""

from __future__ import annotations

import streamlit as st

from pages.common.sitemap import COMPARE, LEARN, POLICY, REPLAY, SEARCH, STRUCTURES

TOUR = "tour"  # in the URL
STOPS = (
    (
        SEARCH,
        "A composition is all it takes. Start a search, or open one from the list: every dot is a trial that was "
        "built, relaxed, and accepted or rejected; the bands below are the policy of the agent.",
    ),
    (
        STRUCTURES,
        "What was found, the lowest first. Turn the crystal; if it is a known one, its name is given.",
    ),
    (
        REPLAY,
        "One search step by step. *Next new lowest* goes to where the energy fell, and says which action did it.",
    ),
    (
        POLICY,
        "What the agent learned: the probability of each action, given the energy of the current structure.",
    ),
    (
        COMPARE,
        "Which algorithm finds it sooner? Many seeds of each, with intervals, and the conclusion in words.",
    ),
    (LEARN, "Now you: build a crystal from modules, change it, relax it, and play against an agent."),
)


def begin_tour() -> None:
    """A button that leads to the first stop."""
    if st.button("Take the tour: six stops", icon=":material/tour:", width="stretch"):
        _go_to(1)


def show_stop() -> None:
    """The box, on a page that is a stop."""
    numbers = {str(n): n for n in range(1, len(STOPS) + 1)}
    here = numbers.get(st.query_params.get(TOUR, ""))
    if here is None:
        return
    page, words = STOPS[here - 1]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{here} of {len(STOPS)} · {page.title}.** {words}", width="stretch")
        for label, to in (("Back", here - 1), ("Next stop", here + 1)):
            if str(to) in numbers and st.button(
                label, key=f"tour-{label}", type="primary" if to > here else "secondary"
            ):
                _go_to(to)
        if st.button("End", key="tour-end"):
            del st.query_params[TOUR]
            st.rerun()


def _go_to(stop: int) -> None:
    st.switch_page(STOPS[stop - 1][0].file, query_params={TOUR: str(stop)})
