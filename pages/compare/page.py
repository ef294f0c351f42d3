"""Which algorithm gets there sooner, and how sure are we?"""

import streamlit as st

from pages.common.errors import show_errors
from pages.common.session import library
from pages.common.url import choice
from pages.compare.comparison import chosen_runs, groups_of, one_task, styles_of
from pages.compare.result import result_view
from pages.compare.runs import runs_view
from pages.compare.study import STUDY, study_view
from pages.compare.views import DETAILS, curves_view

RESULT, CURVES, MORE, RUNS = "Result", "Curves", "Details", "Runs"

runs_store = library()
st.title("Compare")
with show_errors():
    if not {"experiment", "run"}.isdisjoint(st.query_params) and "view" not in st.query_params:
        st.query_params["view"] = CURVES  # an address that names runs means these
    view = choice("View", [RESULT, CURVES, MORE, RUNS], "view", visible=False)
    if view == RESULT:
        result_view(runs_store)
        st.stop()
    if view == RUNS:
        runs_view(CURVES)
        st.stop()
    chosen = chosen_runs(runs_store)
    if not chosen:
        st.info(
            "Choose experiments or runs above. An experiment is run with "
            "`rlcsp sweep quick`; single runs come from the Search page, and stand under *Runs*."
        )
        st.stop()
    detail = choice("Detail", [*DETAILS, STUDY], "detail", visible=False) if view == MORE else None
    if detail == STUDY:
        study_view(runs_store, chosen)
    else:
        groups = groups_of(runs_store, one_task(chosen))
        show = curves_view if detail is None else DETAILS[detail]
        show(groups, styles_of(groups))
