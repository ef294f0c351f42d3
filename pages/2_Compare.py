"""Which algorithm gets there sooner, and how sure are we?"""

import streamlit as st

from pages.shared.compare_views import VIEWS
from pages.shared.comparison import choice, chosen_runs, groups_of, one_task, styles_of
from pages.shared.setup import library, page, problems_shown
from pages.shared.study_view import STUDY, study_view

page("Compare")
runs_store = library()
st.title("Compare")
with problems_shown():
    chosen = chosen_runs(runs_store)
    if not chosen:
        st.info(
            "Choose experiments or runs above. An experiment is run with "
            "`python -m rlcsp_core sweep quick`; single runs come from the Search page."
        )
        st.stop()
    view = choice("View", [*VIEWS, STUDY], "view")
    if view == STUDY:
        study_view(runs_store, chosen)
    else:
        groups = groups_of(runs_store, one_task(chosen))
        VIEWS[view](groups, styles_of(groups))
