"""`repeat RUN`: run a stored run again and say whether it is the same, bit for bit.

Nothing is stored; every record is compared with the stored one.  Exit code 0 if they are identical, 1 if they differ.
"""

from __future__ import annotations

import argparse

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.output import to_json
from rlcsp_core.cli.progress import RunProgress, compile_once
from rlcsp_core.store import open_store

DIFFERENT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", metavar="RUN")
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.execution.repeat import repeat

    store = open_store(arguments.database, create=False)
    stored = store.run(arguments.run_id)
    compile_once()
    progress = RunProgress(stored.config["population"], max(stored.n_steps, 1))
    try:
        result = repeat(store, stored.id, progress.notify)
    finally:
        progress.bar.finish()
    changed = [f"{name}: {then} then, {now} now" for name, (then, now) in result.versions.items()]
    if arguments.json:
        counts = {"population": result.members, "steps": result.steps}
        end = {"identical": result.identical, "difference": result.difference, "versions_changed": changed}
        print(to_json({"run_id": stored.id, **counts, **end}))
    else:
        verdict = "identical in every bit" if result.identical else f"different, first at {result.difference}"
        print(f"{result.members} members of the population and {result.steps} steps: {verdict}")
        print("\n".join(changed) if changed else "same versions, same kind of machine")
    return 0 if result.identical else DIFFERENT
