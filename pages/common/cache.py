"""One cache for all sessions: what was made of equal arguments is made once, and shared.

Results must not be changed.  Arguments whose names begin with an underscore do not tell results apart.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from rlcsp_core.records import Crystal
from rlcsp_core.store import RunInfo, Store
from rlcsp_core.store.library import Library

P = ParamSpec("P")
R = TypeVar("R")


def crystal_key(crystal: Crystal) -> bytes:
    """Equal where all numbers are."""
    return crystal.numbers.tobytes() + crystal.positions.tobytes() + crystal.cell.tobytes()


def _of_run(run: RunInfo) -> tuple[object, ...]:
    """A run as far as it has come."""
    return run.id, run.state, run.n_population, run.n_steps, run.reason


KEYS: dict[str | type, Callable[[Any], object]] = {
    Crystal: crystal_key,
    RunInfo: _of_run,
    Store: attrgetter("url"),
    Library: attrgetter("url"),
}


def cached(
    entries: int | None = None, spinner: str | bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the latest results of a function; `spinner` is shown while one is made."""
    return st.cache_resource(max_entries=entries, show_spinner=spinner, hash_funcs=KEYS)
