"""The demo in two acts: a search finds a crystal; an untrained and a trained one race for it."""

from __future__ import annotations

import streamlit as st

from pages.common.columns import beside
from pages.common.demo_runs import begin_act
from pages.common.errors import show_errors
from pages.common.session import library, manager
from pages.common.share import lecture_key
from pages.common.tour import begin_tour
from pages.common.url import runs_in_address
from pages.components.recorded_race import show_recorded_race
from pages.demo.find import show_find
from pages.demo.race import show_two

runs = manager()
shown = [library().run(run_id) for run_id in runs_in_address(library())][:2]

with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Demo", width="stretch")
    find = st.button(
        "Act 1: find it" if len(shown) != 1 else "Act 1 again, next seed",
        icon=":material/search:",
        type="primary" if not shown else "secondary",
        shortcut=lecture_key("Left" if shown else "Space"),
    )
    learn = st.button(
        "Act 2: untrained against trained" if len(shown) < 2 else "Act 2 again, next seed",
        icon=":material/school:",
        type="primary" if len(shown) == 1 else "secondary",
        shortcut=lecture_key("Right"),
    )
    if find or learn:
        with show_errors():
            begin_act(runs, race=learn)

with show_errors():
    if not shown:
        acts, race = beside("acts", [2, 3])
        with acts:
            st.markdown(
                "**Act 1: find it.** Of Y₂O₃ a search is given the formula only; it starts from a policy learned on "
                "other compounds. You watch it, trial by trial, until it has found the crystal that nature makes.\n\n"
                "**Act 2: learn it.** Two searches start from the same random crystals. One takes every action with "
                "equal chance; the other has learned from other compounds which of them find crystals at all. "
                "A recorded pair shows what to expect."
            )
            begin_tour()
        with race, st.container(border=True):
            show_recorded_race("recorded", policy=True, space=False)  # which begins act 1
    elif len(shown) == 1:
        show_find(shown[0])
    else:
        show_two(shown)
