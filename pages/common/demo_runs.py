"""The searches of the demo: one that finds a crystal, or two from the same start that race for it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from pages.common.sitemap import DEMO
from rlcsp_core.execution import RunManager
from rlcsp_core.search.presets import demo, untrained
from rlcsp_core.store import ENDED, RunInfo

LONGEST = 60.0  # s
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


def is_told(runs: Sequence[RunInfo], key: str) -> bool:
    """Whether they have ended, and the component of this key has drawn them to the end; LONGEST after their end it is
    taken to have, whatever the browser says."""
    if not all(run.state in ENDED for run in runs):
        return False
    seen = bool(getattr(st.session_state.get(key), "seen", False))
    late = time.time() - max(run.ended or 0.0 for run in runs) > LONGEST
    return seen or late or not all(is_fresh(run.id) for run in runs)
