"""`train`: learn policies over many searches.

Carry out the searches of a training that are not in the database yet, learn from them, and write each policy as
NAME.json. Interrupted at any point and started again, it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.sweep import Progress, add_workers, at_work
from rlcsp_core.errors import ConfigError
from rlcsp_core.store import RunState, Store

if TYPE_CHECKING:
    from rlcsp_core.execution.sweep import Share
    from rlcsp_core.execution.training_file import Training


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("training", metavar="FILE", help="a TOML file, or the name of one in data/training")
    parser.add_argument(
        "--output", metavar="FOLDER", default=".", help="where the policies are written (default: here)"
    )
    add_workers(parser)
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.execution.training import train
    from rlcsp_core.execution.training_file import load_training

    training = load_training(arguments.training)
    folder = Path(arguments.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"no policy can be written to {folder}: {error.strerror}") from None
    with at_work(arguments, lambda store: Progress(lambda: share_of(store, training))) as workers:
        policies = train(workers.store, training, workers.carry_out)
    for policy in policies or ():
        path = folder / f"{policy['name']}.json"
        path.write_text(json.dumps(policy, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"wrote {path}", file=sys.stderr)
    return workers.ending("training")


def share_of(store: Store, training: Training) -> Share:
    """How far it is, by finished searches."""
    from rlcsp_core.execution.sweep import Share

    done = len(store.runs(experiment=training.name, states=(RunState.FINISHED,)))
    return Share(done, training.n_runs, done, training.n_runs)
