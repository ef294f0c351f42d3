"""What each addition buys: steps and CPU seconds to the target, configuration by configuration.

    restricted mean    ∫₀^τ S(t) dt, what a run spends searching up to τ, the same for all configurations of a task: the
               longest that every one of them is known for.  Runs that stopped earlier are treated as censored
    mean       over runs; those that did not reach the target count with what they spent, which makes it a lower bound
    median     of the Kaplan–Meier curve; inf where less than half of the runs reached the target
    ratio      mean over that of the reference on the same composition and target, above 1: dearer
    sum        of the means over the compositions that the paper searched, beside that of its own column

Intervals are 95 % percentile bootstraps over runs; configurations are resampled independently.  CPU seconds are those
of runs that recorded them and say how many these are.  Shapes: R runs, B resamples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rlcsp_core.analysis.curves import RunCurve
from rlcsp_core.analysis.metrics import steps_to_target
from rlcsp_core.analysis.published import published
from rlcsp_core.analysis.survival import CONFIDENCE, SEED, Cost, cost, horizon, interval
from rlcsp_core.records import Array, BoolArray

Limits = tuple[float | None, float | None]  # of steps and of CPU seconds; None: not restricted
PAPER_POLICY = "rlcsp"  # the column of Fig. 5a that stands beside


class Ratio(NamedTuple):
    """A mean over the reference's."""

    value: float
    low: float
    high: float
    bound: str  # "" where both are known; "≥", "≤", or "?" where both are lower bounds or nobody arrived


class StudyRow(NamedTuple):
    """One configuration on one composition and target."""

    configuration: str
    composition: str
    target: float  # eV/atom
    n_runs: int
    n_reached: int
    n_failed: int  # steps whose relaxation failed, over all runs
    n_steps: int  # over all runs
    steps: Cost
    cpu: Cost | None  # None where no run recorded it
    published: int | None  # the paper's mean steps on this composition
    published_is_bound: bool


class SumRow(NamedTuple):
    """Mean steps summed over all compositions of the paper."""

    configuration: str
    steps: float
    low: float
    high: float
    is_lower_bound: bool
    published: int


def study(curves: Sequence[RunCurve], *, restricted: bool = False) -> tuple[StudyRow, ...]:
    """A row for each configuration of a composition and target, these together; runs without a target have no place.

    restricted: means up to where all configurations of a composition and target are known, in place of plain ones."""
    groups: dict[tuple[str, str, float], list[RunCurve]] = {}
    several = len({curve.experiment for curve in curves}) > 1
    for curve in curves:
        if curve.target is not None:
            key = (configuration(curve, with_experiment=several), curve.composition, curve.target)
            groups.setdefault(key, []).append(curve)
    tasks = list(dict.fromkeys(key[1:] for key in groups))
    names = dict.fromkeys(key[0] for key in groups)  # in one order for all tasks
    groups = {key: groups[key] for task in tasks for name in names if (key := (name, *task)) in groups}
    spent = {key: Spent.of(runs) for key, runs in groups.items()}
    limits: dict[tuple[str, float], Limits] = dict.fromkeys(tasks, (None, None))
    if restricted:
        limits = {task: _limits([s for key, s in spent.items() if key[1:] == task]) for task in tasks}
    return tuple(_row(*key, runs, spent[key], *limits[key[1:]]) for key, runs in groups.items())


class Spent(NamedTuple):
    """What each run of a configuration spent until it was at the target or ended."""

    steps: Array  # [R]
    cpu: Array  # [R] s, nan where it was not recorded
    reached: BoolArray  # [R]

    @classmethod
    def of(cls, runs: Sequence[RunCurve]) -> Spent:
        results = [result for run in runs if (result := steps_to_target(run)) is not None]
        steps = np.array([result.steps for result in results], dtype=np.float64)
        cpu = np.array([cpu_to_target(run) for run in runs])
        return cls(steps, cpu, np.array([result.reached for result in results]))

    @property
    def timed(self) -> tuple[Array, BoolArray]:
        """CPU seconds of the runs that recorded them."""
        known = np.isfinite(self.cpu)
        return self.cpu[known], self.reached[known]


