"""Steps to the target over repeated runs, some of which never reached it (right-censored).

    S(t) = Π_{t_i ≤ t} (1 − d_i/n_i)          Kaplan–Meier: d_i runs reach the target at t_i, n_i are still searching
    restricted mean = ∫₀^τ S(t) dt            mean number of steps spent searching, up to a limit τ
    log-rank test                             do two groups reach the target at the same rate?

Kaplan & Meier, J. Am. Stat. Assoc. 1958, 53, 457; log-rank p-values corrected by Holm, Scand. J. Stat.
1979, 6, 65. Curves, band (log-log Greenwood) and tests are SciPy's, which takes a twentieth of the time of lifelines
and agrees with it (tests/analysis/test_survival.py); intervals of means are percentile bootstraps over runs.  Steps are
those of `StepsToTarget`.  Shapes: R runs, B resamples, K points of a curve.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from rlcsp_core.analysis.metrics import StepsToTarget
from rlcsp_core.records import Array, BoolArray

if TYPE_CHECKING:
    from scipy.stats import CensoredData

CONFIDENCE = 0.95  # of bands and intervals
RESAMPLES = 2000  # of a bootstrap
SEED = 1  # of the resamples: the same runs have the same intervals
SIGNIFICANCE = 0.05  # p below which two groups are called different
SMALLEST_P = 0.001  # below this the exact size of a p-value means nothing
Group = TypeVar("Group")


class SurvivalCurve(NamedTuple):
    """Fraction of runs that have reached the target, as a step function."""

    step: Array  # [K] from 0
    reached: Array  # [K] 1 − S
    low: Array  # [K] lower end of the confidence band
    high: Array  # [K]
    censored_step: Array  # [C] where runs ended without the target
    censored_reached: Array  # [C] height of the curve there
    n_runs: int
    n_reached: int


class Cost(NamedTuple):
    """What it took to reach the target, in steps or in seconds; runs that did not reach it count with what they spent.

    Intervals are percentile bootstraps over runs."""

    mean: float
    low: float
    high: float
    median: float  # of the Kaplan–Meier curve; inf where less than half of the runs reached the target
    median_low: float
    median_high: float
    n_runs: int
    n_reached: int
    limit: float | None  # τ that the mean is restricted to; None: not restricted
    all_arrived: bool  # by τ, where there is one; else the mean is below what the target takes
    resampled: Array  # [B] means

    @property
    def is_lower_bound(self) -> bool:
        return self.limit is None and not self.all_arrived


class PairTest(NamedTuple):
    """Whether two groups differ."""

    a: str
    b: str
    p: float | None  # None where no run of either group reached the target
    p_holm: float | None  # corrected for the number of pairs


def columns(results: Sequence[StepsToTarget]) -> tuple[Array, BoolArray]:
    """Steps [R] and whether the target was reached [R]."""
    steps = np.array([result.steps for result in results], dtype=np.float64)
    return steps, np.array([result.reached for result in results], dtype=bool)


def _censored(results: Sequence[StepsToTarget]) -> CensoredData:
    from scipy.stats import CensoredData

    steps, reached = columns(results)
    return CensoredData(uncensored=steps[reached], right=steps[~reached])


def kaplan_meier(results: Sequence[StepsToTarget]) -> SurvivalCurve:
    """Fraction of runs at the target against steps, with its confidence band and censor marks."""
    from scipy.stats import ecdf

    steps, reached = columns(results)
    survival = ecdf(_censored(results)).sf
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        band = survival.confidence_interval(CONFIDENCE, method="log-log")
    at = np.union1d(0.0, survival.quantiles)
    fraction, high, low = (1 - f.evaluate(at) for f in (survival, band.low, band.high))
    known = (fraction > 0) & (
        fraction < 1
    )  # where all or none have reached it, log S has no variance: no band
    censored = np.sort(steps[~reached])
    return SurvivalCurve(
        step=at,
        reached=fraction,
        low=np.where(known, low, fraction),
        high=np.where(known, high, fraction),
        censored_step=censored,
        censored_reached=fraction[np.searchsorted(at, censored, side="right") - 1],
        n_runs=len(steps),
        n_reached=int(reached.sum()),
    )


def cost(spent: Array, reached: BoolArray, limit: float | None = None) -> Cost:
    """Mean, restricted to `limit` if there is one, and median of what runs [R] spent, with their intervals.

    Without a limit, the mean of steps is N_mean of RL-CSP."""
    weights = resamples(len(spent), np.random.default_rng(SEED))
    means = _means(spent, reached, weights, limit)
    every_run = np.ones((1, len(spent)))
    tail = (1 - CONFIDENCE) / 2  # by rank: a median may be inf, and between a number and inf there is nothing
    halves = np.quantile(medians(spent, reached, weights), (tail, 1 - tail), method="inverted_cdf")
    low, high = interval(means)
    return Cost(
        mean=float(_means(spent, reached, every_run, limit)[0]),
        low=low,
        high=high,
        median=float(medians(spent, reached, every_run)[0]),
        median_low=float(halves[0]),
        median_high=float(halves[1]),
        n_runs=len(spent),
        n_reached=int(reached.sum()),
        limit=limit,
        all_arrived=bool((reached & (spent <= (np.inf if limit is None else limit))).all()),
        resampled=means,
    )


def _means(spent: Array, reached: BoolArray, weights: Array, limit: float | None) -> Array:
    """[B] for runs counted `weights` [B, R] times."""
    if limit is None:
        return weights @ spent / len(spent)
    return areas_under_survival(spent, reached, weights, limit)


def common_limit(groups: Mapping[str, Sequence[StepsToTarget]]) -> float:
    """The largest number of steps up to which the curve of every group is known."""
    return horizon([columns(results) for results in groups.values()])


def horizon(groups: Sequence[tuple[Array, BoolArray]]) -> float:
    """The same for times [R] and whether the target was reached [R] of each group.

    A group whose last run arrived is known to the end, since nothing is left to arrive; any other as far as its longest
    run was watched."""
    ends = [float(spent.max()) for spent, _ in groups]
    open_ends = [
        end for end, (spent, reached) in zip(ends, groups, strict=True) if not reached[spent == end].all()
    ]
    return min(open_ends) if open_ends else max(ends)


def areas_under_survival(steps: Array, reached: BoolArray, weights: Array, limit: float) -> Array:
    """∫₀^limit S(t) dt [B] for runs counted `weights` [B, R] times: 2000 fits of a library would take seconds."""
    times, survival = survivals(steps, reached, weights)
    edges = np.clip(np.concatenate([[0.0], times, [limit]]), None, limit)
    heights = np.concatenate([np.ones((len(weights), 1)), survival], axis=1)
    return heights @ np.diff(edges)


def medians(steps: Array, reached: BoolArray, weights: Array) -> Array:
    """First time [B] by which half of the runs have reached the target; inf where they did not."""
    times, survival = survivals(steps, reached, weights)
    half = survival <= 0.5 + 1e-12  # a product of fractions that is one half need not be exactly that
    return np.where(half.any(axis=1), times[half.argmax(axis=1)], np.inf)


def survivals(steps: Array, reached: BoolArray, weights: Array) -> tuple[Array, Array]:
    """Times [K] at which runs end, and S after each [B, K], for runs counted `weights` [B, R] times."""
    order = np.argsort(steps, kind="stable")
    times, start = np.unique(steps[order], return_index=True)
    at_end = np.add.reduceat(weights[:, order], start, axis=1)  # [B, K] runs that end at each time
    events = np.add.reduceat(weights[:, order] * reached[order], start, axis=1)
    searching = np.cumsum(at_end[:, ::-1], axis=1)[:, ::-1]  # still at each time
    return times, np.cumprod(1 - events / np.maximum(searching, 1), axis=1)


def log_rank(groups: Mapping[str, Sequence[StepsToTarget]]) -> tuple[PairTest, ...]:
    """Every pair of groups."""
    return pair_tests(groups, _log_rank_p)


def pair_tests(
    groups: Mapping[str, Group], p_of: Callable[[Group, Group], float | None]
) -> tuple[PairTest, ...]:
    """A test of every pair of groups, corrected for their number."""
    pairs = list(itertools.combinations(groups, 2))
    p = [p_of(groups[a], groups[b]) for a, b in pairs]
    return tuple(PairTest(a, b, *ps) for (a, b), *ps in zip(pairs, p, holm(p), strict=True))


def _log_rank_p(a: Sequence[StepsToTarget], b: Sequence[StepsToTarget]) -> float | None:
    from scipy.stats import logrank

    if not any(result.reached for result in (*a, *b)):
        return None
    return float(logrank(_censored(a), _censored(b)).pvalue)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction; tests that could not be made are not counted."""
    ranked = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, i) in enumerate(ranked):
        highest = max(highest, min(1.0, (len(ranked) - rank) * p))
        corrected[i] = highest
    return corrected


def resamples(n_runs: int, rng: np.random.Generator) -> Array:
    """How often each run occurs in each resample [B, R]."""
    return rng.multinomial(n_runs, np.full(n_runs, 1 / n_runs), size=RESAMPLES).astype(np.float64)


def interval(resampled: Array) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, (tail, 1 - tail))
    return float(low), float(high)


def p_in_words(p: float) -> str:
    return f"p = {p:.2g}" if p >= SMALLEST_P else f"p < {SMALLEST_P}"
