"""What is subtracted from the return before it weighs a score: (G_t − b_t) ∇ln π(a_t|s_t).

    none      0
    mean      mean of G over the batch
    B1        h(a_t) − h(a*),  h(a) = −π(a|s_t) ln π(a|s_t),  a* the most probable action
    B2        V(s_t) = v·x(s_t),  v = argmin Σ (G − v·x)² + λ|v|²  over the last N trajectories
    combined  0.7 B2 + 0.3 B1
    average   (B1 + B2)/2

B1, B2 and their combination: the five experiments of the report (Davis, Pariseau, Manon 2024).  B2 is
learned from the episodes *before* the one it is applied to, so it knows nothing of the actions it judges
and leaves the gradient unbiased; actor–critic's V is its critic instead of the regression.  B1 depends on
the action: E[B1 ∇ln π] = Σ_a π_a h_a ∇ln π_a ≠ 0 unless π is uniform, so it biases the gradient: where all
π < 1/e it pulls much as an entropy bonus would.  The batch mean contains the return it is subtracted from
and shrinks the gradient by a factor of about 1 − 1/T.
Shapes: T steps, F features.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from rlcsp_core.agents.episodes import Episode
from rlcsp_core.agents.policy import SMALLEST
from rlcsp_core.records import Array

COMBINED_VALUE_SHARE = 0.7  # of B2; the rest is B1 (the report, section 2.4)
AVERAGE_VALUE_SHARE = 0.5  # of B2; as the report's Figure 4 labels it


def no_baseline(batch: Episode) -> Array:
    """0 [T]."""
    return np.zeros(len(batch.returns))


def batch_mean(batch: Episode) -> Array:
    """Mean of G over the batch [T]."""
    return np.full(len(batch.returns), batch.returns.mean())


def entropy_difference(batch: Episode) -> Array:
    """B1 = h(a_t) − h(a*) [T]."""
    pi = batch.probabilities
    h = -pi * np.log(np.maximum(pi, SMALLEST))
    t = np.arange(len(pi))
    return h[t, batch.actions] - h[t, pi.argmax(axis=-1)]


def value_estimate(batch: Episode) -> Array:
    """B2 = V(s_t) [T]."""
    return batch.values


def combined(batch: Episode) -> Array:
    """0.7 B2 + 0.3 B1 [T]."""
    return _mixture(batch, COMBINED_VALUE_SHARE)


def average(batch: Episode) -> Array:
    """(B1 + B2)/2 [T]."""
    return _mixture(batch, AVERAGE_VALUE_SHARE)


def _mixture(batch: Episode, value_share: float) -> Array:
    return value_share * value_estimate(batch) + (1 - value_share) * entropy_difference(batch)


def fit_value(episodes: Collection[Episode], n_features: int, ridge: float) -> Array:
    """v [F] by ridge regression of the returns on the features; 0 without experience."""
    if not episodes:
        return np.zeros(n_features)
    x = np.concatenate([episode.features for episode in episodes])
    g = np.concatenate([episode.returns for episode in episodes])
    v = np.linalg.solve(x.T @ x + ridge * np.eye(n_features), x.T @ g)
    return np.asarray(v, dtype=np.float64)


class Baseline(NamedTuple):
    """One choice of b_t, as a form shows it."""

    label: str
    help: str
    of: Callable[[Episode], Array]  # [T]
    shade: float  # of its algorithm's colour: towards white above 0, towards black below
    dash: str


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        "none": Baseline("none", "the plain return", no_baseline, 0.0, "solid"),
        "mean": Baseline("mean", "mean return of the batch", batch_mean, 0.25, "longdashdot"),
        "b1": Baseline(
            "B1",
            "entropy difference to the most probable action; depends on the action: biases the gradient",
            entropy_difference,
            0.5,
            "dash",
        ),
        "b2": Baseline(
            "B2",
            "value estimate v₀ + v₁z by ridge regression (actor–critic: its critic); unbiased",
            value_estimate,
            0.0,
            "dot",
        ),
        "combined": Baseline(
            "0.7·B2 + 0.3·B1", "mixture of the report; biased by its share of B1", combined, -0.35, "dashdot"
        ),
        "average": Baseline(
            "½(B1 + B2)", "equal mixture; biased by its share of B1", average, -0.2, "longdash"
        ),
    }
)
