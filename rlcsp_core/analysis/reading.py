"""Runs out of the store in the form the analysis works on.

label    what repeats of one experiment have in common: its label in an experiment, else algorithm and baseline
curve    the arrays of a run that measures are made from
cache    the curves that were read, kept: another choice of runs reads only what is new
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rlcsp_core.agents import algorithm_name
from rlcsp_core.analysis.curves import RunCurve
from rlcsp_core.records import Array
from rlcsp_core.store import Reader, RunInfo
from rlcsp_core.tables import PopulationTable

Stage = tuple[str, int, str | None]  # a run as far as it came: id, steps, why it ended

COLUMNS = ("energy", "attempts", "elapsed")
KEPT_STEPS = 3_000_000  # of all curves that are kept; some 200 MB with what is derived from them


def label_of(run: RunInfo) -> str:
    """Runs with one label are repeats of each other."""
    if run.experiment is not None:
        return run.name
    return algorithm_name(run.algorithm, run.config.get("baseline"))


def stage(run: RunInfo) -> Stage:
    """Equal for equal curves."""
    return run.id, run.n_steps, run.reason


class CurveCache:
    """Curves by the stage of their runs, those used last kept; several threads may ask."""

    def __init__(self, store: Reader) -> None:
        self._store = store
        self._curves: OrderedDict[Stage, RunCurve] = OrderedDict()
        self._lock = threading.Lock()

    def curves(self, runs: Sequence[RunInfo]) -> list[RunCurve]:
        """One curve a run, in the order given."""
        with self._lock:
            missing = [run for run in runs if stage(run) not in self._curves]
            read = zip(missing, curves_of(self._store, missing), strict=True)
            self._curves |= {stage(run): curve for run, curve in read}
            for run in runs:
                self._curves.move_to_end(stage(run))
            found = [self._curves[stage(run)] for run in runs]
            self._clear()
        return found

    def _clear(self) -> None:
        steps = sum(curve.n_steps for curve in self._curves.values())
        while steps > KEPT_STEPS:
            steps -= self._curves.popitem(last=False)[1].n_steps


def curves_of(store: Reader, runs: Sequence[RunInfo]) -> list[RunCurve]:
    """One curve a run, in the order given; without CPU times, which few ask for."""
    ids = [run.id for run in runs]
    series = store.series(ids, COLUMNS)
    return [_curve(run, series[run.id], store.population(run.id)) for run in runs]


def with_cpu(store: Reader, curves: Sequence[RunCurve]) -> list[RunCurve]:
    """The curves with the CPU time of each step."""
    cpu = store.series([curve.run_id for curve in curves], ["cpu_seconds"])
    return [replace(curve, cpu=cpu[curve.run_id]["cpu_seconds"][: curve.n_steps]) for curve in curves]


def _curve(run: RunInfo, series: Mapping[str, Array], members: PopulationTable) -> RunCurve:
    energies, attempts, elapsed = (series[name][: run.n_steps] for name in COLUMNS)  # it may have gone on
    started = float(elapsed[0]) if len(elapsed) else float("inf")
    return RunCurve(
        run_id=run.id,
        label=label_of(run),
        energies=energies,
        attempts=attempts.astype(int),
        elapsed=elapsed,
        initial_energies=members.energy,
        initial_elapsed=min(float(members.seconds.sum()), started),
        composition=run.composition,
        target=run.config.get("target"),
        seed=run.seed,
        settings=run.config,
        experiment=run.experiment,
    )
