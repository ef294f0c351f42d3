"""State features and rewards (RL-CSP).

    R    = z(s) − z(s′)     s: current structure, s′: relaxed trial
    R    = z(s) − z(E_p) or −3 instead, where the relaxation failed or the energy was seen before in this run

An unchanged energy is one seen before: the current structure's own.
"""

from __future__ import annotations

import numpy as np

from rlcsp_core.records import Array
from rlcsp_core.scale import EnergyScale
from rlcsp_core.search.history import EnergyHistory

N_FEATURES = 2  # of a state: 1 and z
FIXED_PENALTY = -3.0  # standard deviations of the initial population


def features(energy: float, scale: EnergyScale) -> Array:
    """[N_FEATURES]: 1 and z."""
    return np.array([1.0, scale.z(energy)])


def reward(
    current: float, trial: float | None, scale: EnergyScale, history: EnergyHistory, penalty: str
) -> float:
    """Energies in eV/atom; trial None where the relaxation failed.  `history` does not hold the trial yet."""
    if trial is not None and not history.seen(trial):
        return scale.z(current) - scale.z(trial)
    return PENALTY[penalty](current, scale, history)


def _high_energy(current: float, scale: EnergyScale, history: EnergyHistory) -> float:
    return scale.z(current) - scale.z(history.high_mean)


def _fixed(_: float, __: EnergyScale, ___: EnergyHistory) -> float:
    return FIXED_PENALTY


PENALTY = {"high-energy": _high_energy, "fixed": _fixed}
