"""Loads what the pages need while nobody waits for it: libraries take a second or two the first time.

`serve.py` begins with it as the server starts; where another script was started, the first page does, after a pause,
since a thread that loads slows down the page that is being made.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from importlib import import_module

PAUSE = 1.5  # s; the first page is there by then
LIBRARIES = (
    "pandas",
    "scipy.stats",
    "rlcsp_core.plots.compare",
    "rlcsp_core.plots.distributions",
    "rlcsp_core.plots.live",
    "rlcsp_core.plots.study",
    "rlcsp_core.runs.curves",
    "rlcsp_core.search.loop",
)


@cache
def preload(pause: float = 0.0) -> threading.Thread:
    """Start loading; asked again, it is the same thread."""
    thread = threading.Thread(target=_load, args=(pause,), name="preload", daemon=True)
    thread.start()
    return thread


def _load(pause: float) -> None:
    time.sleep(pause)
    for name in LIBRARIES:
        import_module(name)
