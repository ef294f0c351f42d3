"""Runs side by side: in which settings they differ, how they did, and what can be concluded from it.

Averages come with the number of runs and a t interval; pairs of experiments are compared by the log-rank
test on steps to the target, and by the Mann–Whitney test on the lowest energy, which tells them apart even
where no run reached the target.  Both are corrected for the number of pairs (Holm).  Energies in eV/atom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rlcsp_core.analysis.curves import Groups, RunCurve
from rlcsp_core.analysis.metrics import (
    StepsToTarget,
    best_so_far,
    energy_drop,
    generations,
    lowest_energy,
    moves_sequence,
    steps_to_target,
)
from rlcsp_core.analysis.survival import (
    CONFIDENCE,
    SIGNIFICANCE,
    Cost,
    PairTest,
    columns,
    common_limit,
    cost,
    log_rank,
    p_in_words,
    pair_tests,
)
from rlcsp_core.records import SAME_ENERGY, Array, IntArray

FEW_RUNS = 5  # below this many runs of either side, nothing is concluded
SECONDS_PER_MINUTE = 60.0


class Estimate(NamedTuple):
    """A mean over runs; None where no run has the value, the interval None below two runs."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


class ExperimentRow(NamedTuple):
    """One line of the table that the report's Figure 4 is."""

    label: str
    n_runs: int
    n_steps: int  # over all runs
    n_failed: int  # steps whose relaxation failed, over all runs
    n_reached: int | None  # runs that reached the target; None where there was none
    minutes: Estimate  # time ran
    lowest_energy: Estimate  # eV/atom
    best_energy: float | None  # eV/atom, the lowest of all runs
    energy_drop: Estimate  # eV/atom
    moves: Estimate
    generations: Estimate


def differing_settings(groups: Groups) -> dict[str, dict[str, list[Any]]]:
    """The settings in which runs differ, seeds apart: key → label → the values that its runs have, each once.

    Keys of nested settings are joined by dots; a value that a run does not have is None."""
    flat = {label: [dict(_flattened(c.settings)) for c in curves] for label, curves in groups.items()}
    keys = dict.fromkeys(key for runs in flat.values() for run in runs for key in run if key != "seed")
    table = {
        key: {label: _distinct(run.get(key) for run in runs) for label, runs in flat.items()} for key in keys
    }
    return {
        key: row for key, row in table.items() if len(_distinct(v for vs in row.values() for v in vs)) > 1
    }


def _distinct(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _flattened(tree: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def table(groups: Groups, convention: str = "attempts") -> tuple[ExperimentRow, ...]:
    """One row an experiment, in the order given."""
    return tuple(_row(label, curves, convention) for label, curves in groups.items())


def _row(label: str, curves: Sequence[RunCurve], convention: str) -> ExperimentRow:
    """Averages over the runs of one experiment."""
    lowest = [lowest_energy(curve) for curve in curves]
    results = [result for curve in curves if (result := steps_to_target(curve)) is not None]
    return ExperimentRow(
        label=label,
        n_runs=len(curves),
        n_steps=sum(curve.n_steps for curve in curves),
        n_failed=sum(curve.n_failed for curve in curves),
        n_reached=sum(result.reached for result in results) if results else None,
        minutes=estimate(float(best_so_far(curve).elapsed[-1]) / SECONDS_PER_MINUTE for curve in curves),
        lowest_energy=estimate(lowest),
        best_energy=min((energy for energy in lowest if energy is not None), default=None),
        energy_drop=estimate(energy_drop(curve) for curve in curves),
        moves=estimate(_mean(moves_sequence(curve, convention)) for curve in curves),
        generations=estimate(_mean(generations(curve)) for curve in curves),
    )


def _mean(sequence: IntArray) -> float | None:
    return float(sequence.mean()) if len(sequence) else None


def estimate(values: Iterable[float | None]) -> Estimate:
    """Mean with its t interval."""
    from scipy import stats

    x = np.array([value for value in values if value is not None], dtype=np.float64)
    if len(x) == 0:
        return Estimate(None, None, None, 0)
    mean = float(x.mean())
    if len(x) == 1:
        return Estimate(mean, None, None, 1)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 1) * stats.sem(x))
    return Estimate(mean, mean - half, mean + half, len(x))


def to_target(groups: Groups) -> dict[str, list[StepsToTarget]]:
    """Steps to the target of every run; experiments without a target are left out."""
    results = {
        label: [result for curve in curves if (result := steps_to_target(curve)) is not None]
        for label, curves in groups.items()
    }
    return {label: found for label, found in results.items() if found}


def lowest_energy_tests(groups: Groups) -> tuple[PairTest, ...]:
    """Mann–Whitney test on the lowest energy of each run, for every pair of experiments.

    Energies that differ by less than SAME_ENERGY are one level: the test ranks, and would rank the noise of relaxations
    that ended in the same minimum."""
    lowest = {label: _lowest(curves) for label, curves in groups.items()}
    everything = np.unique(np.concatenate([np.empty(0), *lowest.values()]))
    starts = everything[np.diff(everything, prepend=-np.inf) >= SAME_ENERGY]  # of the levels
    levels = {label: np.searchsorted(starts, energies, side="right") for label, energies in lowest.items()}
    return pair_tests(levels, _mann_whitney_p)


