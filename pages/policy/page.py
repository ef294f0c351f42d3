"""What did the agent learn?"""

import streamlit as st

from pages.common.errors import show_errors
from pages.common.session import library, store
from pages.common.url import choice
from pages.policy.shared import show_shared_policies
from pages.policy.views import VIEWS, chosen_policies

runs = library()
st.title("Policy")
with show_errors():
    policies = chosen_policies(runs)
    if policies:
        VIEWS[choice("View", list(VIEWS), "view")](runs, policies)
    else:
        st.info(
            "Choose a run of a learning algorithm above. There is none yet? Start one on the Search page, "
            "with any algorithm but Uniform and Original; its policy appears here while it runs."
        )
with show_errors():
    show_shared_policies(store())