def _limits(configurations: Sequence[Spent]) -> Limits:
    """In steps and in CPU seconds."""
    timed = [spent.timed for spent in configurations if len(spent.timed[0])]
    return horizon([(spent.steps, spent.reached) for spent in configurations]), horizon(
        timed
    ) if timed else None


def configuration(curve: RunCurve, *, with_experiment: bool) -> str:
    """The label without the composition, which has a column of its own."""
    label = curve.label.removeprefix(f"{curve.composition} · ")
    return f"{curve.experiment or 'single runs'}: {label}" if with_experiment else label


def _row(
    name: str,
    composition: str,
    target: float,
    runs: Sequence[RunCurve],
    spent: Spent,
    steps_limit: float | None,
    cpu_limit: float | None,
) -> StudyRow:
    theirs = {row.composition: row for row in published().n_mean if row.algorithm == PAPER_POLICY}
    paper = theirs.get(composition)
    seconds, arrived = spent.timed
    return StudyRow(
        configuration=name,
        composition=composition,
        target=target,
        n_runs=len(runs),
        n_reached=int(spent.reached.sum()),
        n_failed=sum(run.n_failed for run in runs),
        n_steps=sum(run.n_steps for run in runs),
        steps=cost(spent.steps, spent.reached, steps_limit),
        cpu=cost(seconds, arrived, cpu_limit) if len(seconds) else None,
        published=paper.steps if paper else None,
        published_is_bound=paper.is_lower_bound if paper else False,
    )


def cpu_to_target(curve: RunCurve) -> float:
    """CPU seconds until the target was reached, or spent without it; nan where they were not recorded.

    A target met in the initial population has the time of the step after it, and none where no step followed."""
    result = steps_to_target(curve)
    if curve.cpu is None or result is None or not len(curve.cpu):
        return float("nan")
    return float(curve.cpu[max(result.steps, 1) - 1])


def ratio(mine: Cost, reference: Cost) -> Ratio | None:
    """Of the means; None where the reference took nothing."""
    if reference.mean == 0:
        return None
    bounds = {(False, False): "", (True, False): "≥", (False, True): "≤", (True, True): "?"}
    shuffled = np.random.default_rng(SEED).permutation(
        reference.resampled
    )  # the resamples of both share a seed
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.nanquantile(
            mine.resampled / shuffled, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2), method="inverted_cdf"
        )
    bound = bounds[mine.is_lower_bound, reference.is_lower_bound]
    if all(each.limit is not None and each.mean >= each.limit for each in (mine, reference)):
        bound = "?"  # nobody arrived by then: both means are the limit, however far from the target they were
    return Ratio(mine.mean / reference.mean, float(low), float(high), bound)


def reference_rows(rows: Sequence[StudyRow], name: str) -> Mapping[tuple[str, float], StudyRow]:
    """Those of the reference configuration, by composition and target."""
    return {(row.composition, row.target): row for row in rows if row.configuration == name}


def sums(rows: Sequence[StudyRow]) -> tuple[SumRow, ...]:
    """Mean steps over all of the paper's compositions, for the configurations that have each exactly once."""
    theirs = {row.composition: row.steps for row in published().n_mean if row.algorithm == PAPER_POLICY}
    found = []
    for name in dict.fromkeys(row.configuration for row in rows):
        mine = [row for row in rows if row.configuration == name and row.composition in theirs]
        if sorted(row.composition for row in mine) != sorted(theirs):
            continue
        rng = np.random.default_rng(SEED)
        total = np.sum([rng.permutation(row.steps.resampled) for row in mine], axis=0)
        mean = sum(row.steps.mean for row in mine)
        bound = any(row.steps.is_lower_bound for row in mine)
        found.append(SumRow(name, mean, *interval(total), bound, sum(theirs.values())))
    return tuple(found)
