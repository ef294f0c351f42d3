"""What one looks at while a search runs: a window for its energies, its speed, its policy smoothed.

Shapes: T steps, A actions, B bins.  Energies in eV/atom, NaN where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rlcsp_core.records import Array, BoolArray, IntArray

MARGIN = 0.08  # of the range shown, left free below the lowest energy and above the highest
NARROWEST = 0.02  # eV/atom; a single energy is seen in a range of its own
REACH = 1.25  # times the distance from the lowest energy to the median: what lies higher is not on the axis
DROPS, MOSTLY = 2, 0.9  # drops of the lowest energy, and the part of the steps, that a replay's axis holds
RECENT = 50  # steps over which the speed is averaged
ROUNDS = 6  # what an action last had may itself have been too much, since another could not apply then
MOST_HELD = 0.95  # of the probability, by actions that cannot apply


class BinnedPolicy(NamedTuple):
    """Mean probabilities of the actions over stretches of steps."""

    step: Array  # [B] middle of each stretch
    probabilities: Array  # [B, A]


class Window(NamedTuple):
    """The part of an energy axis that is shown."""

    low: float  # eV/atom
    high: float  # eV/atom


class Frame(NamedTuple):
    """What a chart of energies against steps shows at least."""

    low: float  # eV/atom
    high: float  # eV/atom
    first: int  # step; the initial population lies before 1
    last: int


def frame_of(steps: IntArray, energies: Array, population: Array, target: float | None) -> Frame | None:
    """Of one run; None as long as it has no energy."""
    window = energy_window(np.concatenate([population, energies]), target)
    last = int(steps[-1]) if len(steps) else 0
    return None if window is None else Frame(*window, 1 - len(population), last)


def joint(frames: Sequence[Frame]) -> Frame:
    """What holds them all, so that charts beside each other have equal axes."""
    low, high, first, last = zip(*frames, strict=True)
    return Frame(min(low), max(high), min(first), max(last))


def energy_window(energies: Array, target: float | None = None) -> Window | None:
    """From below the lowest energy, or the target, to somewhat above the median: drops of the lowest are small beside
    the range of all trials, and would hardly be seen on it."""
    valid = energies[np.isfinite(energies)]
    if not len(valid):
        return None
    lowest = float(valid.min())
    high = lowest + REACH * float(np.median(valid) - lowest)
    return _with_margin(lowest if target is None else min(lowest, target), min(high, float(valid.max())))


def settled_window(best: Array, current: Array) -> Window | None:
    """Where a search mostly stood, and its last drops: the first are larger than all that follows."""
    levels = np.unique(best[np.isfinite(best)].round(5))[: DROPS + 1]
    if not len(levels):
        return None
    return _with_margin(float(levels[0]), float(max(levels[-1], np.nanquantile(current, MOSTLY))))


def _with_margin(low: float, high: float) -> Window:
    margin = max(MARGIN * (high - low), (NARROWEST - high + low) / 2)
    return Window(low - margin, high + margin)


def steps_per_second(steps: IntArray, elapsed: Array, recent: int = RECENT) -> float | None:
    """Speed over the last `recent` entries; None where no time has passed."""
    if len(steps) < 2:
        return None
    first = max(len(steps) - 1 - recent, 0)
    seconds = elapsed[-1] - elapsed[first]
    return float((steps[-1] - steps[first]) / seconds) if seconds > 0 else None


def processor_share(elapsed: Array, cpu: Array, recent: int = RECENT) -> float | None:
    """CPU seconds for each second that passed over the last `recent` entries; None where that is not known."""
    last = slice(-1 - recent, None)
    if len(elapsed) < 2 or not np.isfinite(cpu[last]).all():
        return None
    seconds = elapsed[-1] - elapsed[last][0]
    return float((cpu[-1] - cpu[last][0]) / seconds) if seconds > 0 else None


def unmasked(probabilities: Array) -> tuple[Array, BoolArray]:
    """The policy as if every action could apply, and where each could, both [T, A].

    An action that cannot apply has probability 0, and the others share its part.  Here it keeps what it had when it
    last could (before that, what it has when it first can), and the others have what is left."""
    can = probabilities > 0
    row = np.arange(len(can))[:, None]
    latest = np.maximum.accumulate(np.where(can, row, -1), axis=0)
    latest = np.where(latest < 0, can.argmax(axis=0), latest) if len(can) else latest
    whole = probabilities
    for _ in range(ROUNDS):
        held = np.where(can, 0.0, np.take_along_axis(whole, latest, axis=0))
        absent = held.sum(axis=1, keepdims=True)
        held *= np.minimum(1.0, MOST_HELD / np.maximum(absent, MOST_HELD))
        whole = np.where(can, probabilities * (1 - held.sum(axis=1, keepdims=True)), held)
    return whole, can


def binned_policy(steps: IntArray, probabilities: Array, bins: int) -> BinnedPolicy:
    """At most `bins` stretches of equally many steps; the last may be shorter."""
    width = max(-(-len(steps) // bins), 1)
    starts = np.arange(0, len(steps), width)
    if not len(starts):
        return BinnedPolicy(np.empty(0), np.empty((0, 0)))
    counts = np.diff(np.append(starts, len(steps)))
    return BinnedPolicy(
        np.add.reduceat(steps.astype(float), starts) / counts,
        np.add.reduceat(probabilities, starts, axis=0) / counts[:, None],
    )
