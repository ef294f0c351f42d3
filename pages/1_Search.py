"""Start a search and watch it live; open an earlier one."""

import streamlit as st

from pages.shared.form import search_form
from pages.shared.live_run import run_panel
from pages.shared.run_list import run_list
from pages.shared.setup import library, manager, page, problems_shown, runs_in_address

LISTED = 200

page("Search")
runs = manager()
shown = runs_in_address(library())

with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Search", width="stretch")
    if shown and st.button("New search", icon=":material/add:"):
        st.query_params.clear()
        st.rerun()

for column, run_id in zip(st.columns(max(len(shown), 1), gap="large"), shown, strict=False):
    with column:
        run_panel(run_id, compact=len(shown) > 1)

form_place = st.container()
if shown:  # made when it is opened: forty fields more would be sent with every look at a run
    form_place = st.expander(
        "Add a search beside", icon=":material/splitscreen_add:", key="beside", on_change="rerun"
    )
with form_place, problems_shown():
    opened = not shown or form_place.open
    wanted = search_form("beside" if shown else "new") if opened else None
    if wanted is not None:
        from rlcsp_core.runs.sharing import check_sharing
        from rlcsp_core.search import check_config

        check_config(wanted.config)
        if wanted.policy is not None:
            check_sharing(wanted.config, wanted.policy, runs.store)
        started = runs.start(wanted.config.as_dict(), policy=wanted.policy)
        st.query_params["run"] = [*shown, started]
        st.rerun()

st.header("Earlier runs")
with problems_shown():
    earlier = runs.store.runs(LISTED)
    if not earlier:
        st.info("No runs yet: press Start search above.")
    elif (chosen := run_list(earlier, key="earlier")) and chosen not in shown:
        st.query_params["run"] = [chosen]
        st.rerun()
