"""What did the agent learn?"""

import streamlit as st

from pages.shared.policy_views import VIEWS, chosen_policies
from pages.shared.setup import library, page, problems_shown, store
from pages.shared.shared_policies import show_shared_policies

page("Policy")
runs = library()
st.title("Policy")
with problems_shown():
    policies = chosen_policies(runs)
    if policies:
        view = st.segmented_control(
            "View", list(VIEWS), default=next(iter(VIEWS)), required=True, key="policy-view"
        )
        VIEWS[view](runs, policies)
    else:
        st.info(
            "Choose a run of a learning algorithm above. There is none yet? Start one on the Search page, "
            "with any algorithm but Uniform and Original; its policy appears here while it runs."
        )
with problems_shown():
    show_shared_policies(store())
