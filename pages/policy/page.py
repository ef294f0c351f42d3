"""What was learned: by training, in a policy that is shipped, and by single runs."""

import streamlit as st

from pages.common.columns import beside
from pages.common.errors import show_errors
from pages.common.session import library, store
from pages.common.url import choice
from pages.policy.shared import show_shared_policies
from pages.policy.trained import show_trained
from pages.policy.views import VIEWS, chosen_policies

TRAINED, RUNS = "trained", "runs"
SOURCES = {TRAINED: "Trained on many compounds", RUNS: "Learned in one run"}

runs = library()
st.title("Policy")
if "source" not in st.query_params and {"run", "view"} & set(st.query_params):  # the address of a run
    st.query_params["source"] = RUNS
which, place = beside("source", [2, 3])
with which:
    source = choice("Policies", SOURCES, "source")
with show_errors():
    if source == TRAINED:
        show_trained(place)
    else:
        policies = chosen_policies(runs, place)
        if policies:
            VIEWS[choice("View", list(VIEWS), "view")](runs, policies)
        else:
            st.info(
                "Choose a run of a learning algorithm above. There is none yet? Start one on the Search page, "
                "with any algorithm but Uniform and Original; its policy appears here while it runs."
            )
with show_errors():
    show_shared_policies(store())
