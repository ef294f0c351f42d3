"""One run from its claim to its end, in the process that calls.

Records are gathered and written at least every FLUSH seconds, together with a checkpoint taken after the last of them.
What is in the database is therefore always a run that can go on, whenever the process is killed.  With each write comes
back what has been asked of the run: stop, pause, single step, resume.

A database that does not answer (locked, full, gone) holds the search up and does not end it: the records stay in memory
and are written when it answers again.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from rlcsp_core.errors import RLCSPError
from rlcsp_core.execution.versions import versions
from rlcsp_core.records import SearchRecord, StopRecord
from rlcsp_core.store import (
    Claim,
    ClaimLostError,
    Orders,
    Request,
    RunInfo,
    RunState,
    Store,
    UnavailableError,
)

FLUSH = 0.3  # s between writes
PAUSE_POLL = 0.1  # s between looks at the requests while paused
HEARTBEAT = 2.0  # s; for searches whose single relaxations take long
RETRY = 0.5  # s until a database that did not answer is tried again


class Searching(Protocol):
    """What is needed of a search; `rlcsp_core.search.Search` is one."""

    def __iter__(self) -> Iterator[SearchRecord]: ...

    def checkpoint(self) -> dict[str, Any]: ...


Begin = Callable[[Store, RunInfo], Searching]
Notify = Callable[[SearchRecord], None]


def usual_name(config: Mapping[str, Any]) -> str:
    """Of a run that nobody has named."""
    return f"{config['composition']} · {config['algorithm']} · seed {config['seed']}"


def nobody(_record: SearchRecord) -> None:
    """Who wants to know of each record, when nobody does."""


def begin_search(store: Store, run: RunInfo) -> Searching:
    """The search of this run, new or taken up where its records end, its kernels compiled: searching begins after."""
    from rlcsp_core.execution.sharing import sharing
    from rlcsp_core.relax import is_warm, warm
    from rlcsp_core.search import Search, SearchConfig

    config = SearchConfig.from_dict(run.config)
    if not is_warm():  # else a search that relaxes elsewhere would wait for kernels it does not use
        warm(lambda name, share: print(f"compiling: {name} ({share:.0%})", file=sys.stderr, flush=True))
    agent = sharing(store, run) if run.policy else None
    checkpoint = store.checkpoint(run.id)
    if checkpoint is None:
        return Search(config, agent)
    return Search.resume(config, checkpoint, store.energies(run.id).tolist(), agent)


@dataclass
class Halt:
    """Asks a run in this process to end after its next record; from any thread or signal handler."""

    state: RunState = RunState.STOPPED
    reason: str = "stopped"
    event: threading.Event = field(default_factory=threading.Event)

    def ask(self, state: RunState = RunState.STOPPED, reason: str = "stopped") -> None:
        if not self.event.is_set():
            self.state, self.reason = state, reason
            self.event.set()

    @property
    def asked(self) -> bool:
        return self.event.is_set()


@contextmanager
def halting(halt: Halt) -> Iterator[Halt]:
    """Within, Ctrl-C, SIGTERM and the end of the terminal end the run in good order; a second one ends the program."""

    def handle(number: int, _frame: object) -> None:
        if halt.asked:
            signal.default_int_handler(number, None)
        halt.ask()

    numbers = [
        n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN
    ]
    before = {
        number: signal.signal(number, handle) for number in numbers
    }  # nohup ignores one: it stays ignored
    try:
        yield halt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def execute(
    store: Store,
    mine: Claim,
    halt: Halt,
    *,
    begin: Begin = begin_search,
    notify: Notify = nobody,
) -> RunInfo:
    """Work on a claimed run until it ends or is told to; the run as it is then.

    The claim is given back whatever happens: a process that lives on would otherwise keep the run for good."""
    with heartbeat(store, mine, halt) as over:
        try:
            store.attach(mine, versions())
            search = begin(store, store.run(mine.run_id))
            Work(store, mine, halt, search, notify, over).until_end()
        except ClaimLostError:
            raise
        except (UnavailableError, KeyboardInterrupt, SystemExit) as error:
            give_back(store, mine, RunState.INTERRUPTED, str(error) or "interrupted")
            raise
        except Exception as error:
            # what was not yet written is dropped with the failed step, so that the run stays whole
            message = str(error) if isinstance(error, RLCSPError) else f"{type(error).__name__}: {error}"
            give_back(store, mine, RunState.FAILED, message)
            raise
    return store.run(mine.run_id)


def give_back(store: Store, mine: Claim, state: RunState, reason: str) -> None:
    """At once, or as soon as the database answers again, unless the process ends before."""
    try:
        store.end(mine, state, reason)
    except ClaimLostError:
        pass
    except UnavailableError:
        again = threading.Timer(RETRY, give_back, (store, mine, state, reason))
        again.daemon = True
        again.start()


@contextmanager
def heartbeat(store: Store, mine: Claim, halt: Halt) -> Iterator[threading.Event]:
    """Within, a thread shows that this process is alive, until the event is set."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT):
            try:
                store.beat(mine)
            except ClaimLostError as error:
                if not over.is_set():
                    halt.ask(RunState.INTERRUPTED, str(error))
                return
            except UnavailableError:
                pass  # the thread that writes records says so

    thread = threading.Thread(target=beat, name=f"heartbeat {mine.run_id}", daemon=True)
    thread.start()
    try:
        yield over
    finally:
        over.set()
        thread.join()


