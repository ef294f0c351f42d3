"""How often a page looks at what is at work: more seldom the more sessions do, so that every one of them gets its turn.

A browser asks for the next look by its own clock.  Where the server needs longer than that for the looks of all
sessions, each is given up for the next, and nobody sees anything any more.  So looks are counted against what the
server computes, and are made as often as leaves it time for clicks.
"""

from __future__ import annotations

import functools
import math
import secrets
import threading
import time
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from pages.common.cache import cached

P = ParamSpec("P")

AT_ONCE = 2  # looks; more threads would spend most of a processor on waiting for Python's lock
BUSY = 0.5  # of a processor, that the server may use while many look; the rest is for clicks
COST = 0.015  # s of a processor for a look, until some are counted
OPENING = 3  # looks, that the opening of a page costs
DEAREST = 0.04  # s; where few look, what all see is made for each: no reason to look more seldom still
WINDOW = 2.0  # s over which looks are counted
LATEST = 0.3  # weight of the latest count
STEP = 0.5  # of what is wanted, by which times between looks differ
LONGEST = 8.0  # s
FAST, SLOW = 1.5, 2.0  # times: a timer more too quick, or slower than it need be, is changed
REMEMBERED = 30.0  # s after its last look, in which a session counts as one that watches
SETTLING = 5.0  # s in which a timer is left alone, or up to three times that: not all change at once
WATCHER = "watcher"  # in the session: tells it from others
SETTLED = "watching-settled"  # in the session: from when its timer may be changed


class Watchers:
    """Sessions that look at something at work; one for a program, used from any of its threads.

    now is the time by a monotonic clock, cpu what the process has used of processors, both in s."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}
        self._cost = COST  # of a look, with all that the server does beside: sending it, clicks, what all see
        self._looks, self._now, self._cpu = 0, -math.inf, 0.0  # of the present window

    def seconds(self, session: str, wanted: float, now: float) -> float:
        """Between two looks of this session, which looks now: `wanted`, or a multiple where there are too many."""
        with self._lock:
            self._last[session] = now
            self._last = {one: last for one, last in self._last.items() if now - last < REMEMBERED}
            crowd = len(self._last) * min(self._cost, DEAREST) / (BUSY * wanted)
        return min(wanted * max(1.0, math.ceil(crowd / STEP) * STEP), max(wanted, LONGEST))

    def looked(self, now: float, cpu: float, looks: int = 1) -> None:
        """A look has been made, or something that costs as much as several."""
        with self._lock:
            self._looks += looks
            if now - self._now < WINDOW:
                return
            if now - self._now < 2 * WINDOW:  # else nobody has looked for a while
                self._cost += LATEST * ((cpu - self._cpu) / self._looks - self._cost)
            self._looks, self._now, self._cpu = 0, now, cpu


_watchers = cached()(Watchers)
_turns = threading.BoundedSemaphore(AT_ONCE)


def in_turn(look: Callable[P, None]) -> Callable[P, None]:
    """Make a fragment that looks wait for its turn, and count it."""

    @functools.wraps(look)
    def waiting(*args: P.args, **kwargs: P.kwargs) -> None:
        with _turns:
            _watchers().looked(time.monotonic(), time.process_time())
            look(*args, **kwargs)

    return waiting


def seconds_between_looks(wanted: float) -> float:
    """For the session whose page is being made."""
    every = _seconds(wanted)
    share = int(st.session_state[WATCHER][:2], 16) / 256
    st.session_state[SETTLED] = time.monotonic() + SETTLING * (1 + 2 * share)
    _watchers().looked(time.monotonic(), time.process_time(), OPENING)
    return every


def has_changed(every: float, wanted: float) -> bool:
    """Whether that timer is far too quick by now, or far slower than it need be."""
    now = _seconds(wanted)
    settled = time.monotonic() > st.session_state.get(SETTLED, 0.0)
    return settled and (now > FAST * every or now < every / SLOW)


def _seconds(wanted: float) -> float:
    session = st.session_state.setdefault(WATCHER, secrets.token_hex(8))
    return _watchers().seconds(session, wanted, time.monotonic())
