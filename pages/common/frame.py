"""What every page has around it: its style, and a login where the operator has named an identity provider."""

from __future__ import annotations

import streamlit as st

from pages.common import columns, glossary
from rlcsp_core.paths import STATIC

SIDEBAR_WIDTH = 200  # pixels; leaves a tablet room for the charts
ICON = STATIC / "icon.svg"  # a named icon would be fetched from the network
STYLE = f"""
.stMainBlockContainer {{ padding: 2.6rem 2.2rem 4rem; max-width: 1680px; }}
.stMainBlockContainer h1 {{ font-size: 2rem; padding: 0 0 .5rem; }}
.stMainBlockContainer h2 {{ font-size: 1.35rem; padding: .4rem 0 .2rem; }}
.stMainBlockContainer h3 {{ font-size: 1.1rem; padding: .2rem 0 0; }}
[data-testid="stMetric"], [data-testid="stMetric"] > div {{ padding: .3rem .5rem !important; }}
[data-testid="stMetricValue"] {{ font-size: 1.45rem; font-variant-numeric: tabular-nums; }}
[data-testid="stMetricLabel"] p {{ font-size: .85rem; }}
[data-testid="stMetricDelta"] {{ background: none; padding: 0; font-size: .8rem; }}
[data-testid="stMetricDelta"], [data-testid="stMetricDelta"] * {{ white-space: normal !important; }}
.stAppHeader {{ background: transparent; }}
.stApp input {{ text-overflow: ellipsis; }}
@media (max-width: 900px) {{ .stMainBlockContainer {{ padding: 3.6rem 1rem 3rem; }} }}
button:is([kind="primary"], [kind="primaryFormSubmit"]):not(:disabled),
[data-testid="stMultiSelect"] :is([data-tag], [data-tag-index]) {{
  color: #fff !important; background: #0b6e8a; border-color: #0b6e8a;
}}
[data-testid="stCaptionContainer"] {{ color: inherit !important; opacity: .78; }}
button kbd {{ color: inherit !important; opacity: 1 !important; }}
.st-key-ticks {{ margin-top: -2rem; }}
.st-key-ticks img {{ height: 14px; }}
{columns.STYLE}{glossary.STYLE}"""


def let_in() -> None:
    """With an identity provider (SECURITY.md), nothing is shown before someone has logged in."""
    if st.secrets.load_if_toml_exists() and "auth" in st.secrets and not st.user.get("is_logged_in"):
        st.title("RLCSP")
        st.button("Log in", icon=":material/login:", type="primary", on_click=st.login)
        st.stop()
