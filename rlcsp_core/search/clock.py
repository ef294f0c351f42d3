"""Wall clock and CPU time of a run, over all its sessions."""

from __future__ import annotations

import time

from rlcsp_core.search.state import State


class Clock:
    """Started where the earlier sessions of a run ended."""

    def __init__(self, state: State) -> None:
        self._wall = time.monotonic() - state.elapsed
        self._cpu = time.process_time() - state.cpu

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._wall

    @property
    def cpu(self) -> float:
        return time.process_time() - self._cpu
