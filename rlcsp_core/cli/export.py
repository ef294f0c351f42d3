"""`export EXPERIMENT`: the runs of an experiment as Parquet files."""

from __future__ import annotations

import argparse
from pathlib import Path

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.output import to_json
from rlcsp_core.cli.progress import Bar
from rlcsp_core.paths import user_data
from rlcsp_core.store import open_store


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export",
        help="write the runs of an experiment as Parquet files",
        description="Write all ended runs of an experiment into a folder: runs.parquet, steps.parquet and "
        "updates.parquet, each with the experiment, the versions and the machines in its metadata. Folders in "
        "data/results are shown by the dashboard.",
    )
    parser.add_argument("experiment", metavar="EXPERIMENT", help="its name in the database")
    parser.add_argument(
        "--output", metavar="FOLDER", help="where to (default: results/EXPERIMENT in the data folder)"
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument(
        "--add",
        action="store_true",
        help="to the runs that are in the folder already, as those of an experiment divided over machines; a run with "
        "the name and the configuration of one that is there is left out",
    )
    existing.add_argument(
        "--recode",
        action="store_true",
        help="no database: write the files in the folder again, as small as this version of the program can",
    )
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.store.export import export_experiment, recode
    from rlcsp_core.store.parquet import FILES

    folder = Path(arguments.output) if arguments.output else user_data() / "results" / arguments.experiment
    bar = Bar()

    def show(share: float) -> None:
        bar.show(share, "writing")

    if arguments.recode:
        count = recode(folder, show)
    else:
        store = open_store(arguments.database, create=False)
        count = export_experiment(store, arguments.experiment, folder, show, add=arguments.add)
    bar.finish()
    size = sum((folder / name).stat().st_size for name in FILES)
    result = {"experiment": arguments.experiment, "runs": count, "folder": str(folder), "bytes": size}
    print(to_json(result) if arguments.json else f"{count} runs, {size / 1e6:.1f} MB, in {folder}")
    return 0
