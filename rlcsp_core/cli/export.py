"""`export EXPERIMENT`: the runs of an experiment as Parquet files.

All ended runs, into a folder, or into a ZIP where the name ends so: what pages show of them, or all they recorded.
What stands in data/results is shown by the dashboard.  Where the name ends in .csv, what each search cost is written,
one line a search.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.output import to_json
from rlcsp_core.cli.progress import Bar
from rlcsp_core.paths import user_data
from rlcsp_core.store import Store, open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("experiment", metavar="EXPERIMENT", help="its name in the database")
    parser.add_argument(
        "--output", metavar="PATH", help="where to (default: results/EXPERIMENT in the data folder)"
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="every bit, all structures and checkpoints, so that `load` can make runs of them again; by default "
        "numbers are rounded and thinned to what pages show",
    )
    parser.add_argument(
        "--add",
        action="store_true",
        help="to the runs that are there already, as those of an experiment divided over machines; a run with "
        "the name and the configuration of one that is there is left out",
    )
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.store.export import export_experiment

    path = Path(arguments.output) if arguments.output else user_data() / "results" / arguments.experiment
    store = open_store(arguments.database, create=False)
    if path.suffix == ".csv":
        return _outcomes(store, arguments.experiment, path, as_json=arguments.json)
    bar = Bar()

    def show(share: float) -> None:
        bar.show(share, "writing")

    count = export_experiment(
        store, arguments.experiment, path, show, whole=arguments.whole, add=arguments.add
    )
    bar.finish()
    size = sum(file.stat().st_size for file in (path.iterdir() if path.is_dir() else [path]))
    result = {"experiment": arguments.experiment, "runs": count, "path": str(path), "bytes": size}
    print(to_json(result) if arguments.json else f"{count} runs, {size / 1e6:.1f} MB, in {path}")
    return 0


def _outcomes(store: Store, experiment: str, path: Path, *, as_json: bool) -> int:
    from rlcsp_core.analysis.outcomes import outcomes

    table = outcomes(store, store.runs(experiment=experiment, oldest_first=True))
    table.to_csv(path, index=False, lineterminator="\n")
    result = {"experiment": experiment, "runs": len(table), "path": str(path), "bytes": path.stat().st_size}
    print(to_json(result) if as_json else f"{len(table)} searches, in {path}")
    return 0
