"""The unit in which a run measures energies:   z(E) = (E − μ)/σ

μ, σ: mean and deviation of the valid energies of its initial population (RL-CSP).  Energies in eV/atom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rlcsp_core.records import Array


class EnergyScale(NamedTuple):
    """The unit in which a run measures energies."""

    mean: float  # eV/atom
    deviation: float  # eV/atom; 1 where the population does not spread

    def z(self, energy: float) -> float:
        return (energy - self.mean) / self.deviation


def energy_scale(energies: Array) -> EnergyScale:
    """energies: [n] eV/atom of the initial population, NaN where a relaxation failed."""
    valid = energies[~np.isnan(energies)]
    deviation = float(np.std(valid))
    return EnergyScale(float(np.mean(valid)), deviation if deviation > 0 else 1.0)
