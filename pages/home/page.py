"""Home: what this is, a recorded race, the demo, recent runs."""

import streamlit as st

from pages.common.columns import around, cells
from pages.common.demo_runs import begin_act
from pages.common.errors import show_errors
from pages.common.glossary import explained
from pages.common.session import manager
from pages.common.sitemap import COMPARE, FIELD, LEARN, POLICY, REPLAY, SEARCH, STRUCTURES
from pages.common.tour import begin_tour
from pages.components.recorded_race import show_recorded_race
from pages.components.run_list import BRIEF, run_list

RECENT = 12
PLACES = (SEARCH, LEARN, COMPARE, STRUCTURES, REPLAY, POLICY, FIELD)  # to watch, to understand, to compare

runs = manager()

intro, race, places = around("hero")
with intro:
    st.title("Crystal structures, found by a search that learns")
    st.markdown(
        explained(
            "Given a composition, which arrangement of its atoms has the lowest energy? **RLCSP** changes a crystal "
            "step by step, relaxes every trial with an ionic potential, and learns from its successes which "
            "moves to try next."
        ),
        unsafe_allow_html=True,
    )
    if st.button("Start the demo", type="primary", icon=":material/play_arrow:", width="stretch"):
        with show_errors():
            begin_act(runs, race=False)
    begin_tour()
with race, st.container(border=True):
    show_recorded_race("hero")
with places:
    for row in range(0, len(PLACES), 2):
        pair = PLACES[row : row + 2]
        for column, place in zip(cells(f"pages-{row}", [1] * len(pair)), pair, strict=True):
            with column, st.container(border=True, height="stretch", gap="xxsmall"):
                st.page_link(place.file, label=f"**{place.title}**", icon=place.icon)
                st.caption(place.question)

st.header("Recent runs")
with show_errors():
    recent = [run for run in runs.store.runs(RECENT) if not run.archived]
    if not recent:
        st.info("No runs yet. Start the demo above, or set up a search of your own on the Search page.")
    elif chosen := run_list(recent, key="recent", columns=BRIEF):
        st.switch_page(SEARCH.file, query_params={"run": chosen})
