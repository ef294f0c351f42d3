"""Searches as processes of their own, watched by one thread.

`start` puts a run into the queue of the database and returns; the supervisor thread takes the oldest one whenever a
core is free.  It notices workers that end without a word, ends those that do not obey within PATIENCE, and finds runs
whose worker is gone: those of a machine that was switched off, or of a dashboard that was killed.

A run belongs to the database and not to whoever looks at it: any program with a manager on the same database can stop
any run.  The workers end with the program that holds the manager (see `worker`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from rlcsp_core.errors import StoreError
from rlcsp_core.execution.liveness import Watch
from rlcsp_core.execution.processes import Command, Worker, outcome, start_worker, worker_command
from rlcsp_core.execution.running import usual_name
from rlcsp_core.execution.versions import usable_cores
from rlcsp_core.store import ACTIVE, Claim, ClaimLostError, RunState, Store, open_store

TICK = 0.1  # s between looks at the workers
QUEUE_POLL = 1.0  # s between looks at the queue, which other programs may have added to
STALE_POLL = 3.0  # s between looks for runs whose worker is gone
PATIENCE = 0.7  # s between asking a worker to stop and ending it


class RunManager:
    """Starts, watches and stops runs; one for a program, used from any of its threads."""

    def __init__(
        self, url: str | None = None, *, limit: int | None = None, command: Command = worker_command
    ) -> None:
        self.store: Store = open_store(url)
        self.limit = limit or max(1, usable_cores() - 1)
        self.problem: str | None = None  # why the database cannot be reached right now
        self._command = command
        self._workers: dict[str, Worker] = {}
        self._watch = Watch(self.store)
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="run supervisor", daemon=True)
        self._thread.start()

    # for pages

    def start(self, config: Mapping[str, Any], *, policy: str | None = None) -> str:
        """Queue a run of a configuration that has been checked; its id.  `policy` names one that runs share."""
        run_id = self.store.create_run(config, name=usual_name(config), policy=policy)
        self._wake.set()
        return run_id

    def stop(self, run_id: str) -> None:
        """At once: a worker of ours that does not end by itself within PATIENCE is ended."""
        self.store.request(run_id, "stop")
        with self._lock:
            worker = self._workers.get(run_id)
            if worker is not None:
                worker.terminate()
                worker.kill_at = time.monotonic() + PATIENCE
        self._wake.set()

    def pause(self, run_id: str) -> None:
        self.store.request(run_id, "pause")

    def resume(self, run_id: str) -> None:
        """Go on after a pause, a stop, a failure or an interruption."""
        self.store.request(run_id, "resume")
        self._wake.set()

    def step(self, run_id: str) -> None:
        """Pause, and make one single step."""
        self.store.request(run_id, "step")

    def delete(self, run_id: str) -> None:
        self.store.delete_run(run_id)

    def place_in_queue(self, run_id: str) -> int | None:
        """1 for the next to start; None if it does not wait."""
        waiting = [run.id for run in self.store.runs(states=[RunState.QUEUED], oldest_first=True)]
        return waiting.index(run_id) + 1 if run_id in waiting else None

    def message(self, run_id: str) -> str:
        """What the worker last wrote to standard error: that it waits for the database, for instance."""
        with self._lock:
            worker = self._workers.get(run_id)
            return worker.message if worker is not None else ""

    def close(self) -> None:
        """End the supervisor and, with it, the workers."""
        self._over.set()
        self._wake.set()
        self._thread.join()
        with self._lock:
            for worker in self._workers.values():
                if worker.process.stdin:
                    worker.process.stdin.close()
            deadline = time.monotonic() + PATIENCE
            for worker in list(self._workers.values()):
                self._await_end(worker, deadline)
        self.store.close()

    def _await_end(self, worker: Worker, deadline: float) -> None:
        while worker.process.poll() is None and time.monotonic() < deadline:
            time.sleep(TICK / 10)
        if worker.process.poll() is None:
            worker.kill()
            worker.process.wait()
        self._bury(worker)

    # the supervisor

    def _supervise(self) -> None:
        duties: list[tuple[Callable[[], None], float]] = [
            (self._reap, TICK),
            (self._start_queued, QUEUE_POLL),
            (self._find_stale, STALE_POLL),
        ]
        due = [0.0 for _ in duties]
        while not self._over.is_set():
            if self._wake.is_set():
                self._wake.clear()
                due[:2] = [0.0, 0.0]
            for i, (duty, interval) in enumerate(duties):
                if time.monotonic() >= due[i]:
                    due[i] = time.monotonic() + interval
                    self._attempt(duty)
            self._wake.wait(TICK)

    def _attempt(self, duty: Callable[[], None]) -> None:
        """A database that is away is a state, not the end of the supervisor."""
        try:
            duty()
        except StoreError as error:
            self.problem = str(error)
        else:
            self.problem = None

    def _reap(self) -> None:
        with self._lock:
            for worker in list(self._workers.values()):
                if worker.process.poll() is not None:
                    self._bury(worker)
                    self._wake.set()
                elif worker.kill_at is not None and time.monotonic() > worker.kill_at:
                    worker.kill()

    def _bury(self, worker: Worker) -> None:
        """Close the run of a worker that has ended, unless the worker did so itself."""
        run_id = worker.claim.run_id
        try:
            state = self.store.run(run_id).state
            if state in ACTIVE:
                end = outcome(worker.process.returncode, state, worker.message)
                self.store.end(worker.claim, *end)
        except ClaimLostError:
            pass  # taken over by another, who answers for it now
        worker.release()
        del self._workers[run_id]

    def _start_queued(self) -> None:
        """A paused worker holds no core: if it counted, one forgotten pause would stop the queue for good."""
        with self._lock:
            paused = {run.id for run in self.store.runs(states=[RunState.PAUSED])}
            free = self.limit - len(self._workers.keys() - paused)
            if free <= 0:
                return
            for run in self.store.runs(free, states=[RunState.QUEUED], oldest_first=True):
                claim = self.store.claim(run.id, [RunState.QUEUED])
                if claim is not None:
                    self._put_to_work(claim)

    def _put_to_work(self, claim: Claim) -> None:
        try:
            self._workers[claim.run_id] = start_worker(claim, self.store.url, self._command)
        except OSError as error:
            self.store.end(claim, RunState.FAILED, f"its process could not be started: {error.strerror}")

    def _find_stale(self) -> None:
        with self._lock:
            for run in self.store.active_runs():
                if run.id not in self._workers:
                    self._watch.bury(run)
