"""`load FILE`: take in a run that `save` has written."""

from __future__ import annotations

import argparse
from pathlib import Path

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.output import to_json
from rlcsp_core.store import open_store


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("load", help="take in a run that was saved")
    parser.add_argument("file", metavar="FILE", help="an archive written by save")
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.store.bundle import take_in

    store = open_store(arguments.database)
    taken = store.run(take_in(store, Path(arguments.file)))
    result = {"run_id": taken.id, "name": taken.name, "steps": taken.n_steps}
    print(to_json(result) if arguments.json else f"run {taken.id}: {taken.name}, {taken.n_steps} steps")
    return 0
