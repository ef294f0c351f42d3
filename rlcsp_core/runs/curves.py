"""Runs out of the store in the form the analysis works on.

label    what repeats of one experiment have in common: its label in an experiment, else algorithm and baseline
curve    the arrays of a run that measures are made from
"""

from __future__ import annotations

from collections.abc import Sequence

from rlcsp_core.agents import AGENTS, BASELINES
from rlcsp_core.analysis.curves import RunCurve
from rlcsp_core.records import Array
from rlcsp_core.runs.library import Library
from rlcsp_core.store import RunInfo, Store

Reader = Store | Library

COLUMNS = ("energy", "attempts", "elapsed", "cpu_seconds")


def label_of(run: RunInfo) -> str:
    """Runs with one label are repeats of each other."""
    if run.experiment is not None:
        return run.name
    return algorithm_label(run.algorithm, run.config.get("baseline"))


def algorithm_label(algorithm: str, baseline: str | None) -> str:
    """ "PPO + B2"; the baseline only where one was chosen that is more than none."""
    kind = AGENTS.get(algorithm)
    name = kind.label if kind else algorithm
    if baseline is None or baseline == "none" or baseline not in BASELINES:
        return name
    return f"{name} + {BASELINES[baseline].label}"


def curves_of(store: Reader, runs: Sequence[RunInfo]) -> list[RunCurve]:
    """One curve a run, in the order given."""
    series = store.series([run.id for run in runs], COLUMNS)
    return [_curve(store, run, **series[run.id]) for run in runs]


def _curve(
    store: Reader,
    run: RunInfo,
    energy: Array,
    attempts: Array,
    elapsed: Array,
    cpu_seconds: Array,
) -> RunCurve:
    population = store.population(run.id)
    return RunCurve(
        run_id=run.id,
        label=label_of(run),
        energies=energy,
        attempts=attempts.astype(int),
        elapsed=elapsed,
        initial_energies=population.energy,
        initial_elapsed=min(
            float(population.seconds.sum()), float(elapsed[0]) if len(elapsed) else float("inf")
        ),
        composition=run.composition,
        target=run.config.get("target"),
        seed=run.seed,
        stop_reason=run.reason,
        settings=run.config,
        experiment=run.experiment,
        cpu=cpu_seconds,
    )
