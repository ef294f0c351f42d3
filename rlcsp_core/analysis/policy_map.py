"""What a policy does at every energy, at one moment and over a run (RL-CSP Fig. 6).

    z = (E − μ)/σ,   π(a|E) from the θ of the moment, no action masked

Shapes: Z energies, U updates, A actions, F features (1, z).  Energies in eV/atom.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rlcsp_core.agents.policy import policy_at
from rlcsp_core.analysis.shared_policy import spread_evenly
from rlcsp_core.records import Array, IntArray

ENERGIES = 80  # points of the axis
N_SHOWN = 2  # features: 1 and z
MOMENTS = 240  # columns of a map


class PolicyMap(NamedTuple):
    """The probability of one action against step and energy."""

    step: IntArray  # [U'] at most MOMENTS of the updates
    energy: Array  # [Z] eV/atom
    probability: Array  # [Z, U']


def energy_axis(lowest: float, highest: float) -> Array:
    return np.linspace(lowest, highest, ENERGIES)


def over_energy(theta: Array, z: Array | float, exploration: float) -> Array:
    """π [Z, A] of θ [A, F]; features beyond 1 and z are taken as 0."""
    z = np.atleast_1d(np.asarray(z, dtype=np.float64))
    theta = theta[:, :N_SHOWN]
    features = np.stack([np.ones_like(z), z], axis=-1)
    mask = np.ones((len(z), len(theta)), dtype=bool)
    return policy_at(theta, features, mask, exploration).probabilities


def with_row(theta: Array, action: int, values: Sequence[float]) -> Array:
    """θ [A, F] with the first parameters of the action in that row set to `values`."""
    changed = theta.copy()
    changed[action, : len(values)] = values
    return changed


def policy_map(
    step: IntArray, theta: Array, action: int, energy: Array, z: Array, exploration: float
) -> PolicyMap:
    """π of the action with that row, after updates `theta` [U, A, F] made at `step` [U]."""
    chosen = spread_evenly(len(step), MOMENTS)
    columns = [over_energy(theta[u], z, exploration)[:, action] for u in chosen]
    return PolicyMap(step[chosen], energy, np.stack(columns, axis=-1))
