"""A run as a film: any step with its decision, its trial and the structure it started from."""

import streamlit as st

from pages.shared.replay import replay
from pages.shared.setup import library, page, problems_shown

page("Replay")
st.title("Replay")
with problems_shown():
    replay(library())
