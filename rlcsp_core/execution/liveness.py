"""Is the worker of a run still there?  Asked by whoever wants to go on with a run that another process has.

A process on this machine is looked up: it keeps its run while it lives, however slow it is, also while it is suspended.
One elsewhere counts as gone after STALE seconds without a new heartbeat.  The time is counted by our own clock from
when we first saw that heartbeat: clocks of machines differ, and laptops sleep.
"""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

from rlcsp_core.errors import StoreError
from rlcsp_core.process import lives
from rlcsp_core.store import Claim, RunInfo, RunState, Store

STALE = 30.0  # s
BLIND = 10.0  # s between two looks after which the first is forgotten: nobody could write while the database was away
POLL = 0.5  # s


class Outcome(NamedTuple):
    """How a run ends whose worker does not say so itself."""

    state: RunState
    reason: str


class Sighting(NamedTuple):
    """A heartbeat, when it was first seen and when last (monotonic, s)."""

    heartbeat: float | None
    first: float
    last: float


class Watch:
    """Looks after workers of a database; remembers heartbeats from look to look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, Sighting] = {}

    def claim(self, run: RunInfo) -> Claim | None:
        """The right to work on a run that nobody works on; None if somebody does or may, and if it has finished."""
        if run.active and not self.bury(run):
            return None
        return self._store.claim(run.id)

    def bury(self, run: RunInfo) -> bool:
        """Close a run whose worker is dead; whether that was so."""
        end = self._verdict(run)
        return end is not None and self._store.declare_dead(run, *end)

    def _verdict(self, run: RunInfo) -> Outcome | None:
        """None for a run whose worker is alive or may be."""
        alive = None if run.process is None else lives(run.process)
        if alive or (alive is None and not self._is_stale(run)):
            return None
        if run.state is RunState.STOPPING:
            return Outcome(RunState.STOPPED, "stopped")
        if alive is None:
            return Outcome(RunState.INTERRUPTED, f"no sign of life from its process on {run.host}")
        return Outcome(
            RunState.INTERRUPTED, "its process is gone: it was killed, or the machine was restarted"
        )

    def _is_stale(self, run: RunInfo) -> bool:
        now, seen = time.monotonic(), self._seen.get(run.id)
        if seen is None or seen.heartbeat != run.heartbeat or now - seen.last > BLIND:
            seen = Sighting(run.heartbeat, now, now)
        self._seen[run.id] = seen._replace(last=now)
        return now - seen.first > STALE


def claim_idle(store: Store, run_id: str) -> Claim:
    """The right to go on with a run; StoreError where another process works on it, and where it has finished.

    A process that cannot be looked up has STALE seconds to show that it is alive."""
    watch, told = Watch(store), False
    first = run = store.run(run_id)
    while (mine := watch.claim(run)) is None:
        run = store.run(run_id)
        worker = f"process {run.pid} on {run.host}"
        if run.state is RunState.FINISHED:
            raise StoreError(f"run {run_id} has finished")
        if run.active and (run.heartbeat != first.heartbeat or (run.process and lives(run.process))):
            raise StoreError(f"run {run_id} is being worked on by {worker}; stop it there first")
        if not told:
            print(f"waiting up to {STALE:.0f} s for a sign of life from {worker}", file=sys.stderr)
        told = True
        time.sleep(POLL)
    return mine
