"""`resume RUN`: go on with a stopped, interrupted or failed run.

Its records are those of a run never interrupted.
"""

from __future__ import annotations

import argparse

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.progress import compile_once
from rlcsp_core.cli.run import carry_out
from rlcsp_core.execution.liveness import claim_idle
from rlcsp_core.store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", metavar="RUN", help="as printed by run and shown in the dashboard")
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    store = open_store(arguments.database, create=False)
    store.run(arguments.run_id)  # a sentence if there is none, before anything is compiled
    compile_once()
    return carry_out(store, claim_idle(store, arguments.run_id), arguments.json)