def _lowest(curves: Sequence[RunCurve]) -> Array:
    return np.array([energy for curve in curves if (energy := lowest_energy(curve)) is not None])


def _mann_whitney_p(a: IntArray, b: IntArray) -> float | None:
    from scipy import stats

    if not len(a) or not len(b):
        return None
    if len(np.unique(np.concatenate([a, b]))) == 1:
        return 1.0  # there is nothing to rank
    return float(stats.mannwhitneyu(a, b).pvalue)


def differ(test: PairTest) -> bool:
    """Whether the two are called different."""
    return test.p_holm is not None and test.p_holm < SIGNIFICANCE


class Conclusions(NamedTuple):
    """What the tests of all pairs allow to say."""

    headline: str
    statements: list[str]  # one a pair and test


def conclusions(groups: Groups) -> Conclusions:
    """Of at least two experiments: who reaches the target sooner, then whose lowest energies differ.

    Experiments of less than FEW_RUNS runs are in no test of energies, and no headline is made of them."""
    enough = {label: curves for label, curves in groups.items() if len(curves) >= FEW_RUNS}
    results = to_target(groups)
    if len(results) < len(groups):
        sentences = ["Not all of these runs had a target: steps to it cannot be compared."]
    elif not any(result.reached for runs in results.values() for result in runs):
        count = sum(map(len, results.values()))
        sentences = [
            f"None of the {count} runs reached the target: nothing is known of which gets there sooner."
        ]
    else:
        means = mean_steps(results, common_limit(results))
        tests = sorted(
            log_rank(results),
            key=lambda test: (not {test.a, test.b} <= set(enough), 2.0 if test.p is None else test.p),
        )
        sentences = [conclusion(test, means) for test in tests]
    energies = [test for test in lowest_energy_tests(enough) if test.p_holm is not None]
    headline = f"{sentences[0]} {_apart(energies)}".strip()
    if len(enough) < 2:
        headline = f"Too few runs to conclude anything: use at least {FEW_RUNS} seeds for each."
    return Conclusions(headline, sentences + [_on_energy(test) for test in energies])


def mean_steps(results: Mapping[str, Sequence[StepsToTarget]], limit: float | None = None) -> dict[str, Cost]:
    """Steps to the target of each experiment, their mean restricted to a limit or of all runs as they ended."""
    return {label: cost(*columns(runs), limit) for label, runs in results.items()}


def _apart(tests: Sequence[PairTest]) -> str:
    """How many pairs their lowest energies tell apart."""
    n = sum(differ(test) for test in tests)
    if not tests:
        return ""
    if not n:
        return "No pair of algorithms differs in the lowest energy found."
    return f"{n} of {len(tests)} pairs differ in the lowest energy found."


def _on_energy(test: PairTest) -> str:
    verdict = "differ" if differ(test) else "cannot be told apart"
    return f"By their lowest energies, {test.a} and {test.b} {verdict} (Mann–Whitney, p = {test.p_holm:.2g})."


def conclusion(test: PairTest, means: Mapping[str, Cost]) -> str:
    """What one log-rank test allows to say, in a sentence; `means` are restricted means to one limit."""
    a, b = means[test.a], means[test.b]
    runs = _runs(a, b)
    if min(a.n_runs, b.n_runs) < FEW_RUNS:
        few = "is" if a.n_runs == b.n_runs == 1 else "are"
        return f"{runs} {few} too few to compare {test.a} with {test.b}; use at least {FEW_RUNS} seeds each."
    if test.p_holm is None:
        return (
            f"No run of {test.a} or {test.b} reached the target ({runs}): "
            "this says nothing about which of them is faster."
        )
    if test.p_holm >= SIGNIFICANCE:
        return f"{runs} are too few to tell {test.a} and {test.b} apart ({p_in_words(test.p_holm)})."
    if a.mean == b.mean:
        return (
            f"{test.a} and {test.b} differ ({runs}; {p_in_words(test.p_holm)}), but not in their mean steps."
        )
    (quick, quick_mean), (slow, slow_mean) = sorted([(test.a, a), (test.b, b)], key=lambda item: item[1].mean)
    return (
        f"{quick} reaches the target sooner than {slow}: {quick_mean.mean:.0f} against {slow_mean.mean:.0f} steps "
        f"on average within {quick_mean.limit:.0f} steps ({runs}; {p_in_words(test.p_holm)})."
    )


def _runs(a: Cost, b: Cost) -> str:
    if a.n_runs == b.n_runs:
        return f"{a.n_runs} seed" if a.n_runs == 1 else f"{a.n_runs} seeds"
    return f"{a.n_runs} and {b.n_runs} seeds"
