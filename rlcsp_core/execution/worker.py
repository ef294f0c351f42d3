"""The process of one run: what `python -m rlcsp_core work RUN` does.

Whoever starts it claims the run and hands the claim over in the environment.  Its standard input is a pipe that nobody
writes to: when it ends, the program that started the worker has ended, however that came about, and so does the worker.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from rlcsp_core.execution.liveness import claim_idle
from rlcsp_core.execution.running import Begin, Halt, begin_search, execute, halting
from rlcsp_core.store import Claim, ClaimLostError, RunState, open_store

TOKEN_VARIABLE = "RLCSP_RUN_CLAIM"
TIED_VARIABLE = "RLCSP_ENDS_WITH_INPUT"  # set for another kind of work, which needs no claim
PIPE = 0  # standard input
PATIENCE = 5.0  # s from the end of the parent until the process ends in the hard way
NICENESS = 10  # the dashboard and the user's other programs go first
AUTOGROUP = Path("/proc/self/autogroup")
PARENT_ENDED = "the program that started it ended"


def work(run_id: str, begin: Begin = begin_search) -> int:
    """The exit code.  The run's record says how it ended; standard error says it once more."""
    let_others_go_first()
    halt = Halt()
    with halting(halt):
        token = os.environ.get(TOKEN_VARIABLE)
        if token:
            threading.Thread(target=watch_parent, args=(halt,), daemon=True).start()
        store = open_store(create=False)
        mine = Claim(run_id, token) if token else claim_idle(store, run_id)
        try:
            execute(store, mine, halt, begin=begin)
        except ClaimLostError as error:
            print(error, file=sys.stderr)
    return 0


def tie_to_parent(halt: Halt) -> None:
    """Give way to others, and end with the program that started this one, where it says so."""
    if os.environ.get(TIED_VARIABLE):
        let_others_go_first()
        threading.Thread(target=watch_parent, args=(halt,), daemon=True).start()


def let_others_go_first() -> None:
    """Give way to other programs of this machine.

    Linux shares processors among sessions first and heeds the niceness of a process only within its own (sched(7),
    "The autogroup feature"), so that a worker, which leads a session, has to lower that of its session too.
    """
    os.nice(NICENESS)
    if os.getpid() == os.getsid(0):
        with suppress(OSError):  # another system, or one without the feature
            AUTOGROUP.write_text(str(NICENESS))


def watch_parent(halt: Halt) -> None:
    """Returns when the parent has ended; if the run does not end soon after, the process does."""
    while os.read(PIPE, 1):  # not through sys.stdin, whose lock the interpreter needs when it ends
        pass
    halt.ask(RunState.INTERRUPTED, PARENT_ENDED)
    threading.Event().wait(PATIENCE)
    os._exit(1)
