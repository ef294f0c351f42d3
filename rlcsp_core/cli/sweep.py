"""`sweep EXPERIMENT`: carry out an experiment, configurations × seeds.

Every run that is not in the database yet.  Interrupted at any point and started again, it goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rlcsp_core.cli.main import BAD_INPUT, INTERRUPTED
from rlcsp_core.cli.options import add_database, add_json, whole
from rlcsp_core.cli.output import Column, Lines, complain
from rlcsp_core.cli.progress import Bar, compile_once
from rlcsp_core.errors import ConfigError
from rlcsp_core.execution import Halt, halting
from rlcsp_core.records import SearchRecord
from rlcsp_core.store import RunInfo, RunState, Store, open_store

if TYPE_CHECKING:
    from rlcsp_core.execution.sweep import Plan, Share

MOST_WORKERS = 256
Show = Callable[[Mapping[str, Any]], None]
COLUMNS = (
    Column("run_id", 10),
    Column("label", 26),
    Column("seed", 5),
    Column("steps", 7),
    Column("best_energy_per_atom", 20, ".6f"),
    Column("target_step", 11),
    Column("stop_reason", 20),
    Column("seconds", 8, ".1f"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "experiment", metavar="EXPERIMENT", help="a TOML file, or the name of one in data/experiments"
    )
    parser.add_argument(
        "--seeds",
        type=seeds,
        metavar="FIRST-LAST",
        help="of its seeds only these, to divide it over machines that share no database (export --add puts the "
        "parts together)",
    )
    add_workers(parser)
    add_database(parser)
    add_json(parser)


def add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers", type=whole, default=1, metavar="N", help="processes on this machine (default: 1)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, whose workers do the runs")


def seeds(text: str) -> range:
    """ "11-20" as a range; "7" is one seed."""
    first, dash, last = text.partition("-")
    last = last if dash else first
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"must be one seed or FIRST-LAST, as 11-20, got {text!r}")
    return range(int(first), int(last) + 1)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.execution.experiment import load_experiment

    experiment = load_experiment(arguments.experiment)
    if arguments.seeds is not None:
        experiment = experiment.with_seeds(arguments.seeds)
    with at_work(arguments, lambda store: Progress.of(store, experiment)) as workers:
        workers.carry_out(experiment)
    return workers.ending("sweep")


class Workers:
    """Those who carry out runs: this process, or the workers of a cluster."""

    def __init__(self, store: Store, client: Any, halt: Halt, results: Results, progress: Progress) -> None:
        self.store, self.client, self.halt, self.results, self.progress = (
            store,
            client,
            halt,
            results,
            progress,
        )

    def carry_out(self, plan: Plan) -> bool:
        """All runs of it that are missing; False where it was interrupted."""
        from rlcsp_core.execution.sweep import sweep

        report = self.results.report
        if self.client is None:
            sweep(self.store, plan, self.halt, report=report, notify=self.progress.notify)
        else:
            cluster().sweep_on(self.client, self.store, plan, self.halt, report, self.progress.tick)
        return not self.halt.asked

    def ending(self, what: str) -> int:
        """The exit code; says what is to be said."""
        if self.halt.asked:
            print(f"interrupted; start the {what} again to go on", file=sys.stderr)
            return INTERRUPTED
        if self.results.failed:
            complain(f"{self.results.failed} of {self.results.count} runs failed; their reasons stand above")
            return BAD_INPUT
        return 0


@contextmanager
def at_work(
    arguments: argparse.Namespace, progress_of: Callable[[Store], Progress], show: Show | None = None
) -> Iterator[Workers]:
    """The workers that the arguments ask for; Ctrl-C stops them in good order.

    show: what becomes of the line of each run; it is printed where nothing else is said."""
    if not 1 <= arguments.workers <= MOST_WORKERS:
        raise ConfigError(f"--workers must lie between 1 and {MOST_WORKERS}, got {arguments.workers}")
    with ExitStack() as stack:
        client = None
        if arguments.scheduler is not None:
            client = stack.enter_context(cluster().remote_client(arguments.scheduler))
        store = open_store(arguments.database)
        compile_once()
        results = Results(store, show or Lines(arguments.json, COLUMNS).print)
        progress = progress_of(store)
        halt = stack.enter_context(halting(Halt()))
        stack.callback(progress.bar.finish)
        if client is not None:
            cluster().check_databases(client, store)
        elif arguments.workers > 1:
            client = stack.enter_context(cluster().local_client(arguments.workers, store))
        yield Workers(store, client, halt, results, progress)


def cluster() -> ModuleType:
    """Loaded only where it is needed: Dask takes a second."""
    return import_module("rlcsp_core.execution.cluster")


class Results:
    """Shows each run as it is done and counts those that failed."""

    def __init__(self, store: Store, show: Show) -> None:
        self.store, self.show = store, show
        self.count = self.failed = 0

    def report(self, run: RunInfo) -> None:
        self.count += 1
        self.failed += run.state is not RunState.FINISHED
        self.show(
            {
                "run_id": run.id,
                "experiment": run.experiment,
                "label": run.name,
                "composition": run.composition,
                "algorithm": run.algorithm,
                "seed": run.seed,
                "steps": run.n_steps,
                "best_energy_per_atom": run.best_energy,
                "target_step": run.target_step,
                "stop_reason": run.reason,
                "failed_relaxations": self.store.failed_relaxations(run.id),
                "seconds": run.elapsed,
            }
        )


class Progress:
    """How far the work is and how long it will take, read from the database."""

    def __init__(self, look: Callable[[], Share]) -> None:
        from rlcsp_core.execution.sweep import Clock

        self.look = look
        self.bar = Bar()
        self.clock = Clock(self.look().fraction)

    @classmethod
    def of(cls, store: Store, plan: Plan) -> Progress:
        """Of runs that are known beforehand."""
        from rlcsp_core.execution.sweep import share_of

        return cls(lambda: share_of(store, plan))

    def notify(self, _record: SearchRecord) -> None:
        if self.bar.due:
            self.tick()

    def tick(self) -> None:
        share = self.look()
        left = self.clock.seconds_left(share.fraction)
        self.bar.show(share.fraction, f"{share.runs_done}/{share.runs} runs  {remaining(left)}")


def remaining(seconds: float | None) -> str:
    if seconds is None:
        return "estimating the time left"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02} left"
