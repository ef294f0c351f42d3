"""How often a page looks at what is at work: more seldom the more sessions do, so that every one of them gets its turn.

A browser asks for the next look by its own clock.  Where the server needs longer than that for the looks of all
sessions, each is given up for the next, and nobody sees anything any more.
"""

from __future__ import annotations

import math
import secrets
import threading
import time

import streamlit as st

from pages.common.cache import cached

LOOKS = 16.0  # sessions that may look once in the seconds wanted, beside what else a process does for them
STEP = 0.5  # of what is wanted, by which times between looks differ
LONGEST = 15.0  # s
REMEMBERED = 30.0  # s after its last look, in which a session counts as one that watches
WATCHER = "watcher"  # in the session: tells it from others


class Watchers:
    """Sessions that look at something at work; one for a program, used from any of its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}

    def seconds(self, session: str, wanted: float, now: float) -> float:
        """Between two looks of this session, which looks now: `wanted`, or a multiple where there are too many."""
        with self._lock:
            self._last[session] = now
            self._last = {one: last for one, last in self._last.items() if now - last < REMEMBERED}
            number = len(self._last)
        crowd = max(1.0, math.ceil(number / LOOKS / STEP) * STEP)
        return min(wanted * crowd, max(wanted, LONGEST))


_watchers = cached()(Watchers)


def seconds_between_looks(wanted: float) -> float:
    """For the session whose page is being made."""
    session = st.session_state.setdefault(WATCHER, secrets.token_hex(8))
    return _watchers().seconds(session, wanted, time.monotonic())


def has_changed(every: float, wanted: float) -> bool:
    """Whether that timer is too quick by now, or far slower than it need be."""
    now = seconds_between_looks(wanted)
    return now > 1.3 * every or now < every / 3
