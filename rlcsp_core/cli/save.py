"""`save RUN FILE`: one run as one file, for other people and other programs.

Configuration, seed, versions, steps and structures in one ZIP archive: Parquet, extended XYZ and a database of ASE.
`load` makes a run of it again.  Where FILE ends in .html it is a report: one web page with the charts, the best
structure to turn, the settings, and how to run it again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.output import to_json
from rlcsp_core.store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument("file", metavar="FILE", help="the archive to write, *.zip, or the report, *.html")
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.store.export import save_run

    path = Path(arguments.file)
    store = open_store(arguments.database, create=False)
    if path.suffix == ".html":
        from rlcsp_core.report import report

        path.write_text(report(store, store.run(arguments.run_id)), encoding="utf-8")
    else:
        save_run(store, arguments.run_id, path)
    size = path.stat().st_size
    result = {"run_id": arguments.run_id, "file": str(path), "bytes": size}
    print(to_json(result) if arguments.json else f"{size / 1e6:.2f} MB in {path}")
    return 0
