"""What of a step follows from the rest of the record, so that exported files need not hold it.

    R = z(s) − z(s′)             reward of a trial with an energy that was not seen before;  z(E) = (E − μ)/σ
    π(a|s)                       of the policy θ after the last update before the step, at (1, z(s)), over the mask

μ, σ: mean and deviation of the energies of the initial population; s is the current structure before the step.  The
writer works both out and leaves out only values that come back to the last bit (probabilities: of 32); what does not
follow, such as a penalty or the choice of a fixed policy, is stored.  Shapes: T steps, A actions, U updates.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rlcsp_core.agents.policy import policy_at
from rlcsp_core.records import Array, BoolArray, IntArray
from rlcsp_core.tables import UpdateTable

N_FEATURES = 2  # 1 and z; a policy that was shown more cannot be asked again
BITS = 31  # actions that fit into a stored mask


class Record(NamedTuple):
    """What a run has to offer for the derivation."""

    population: Array  # [P] eV/atom, NaN where there is none
    energy: Array  # [T] eV/atom of the trials, NaN where there is none
    current_energy: Array  # [T] eV/atom after each step


def rewards(record: Record) -> Array:
    """[T]; NaN where the trial has no energy, and everywhere if the population has none."""
    return _z(record, energies_before(record)) - _z(record, record.energy)


def probabilities(
    record: Record, updates: UpdateTable, steps: IntArray, mask: BoolArray, exploration: float
) -> Array:
    """[T, A]; 0 everywhere where the policy cannot be asked: its features are others, or nothing was allowed."""
    found = np.zeros(mask.shape)
    asked = mask.any(axis=1) & np.isfinite(energies_before(record))
    if not asked.any():
        return found
    theta = np.zeros((1, mask.shape[1], N_FEATURES))
    if len(updates):
        if updates.theta.shape[1:] != theta.shape[1:]:
            return found
        theta = np.concatenate([theta, updates.theta])
    latest = np.searchsorted(updates.step, steps[asked], side="left")
    z = _z(record, energies_before(record)[asked])
    features = np.stack([np.ones(len(z)), z], axis=1)
    with np.errstate(all="ignore"):  # of damaged files; what comes of them is compared or shown, not trusted
        found[asked] = policy_at(theta[latest], features, mask[asked], exploration).probabilities
    return found


def energies_before(record: Record) -> Array:
    """[T] of the current structure before each step: the lowest of the population, then what the step before left."""
    start = np.fmin.reduce(record.population, initial=np.nan)
    return np.concatenate([[start], record.current_energy])[: len(record.energy)]


def _z(record: Record, energies: Array) -> Array:
    valid = record.population[~np.isnan(record.population)]
    if not len(valid):
        return np.full(len(energies), np.nan)
    deviation = float(np.std(valid))
    return np.asarray((energies - float(np.mean(valid))) / (deviation if deviation > 0 else 1.0))


def packed(mask: BoolArray) -> IntArray:
    """[T] numbers from [T, A]: bit k for action k."""
    return np.asarray(mask @ (1 << np.arange(mask.shape[1], dtype=np.int64)), dtype=np.int64)


def unpacked(bits: IntArray, n_actions: int) -> BoolArray:
    """[T, A]."""
    return np.asarray((bits[:, None] >> np.arange(n_actions)) & 1, dtype=np.bool_)
