"""How often a page looks at what is at work: more seldom the more sessions do, so that every one of them gets its turn.

A browser asks for the next look by its own clock.  Where the server needs longer than that for the looks of all
sessions, each is given up for the next, and nobody sees anything any more.  So looks are timed, and are made as often
as leaves the server time for clicks.
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.common.cache import cached

SHARE = 0.25  # of a processor, for making what all sessions look at; sending it takes two to three times that
COST = 0.01  # s of a processor for a look, until some are timed
UP, DOWN = 1.01, 1 / 1.03  # what a look that took more, or less, moves: a quarter of them take less than that
STEP = 0.5  # of what is wanted, by which times between looks differ
LONGEST = 15.0  # s
FAR = 1.45  # times: a timer so far from what it should be is changed
REMEMBERED = 30.0  # s after its last look, in which a session counts as one that watches
SETTLING = 10.0  # s in which a timer is left alone: a new one costs a run of the whole page
WATCHER = "watcher"  # in the session: tells it from others
SINCE = "watching-since"  # in the session: when its timer was set


class Watchers:
    """Sessions that look at something at work; one for a program, used from any of its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}
        self._cost = COST

    def seconds(self, session: str, wanted: float, now: float) -> float:
        """Between two looks of this session, which looks now: `wanted`, or a multiple where there are too many."""
        with self._lock:
            self._last[session] = now
            self._last = {one: last for one, last in self._last.items() if now - last < REMEMBERED}
            crowd = len(self._last) * self._cost / (SHARE * wanted)
        return min(wanted * max(1.0, math.ceil(crowd / STEP) * STEP), max(wanted, LONGEST))

    def took(self, seconds: float) -> None:
        """Of a processor, for a look just made.  Those that make what all see are left out."""
        with self._lock:
            self._cost *= UP if seconds > self._cost else DOWN


_watchers = cached()(Watchers)


@contextmanager
def timed() -> Iterator[None]:
    """A look."""
    began = time.thread_time()
    yield
    _watchers().took(time.thread_time() - began)


def seconds_between_looks(wanted: float) -> float:
    """For the session whose page is being made."""
    st.session_state[SINCE] = time.monotonic()
    return _seconds(wanted)


def has_changed(every: float, wanted: float) -> bool:
    """Whether that timer is far too quick by now, or far slower than it need be."""
    now = _seconds(wanted)
    settled = time.monotonic() > st.session_state.get(SINCE, 0.0) + SETTLING
    return settled and (now > FAR * every or now < every / FAR)


def _seconds(wanted: float) -> float:
    session = st.session_state.setdefault(WATCHER, secrets.token_hex(8))
    return _watchers().seconds(session, wanted, time.monotonic())
