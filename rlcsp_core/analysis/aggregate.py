"""Many runs on one grid of steps or of time: median and band of quantiles of best energies and of local minima.

A run that has reached its target has nothing left to find: its value is carried on.  Any other run counts
as long as it lasted, and not before it knew an energy, so that the number of runs behind a point may change
along the grid; it is given.  Energies in eV/atom, times in seconds.  Shapes: R runs, G points of the grid.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from rlcsp_core.analysis.curves import RunCurve
from rlcsp_core.analysis.metrics import EnergySequence, best_so_far, steps_to_target
from rlcsp_core.records import TARGET_TOLERANCE, Array, IntArray

BAND = (0.25, 0.75)  # quantiles of the band
EARLY_POINTS = 100  # besides, at equal distances of a logarithmic axis
FIRST_TIME = 0.01  # of the last: where those begin on an axis of time
GRID_POINTS = 400  # more than a chart is wide in distinguishable points
FENCE = 3.0  # interquartile ranges beyond the quartiles that an axis shows (Tukey's outer fence)
AT_MINIMUM = 1000 * TARGET_TOLERANCE  # meV/atom; nearer than that counts as reached
STRETCHES = 60  # of steps, in each of which the minima of all runs are put together
SEEN = 0.05  # eV/atom; an axis of energies shows as much, since far smaller differences are those of the relaxation

Axis = Literal["steps", "time"]


class Aggregate(NamedTuple):
    """Best energy over runs; nan where no run has a value."""

    grid: Array  # [G] steps or s
    median: Array  # [G] eV/atom
    low: Array  # [G] eV/atom, lower quantile
    high: Array  # [G] eV/atom, upper quantile
    n: IntArray  # [G] runs behind each point


class AxisRange(NamedTuple):
    """What an axis shows, and how much lies outside."""

    low: float
    high: float
    n_below: int
    n_above: int


def best_energy(curves: Sequence[RunCurve], axis: Axis = "steps") -> Aggregate:
    """Median and band of the best energy so far, over all runs given."""
    points = common_grid(curves, axis)
    table = np.array([on_grid(curve, axis, points) for curve in curves]).reshape(-1, len(points))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # nan is the answer there
        low, median, high = (
            np.nanquantile(table, (BAND[0], 0.5, BAND[1]), axis=0)
            if len(table)
            else np.full((3, len(points)), np.nan)
        )
    return Aggregate(points, median, low, high, np.isfinite(table).sum(axis=0))


def above(energy: Array, minimum: float) -> Array:
    """Energies [eV/atom] as meV/atom above a minimum, for a logarithmic axis; as low or lower becomes AT_MINIMUM."""
    return np.maximum(1000 * (energy - minimum), AT_MINIMUM)


def above_minimum(curve: Aggregate, minimum: float) -> Aggregate:
    """Best energies over runs in meV/atom above a minimum; quantiles stay what they are, since `above` keeps order."""
    low, median, high = (above(side, minimum) for side in (curve.low, curve.median, curve.high))
    return curve._replace(low=low, median=median, high=high)


def n_ending_alike(curves: Iterable[Aggregate]) -> int:
    """The most medians [eV/atom] that end at one energy: there their lines lie on each other."""
    ends = np.sort([known[-1] for c in curves if len(known := c.median[np.isfinite(c.median)])])
    return int(max(np.searchsorted(ends, ends + TARGET_TOLERANCE) - np.arange(len(ends)), default=0))


def n_lower(curves: Iterable[RunCurve], minimum: float) -> int:
    """Runs that found an energy clearly below a minimum."""
    lowest = (np.nanmin(best_so_far(curve).energy, initial=np.inf) for curve in curves)
    return sum(bool(energy < minimum - TARGET_TOLERANCE) for energy in lowest)


def common_grid(curves: Sequence[RunCurve], axis: Axis) -> Array:
    """From 0 to the end of the longest run, close at the start for logarithmic axes; every step where they are few."""
    end = max((_positions(curve, axis)[-1] for curve in curves), default=0.0)
    if axis == "steps":
        if end < GRID_POINTS:
            return np.arange(end + 1)
        early = np.geomspace(1, end, EARLY_POINTS)
        return np.union1d(np.linspace(0, end, GRID_POINTS).round(), early.round())
    if not end > 0:
        return np.zeros(1)
    return np.union1d(np.linspace(0, end, GRID_POINTS), np.geomspace(FIRST_TIME * end, end, EARLY_POINTS))


def on_grid(curve: RunCurve, axis: Axis, grid: Array) -> Array:
    """Best energy so far [G] of one run: the value at the last step at or before each point."""
    at = _positions(curve, axis)
    index = np.searchsorted(at, grid, side="right") - 1
    energy = best_so_far(curve).energy[np.maximum(index, 0)]
    to_target = steps_to_target(curve)
    lasts = np.inf if to_target is not None and to_target.reached else at[-1]
    return np.where((index >= 0) & (grid <= lasts), energy, np.nan)


def _positions(curve: RunCurve, axis: Axis) -> Array:
    best = best_so_far(curve)
    return np.asarray(best.step if axis == "steps" else best.elapsed, dtype=np.float64)


class PooledMinima(NamedTuple):
    """Quantiles of the minima of all runs in each stretch; stretches without a minimum are left out."""

    step: Array  # [B] middle of the stretch
    median: Array  # [B] eV/atom
    low: Array  # [B] eV/atom
    high: Array  # [B] eV/atom
    n: IntArray  # [B] minima behind each point


def pooled_minima(sequences: Sequence[EnergySequence], stretches: int = STRETCHES) -> PooledMinima:
    """Local minima of the energy sequences (the report plots them run by run, Figure 5): whether they fall.

    Stretches are equally wide, from step 1 to the last minimum of any run."""
    step = np.concatenate([np.empty(0), *(s.step for s in sequences)])
    energy = np.concatenate([np.empty(0), *(s.energy for s in sequences)])
    edges = np.linspace(0, step.max(initial=1.0), stretches + 1)
    which = np.clip(np.searchsorted(edges, step, side="left") - 1, 0, stretches - 1)
    used = np.unique(which)
    quantiles = [np.quantile(energy[which == b], (BAND[0], 0.5, BAND[1])) for b in used]
    low, median, high = np.array(quantiles).reshape(-1, 3).T
    counts = np.bincount(which, minlength=stretches)[used]
    return PooledMinima((edges[used] + edges[used + 1]) / 2, median, low, high, counts)


def window(medians: Iterable[Aggregate]) -> AxisRange | None:
    """The axis for bands of several experiments."""
    return energy_range([*(values for each in medians for values in (each.low, each.high))])


def energy_range(series: Sequence[Array]) -> AxisRange | None:
    """The axis for several series of energies [eV/atom], which outliers do not stretch: Tukey's outer fences, at least
    SEEN beyond the quartiles; None without a number."""
    values = np.concatenate([np.empty(0), *series])
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    first, third = np.quantile(finite, (0.25, 0.75))
    reach = max(FENCE * (third - first), SEEN)
    inside = finite[(finite >= first - reach) & (finite <= third + reach)]
    low, high = float(inside.min()), float(inside.max())
    return AxisRange(low, high, int((finite < low).sum()), int((finite > high).sum()))
