"""Home: what this is, the demo, recent runs."""

import streamlit as st

from pages.common.columns import beside, cells
from pages.common.errors import show_errors
from pages.common.glossary import explained
from pages.common.session import manager
from pages.common.sitemap import PAGES, SEARCH
from pages.common.tour import begin_tour
from pages.components.crystal_view import show_crystal
from pages.components.run_list import BRIEF, run_list
from rlcsp_core.crystal.formats import read_crystals
from rlcsp_core.paths import DATA
from rlcsp_core.search.policies import load_policy
from rlcsp_core.search.presets import demo

RECENT = 12
REFERENCES = DATA / "references"

runs = manager()

intro, action = st.columns([3, 2], gap="large", vertical_alignment="center")
with intro:
    st.title("Crystal structures, found by a search that learns")
    st.markdown(
        explained(
            "Given a composition, which arrangement of its atoms has the lowest energy? **RLCSP** rearranges modules "
            "of a crystal, relaxes every trial with an ionic potential, and learns from its successes which moves to "
            "try next. Watch it search, compare learning algorithms over many seeds, look at what was found, and see "
            "what the agent learned."
        ),
        unsafe_allow_html=True,
    )
with action, st.container(border=True):
    st.markdown("**One click:** find the ground state of yttrium oxide, Y₂O₃, from nothing but its formula.")
    learned_from = load_policy("without-Y2O3")["provenance"]["compositions"]
    st.caption(f"What it tries first was learned on {len(learned_from)} other compounds; it never saw Y₂O₃.")
    if st.button("Start the demo", type="primary", icon=":material/play_arrow:", width="stretch"):
        with show_errors():
            started = runs.start(demo(run.config for run in runs.store.runs()).as_dict())
            st.switch_page(SEARCH.file, query_params={"run": started})
    begin_tour()

for column, place in zip(cells("pages", [1] * (len(PAGES) - 1)), PAGES[1:], strict=True):
    with column, st.container(border=True, height="stretch", gap="xxsmall"):
        st.page_link(place.file, label=f"**{place.title}**", icon=place.icon)
        st.caption(place.question)

listed, seen = beside("home", [3, 2])
with listed:
    st.header("Recent runs")
    with show_errors():
        recent = runs.store.runs(RECENT)
        if not recent:
            st.info("No runs yet. Start the demo above, or set up a search of your own on the Search page.")
        elif chosen := run_list(recent, key="recent", columns=BRIEF):
            st.switch_page(SEARCH.file, query_params={"run": chosen})
with seen:
    st.header("Target structure")
    with show_errors():
        show_crystal(
            read_crystals(REFERENCES / "Y2O3_bixbyite.cif")[0],
            key="goal",
            height=320,
            controls=False,
            caption="Bixbyite, the ground state of Y₂O₃ (Ia-3): 40 atoms in the primitive cell, "
            "every yttrium in a distorted octahedron of oxygen.",
        )
