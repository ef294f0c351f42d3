"""`load FILE`: make runs again of what `save` or `export --whole` has written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.output import to_json
from rlcsp_core.store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="written by save, or by export --whole")
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.store.importing import import_runs, whole_archive

    archive = whole_archive(Path(arguments.file))
    store = open_store(arguments.database)
    made = [store.run(run_id) for run_id in import_runs(store, archive)]
    for run in made:
        result = {"run_id": run.id, "name": run.name, "steps": run.n_steps}
        print(to_json(result) if arguments.json else f"run {run.id}: {run.name}, {run.n_steps} steps")
    if not made:
        print("nothing was loaded: the experiment has runs of these configurations already", file=sys.stderr)
    return 0
