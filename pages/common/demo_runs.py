"""The searches of the demo: one that finds a crystal, or two from the same start that race for it."""

from __future__ import annotations

import streamlit as st

from pages.common.sitemap import DEMO
from rlcsp_core.execution import RunManager
from rlcsp_core.search.presets import demo, untrained

FRESH = "demo-fresh"  # in the session: runs it has started, whose story is told from its beginning


def begin_act(runs: RunManager, *, race: bool) -> None:
    """Starts its searches, with a seed that none has had, and opens them."""
    trained = demo(run.config for run in runs.store.runs())
    configs = [untrained(trained), trained] if race else [trained]
    started = [runs.start(config.as_dict()) for config in configs]
    st.session_state[FRESH] = {*st.session_state.get(FRESH, ()), *started}
    st.switch_page(DEMO.file, query_params={"run": started})


def is_fresh(run_id: str) -> bool:
    return run_id in st.session_state.get(FRESH, ())
