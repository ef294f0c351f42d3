"""`run`: search for the structure of a composition.

In this process, stored as it goes.  Ctrl-C stops the search in good order; `resume` takes it up again.
"""

from __future__ import annotations

import argparse

from rlcsp_core.analysis.verdict import verdict_of_run
from rlcsp_core.cli.main import BAD_INPUT, INTERRUPTED
from rlcsp_core.cli.options import add_database, add_json
from rlcsp_core.cli.output import complain, to_json
from rlcsp_core.cli.progress import RunProgress, compile_once
from rlcsp_core.cli.settings import add_settings, announce, config_of
from rlcsp_core.execution import Halt, execute, halting
from rlcsp_core.execution.running import usual_name
from rlcsp_core.execution.sharing import check_sharer, check_sharing
from rlcsp_core.store import Claim, RunInfo, RunState, Store, open_store
from rlcsp_core.store.schema import check_name

LABELS = {
    "run_id": "run",
    "steps": "steps",
    "best_energy_per_atom": "lowest energy (eV/atom)",
    "target_step": "target reached at step",
    "stop_reason": "ended by",
    "failed_relaxations": "failed relaxations",
    "seconds": "seconds",
    "verdict": "verdict",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    parser.add_argument("--name", help="shown in lists of runs")
    parser.add_argument(
        "--share", metavar="POLICY", help="read and update a policy that several runs share, by its name"
    )
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    name = usual_name(config.as_dict()) if arguments.name is None else arguments.name
    check_name(name, "a run")
    if arguments.share is not None:
        check_sharer(config, arguments.share)
    store = open_store(arguments.database)
    if arguments.share is not None:
        check_sharing(config, arguments.share, store)
    announce(arguments, config)
    compile_once()
    mine = store.create_claimed(config.as_dict(), name=name, policy=arguments.share)
    assert mine is not None, "only experiments have runs already"
    return carry_out(store, mine, arguments.json)


def carry_out(store: Store, mine: Claim, as_json: bool) -> int:
    """Work on a claimed run with a bar, print how it ended; the exit code."""
    config = store.run(mine.run_id).config
    progress = RunProgress(config["population"], config["steps"])
    with halting(Halt()) as halt:
        try:
            run_info = execute(store, mine, halt, notify=progress.notify)
        finally:
            progress.bar.finish()
    show(store, run_info, as_json)
    if run_info.state is RunState.FAILED:
        complain(f"the search could not go on: {run_info.reason}")
        return BAD_INPUT
    return 0 if run_info.state is RunState.FINISHED else INTERRUPTED


def show(store: Store, run_info: RunInfo, as_json: bool) -> None:
    found = verdict_of_run(store, run_info)
    values = {
        "run_id": run_info.id,
        "steps": run_info.n_steps,
        "best_energy_per_atom": run_info.best_energy,
        "target_step": run_info.target_step,
        "stop_reason": run_info.reason,
        "failed_relaxations": store.failed_relaxations(run_info.id),
        "seconds": run_info.elapsed,
        "verdict": None if found is None else found.words,
    }
    if as_json:
        print(to_json(values))
        return
    for key, value in values.items():
        print(f"{LABELS[key]:<24} {'–' if value is None else value}")
