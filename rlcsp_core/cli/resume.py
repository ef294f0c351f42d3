"""`resume RUN`: go on with a stopped, interrupted or failed run; its records are those of a run never interrupted."""

from __future__ import annotations

import argparse

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.progress import compile_once
from rlcsp_core.cli.run import carry_out
from rlcsp_core.errors import StoreError
from rlcsp_core.store import RunState, open_store


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("resume", help="go on with a run that was stopped or interrupted")
    parser.add_argument("run_id", metavar="RUN", help="as printed by run and shown in the dashboard")
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    store = open_store(arguments.database, create=False)
    mine = store.claim(arguments.run_id)
    if mine is None:
        state = store.run(arguments.run_id).state
        why = "has finished" if state is RunState.FINISHED else "is being worked on; stop it there first"
        raise StoreError(f"run {arguments.run_id} {why}")
    compile_once()
    return carry_out(store, mine, arguments.json)
