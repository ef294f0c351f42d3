"""What one looks at while a search runs: a window for its energies, its speed, its policy smoothed.

Shapes: T steps, A actions, B bins.  Energies in eV/atom, NaN where there is none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rlcsp_core.records import Array, IntArray

MARGIN = 0.08  # of the range shown, left free below the lowest energy
FENCE = 1.5  # interquartile ranges above the third quartile from which on a trial is cut off by the axis
RECENT = 50  # steps over which the speed is averaged


class BinnedPolicy(NamedTuple):
    """Mean probabilities of the actions over stretches of steps."""

    step: Array  # [B] middle of each stretch
    probabilities: Array  # [B, A]


class Window(NamedTuple):
    """The part of an energy axis that is shown."""

    low: float  # eV/atom
    high: float  # eV/atom


def energy_window(energies: Array, target: float | None = None) -> Window | None:
    """From below the lowest energy, or the target, to Tukey's fence, so that outliers do not flatten the rest."""
    valid = energies[np.isfinite(energies)]
    if not len(valid):
        return None
    first, third = np.quantile(valid, (0.25, 0.75))
    high = float(min(third + FENCE * (third - first), valid.max()))
    low = float(valid.min()) if target is None else min(float(valid.min()), target)
    return Window(low - MARGIN * (high - low), high)


def steps_per_second(steps: IntArray, elapsed: Array, recent: int = RECENT) -> float | None:
    """Speed over the last `recent` entries; None where no time has passed."""
    if len(steps) < 2:
        return None
    first = max(len(steps) - 1 - recent, 0)
    seconds = elapsed[-1] - elapsed[first]
    return float((steps[-1] - steps[first]) / seconds) if seconds > 0 else None


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
