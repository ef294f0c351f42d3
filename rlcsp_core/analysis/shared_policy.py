"""How a policy that several runs share has grown, update by update (RL-CSP, section 3.3).

    ‖θ‖ = (Σ θ_af²)^½,   ‖Δθ‖ of one update,   H = −Σ_a π_a ln π_a  with π = softmax(θ_a0)

H is the entropy at z = 0, the mean energy of a run's initial population, without exploration.  Before the first update
θ is 0.  Shapes: U updates, A actions, F features, of which the first is the constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rlcsp_core.records import Array, IntArray


class Growth(NamedTuple):
    """One row an update."""

    norm: Array  # [U] ‖θ‖ after it
    change: Array  # [U] ‖Δθ‖
    entropy: Array  # [U] nats


def spread_evenly(n: int, most: int) -> IntArray:
    """At most so many of the indices 0 … n − 1, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


class Share(NamedTuple):
    """What one run has contributed."""

    run_id: str
    updates: int
    first: int  # number of its first update in the policy, from 1; 0: it has made none
    last: int
    length: float  # Σ ‖Δθ‖ of its updates


def growth(theta: Array) -> Growth:
    """Of θ [U, A, F] after each update."""
    if not len(theta):
        return Growth(np.zeros(0), np.zeros(0), np.zeros(0))
    steps = np.diff(theta, axis=0, prepend=0.0)
    logits = theta[:, :, 0] - theta[:, :, 0].max(axis=1, keepdims=True)
    weights = np.exp(logits)
    total = weights.sum(axis=1)
    # −Σ π ln π with ln π = logit − ln Σ: no logarithm of a probability that is 0
    entropy = np.log(total) - (weights * logits).sum(axis=1) / total
    return Growth(_norms(theta), _norms(steps), entropy)


def _norms(matrices: Array) -> Array:
    return np.asarray(np.sqrt((matrices**2).sum(axis=(1, 2))))


def shares(
    run_ids: Sequence[str], version: IntArray, change: Array, others: Sequence[str] = ()
) -> list[Share]:
    """Runs in the order of their first updates [U], then `others`, which have named the policy and made none."""
    found = []
    for run_id in dict.fromkeys(run_ids):
        mine = np.array([each == run_id for each in run_ids])
        numbers = version[mine]
        found.append(
            Share(run_id, len(numbers), int(numbers[0]), int(numbers[-1]), float(change[mine].sum()))
        )
    known = set(run_ids)
    return [*found, *(Share(run_id, 0, 0, 0, 0.0) for run_id in others if run_id not in known)]
