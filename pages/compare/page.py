"""Which algorithm gets there sooner, and how sure are we?"""

import streamlit as st

from pages.common.errors import show_errors
from pages.common.session import library
from pages.common.url import choice
from pages.compare.comparison import chosen_runs, groups_of, one_task, styles_of
from pages.compare.result import RESULT, result_view
from pages.compare.study import STUDY, study_view
from pages.compare.views import VIEWS

runs_store = library()
st.title("Compare")
with show_errors():
    if not {"experiment", "run"}.isdisjoint(st.query_params) and "view" not in st.query_params:
        st.query_params["view"] = next(iter(VIEWS))  # an address that names runs means these
    view = choice("View", [RESULT, *VIEWS, STUDY], "view")
    if view == RESULT:
        result_view(runs_store)
        st.stop()
    chosen = chosen_runs(runs_store)
    if not chosen:
        st.info(
            "Choose experiments or runs above. An experiment is run with "
            "`rlcsp sweep quick`; single runs come from the Search page."
        )
        st.stop()
    if view == STUDY:
        study_view(runs_store, chosen)
    else:
        groups = groups_of(runs_store, one_task(chosen))
        VIEWS[view](groups, styles_of(groups))
