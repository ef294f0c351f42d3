"""Local minima of the energy sequence, pooled over runs: median and band in stretches of steps.

The report plots them run by run (Figure 5); over many runs their quantiles say whether they fall.  Energies in eV/atom.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rlcsp_core.analysis.aggregate import BAND
from rlcsp_core.analysis.metrics import EnergySequence
from rlcsp_core.records import Array, IntArray

STRETCHES = 60


class PooledMinima(NamedTuple):
    """Quantiles of the minima of all runs in each stretch; stretches without a minimum are left out."""

    step: Array  # [B] middle of the stretch
    median: Array  # [B] eV/atom
    low: Array  # [B] eV/atom
    high: Array  # [B] eV/atom
    n: IntArray  # [B] minima behind each point


def pooled_minima(sequences: Sequence[EnergySequence], stretches: int = STRETCHES) -> PooledMinima:
    """Stretches are equally wide, from step 1 to the last minimum of any run."""
    step = np.concatenate([np.empty(0), *(s.step for s in sequences)])
    energy = np.concatenate([np.empty(0), *(s.energy for s in sequences)])
    edges = np.linspace(0, step.max(initial=1.0), stretches + 1)
    which = np.clip(np.searchsorted(edges, step, side="left") - 1, 0, stretches - 1)
    used = np.unique(which)
    quantiles = [np.quantile(energy[which == b], (BAND[0], 0.5, BAND[1])) for b in used]
    low, median, high = np.array(quantiles).reshape(-1, 3).T
    counts = np.bincount(which, minlength=stretches)[used]
    return PooledMinima((edges[used] + edges[used + 1]) / 2, median, low, high, counts)
