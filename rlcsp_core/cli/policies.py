"""`policies`: the learned policies and what they were learned on.

The shipped policies, and those of files: actions, preferences of each group of actions, provenance. `train` makes
them, `run --policy` starts from one.
"""

from __future__ import annotations

import argparse
import json

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.output import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE.json", help="list these too")
    parser.add_argument(
        "--of", metavar="RUN", help="print instead the policy that this run learned, for a file of your own"
    )
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.search.policies import choice_from, load_policy, policy_names

    if arguments.of is not None:
        return print_policy_of(arguments.of, arguments.database)
    for policy in [
        *map(load_policy, policy_names()),
        *(load_policy(choice_from(f)) for f in arguments.files),
    ]:
        if arguments.json:
            print(to_json(policy))
            continue
        about = policy.get("provenance", {})
        print(f"{policy['name']}  ({policy['actions']} actions, {policy['features']} features)")
        if about:
            print(
                f"    {about.get('method', '')}, {' '.join(about.get('compositions', ()))}, {about.get('date', '')}"
            )
        rows = sorted(policy["theta"].items(), key=lambda item: -item[1][0])
        print("    " + "  ".join(f"{group} {row[0]:+.2f}" for group, row in rows))
    return 0


def print_policy_of(run_id: str, database: str | None) -> int:
    """Of a run in the database, or one that came with the program."""
    from rlcsp_core.analysis.learned import last_policy
    from rlcsp_core.store import Reader, open_store
    from rlcsp_core.store.library import archives_in

    shipped = (archive for archive in archives_in()[0].values() if run_id in archive)
    reader: Reader = next(shipped, None) or open_store(database, create=False)
    print(json.dumps(last_policy(reader, reader.run(run_id))))
    return 0
