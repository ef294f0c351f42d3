"""Start a search and watch it live; open an earlier one."""

import streamlit as st

from pages.common.columns import LIVE
from pages.common.errors import show_errors
from pages.common.session import library, manager
from pages.common.url import runs_in_address
from pages.common.watching import in_turn
from pages.components.run_list import run_list
from pages.components.second_look import show_second_look
from pages.search.form import search_form
from pages.search.live_run import run_panel, standing
from rlcsp_core.store import ENDED, RunState

LISTED = 200
RELISTED = (
    20.7  # s, as long as one is at work; of two looks at a time Streamlit may drop one, so they do not meet
)

runs = manager()
shown = runs_in_address(library())

with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Search", width="stretch")
    if shown and st.button("New search", icon=":material/add:"):
        st.query_params.clear()
        st.rerun()

if len(shown) > 1:
    standing(shown)
for column, run_id in zip(st.columns(max(len(shown), 1), gap="medium"), shown, strict=False):
    with column:
        run_panel(run_id, [other for other in shown if other != run_id])

if len(shown) == 1:
    with show_errors():
        run = library().run(shown[0])
        if run.state in ENDED and run.best_energy is not None:
            show_second_look(library(), [run])

beside = None
if shown:  # made when it is opened: forty fields more would be sent with every look at a run
    beside = st.expander(
        f"Run {'a second' if len(shown) == 1 else 'another'} search side by side",
        icon=":material/splitscreen_add:",
        key="beside",
        on_change="rerun",
    )
with st.container() if beside is None else beside, show_errors():
    opened = beside is None or beside.open
    first = library().run(shown[0]).composition if shown else None
    wanted = search_form("new" if first is None else f"beside-{first}", first) if opened else None
    if wanted is not None:
        from rlcsp_core.execution.sharing import check_sharing

        if wanted.policy is not None:
            check_sharing(wanted.config, wanted.policy, runs.store)
        started = runs.start(wanted.config.as_dict(), policy=wanted.policy)
        st.query_params["run"] = [*shown, started]
        st.rerun()


@in_turn
def earlier_runs() -> None:
    with show_errors():
        earlier = [run for run in runs.store.runs(LISTED) if not run.archived]
        if not earlier:
            st.info("No runs yet: press Start search above.")
        elif (chosen := run_list(earlier, key="earlier")) and chosen not in shown:
            st.query_params["run"] = [chosen]
            st.rerun()


st.header("Earlier runs")
with st.container(key=f"{LIVE}-earlier"), show_errors():
    at_work = runs.store.runs(1, states=[state for state in RunState if state not in ENDED])
    st.fragment(earlier_runs, run_every=RELISTED if at_work else None)()