class Work:
    """A search, the records it has yielded that are not yet written, and who wants to know."""

    def __init__(
        self,
        store: Store,
        mine: Claim,
        halt: Halt,
        search: Searching,
        notify: Notify,
        over: threading.Event,
    ) -> None:
        self.store, self.mine, self.halt, self.search, self.notify = store, mine, halt, search, notify
        self.over = over  # set with the last record
        self.batch: list[SearchRecord] = []
        self.flushed = -float("inf")  # the first record is written at once

    def until_end(self) -> None:
        records = iter(self.search)
        while self._advance(records):
            if not self.halt.asked and time.monotonic() - self.flushed < FLUSH:
                continue
            orders = self._flush()
            if orders.request is Request.PAUSE and not self.halt.asked:
                orders = self._pause()
                records = iter(self.search)  # begun anew, its clock leaves the pause out
            if self.over.is_set():
                return
            if orders.request is Request.STOP:
                self.halt.ask()
            if self.halt.asked:
                self.store.end(self.mine, self.halt.state, self.halt.reason)
                return

    def _advance(self, records: Iterator[SearchRecord]) -> bool:
        """One more record; False after the last, which is written at once."""
        record = next(records)
        self.batch.append(record)
        self.notify(record)
        if isinstance(record, StopRecord):
            self.over.set()  # before the claim goes, or a sign of life that comes too late would ask for a halt
            self._flush()
        return not self.over.is_set()

    def _flush(self) -> Orders:
        """Write what there is, waiting for the database if need be."""
        checkpoint = self.search.checkpoint()
        told = False
        while True:
            try:
                orders = self.store.append(self.mine, self.batch, checkpoint)
                break
            except UnavailableError as error:
                if self.halt.asked:
                    raise
                if not told:
                    print(f"waiting: {error}", file=sys.stderr, flush=True)
                told = True
                self.halt.event.wait(RETRY)
        if told:
            print("the database answers again", file=sys.stderr, flush=True)
        self.batch.clear()
        self.flushed = time.monotonic()
        return orders

    def _pause(self) -> Orders:
        """Wait until asked to go on or to stop, making single steps when they are asked for."""
        self.store.mark(self.mine, RunState.PAUSED)
        while True:
            orders = self._flush()
            if orders.request is not Request.PAUSE or self.halt.asked:
                break
            if not orders.grants:
                self.halt.event.wait(PAUSE_POLL)
                continue
            self.store.take_grant(self.mine)
            if not self._advance(iter(self.search)):
                return orders
        if orders.request is Request.RUN and not self.halt.asked:
            self.store.mark(self.mine, RunState.RUNNING)
        return orders
