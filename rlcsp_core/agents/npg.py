"""Natural policy gradient: the direction that gains most for a given change of the policy, not of θ.

    g = (1/N) Σ_trajectories Σ_t (G_t − b_t) ∇ln π(a_t|s_t)
    F = mean_t Σ_a π(a|s_t) ∇ln π ∇ln πᵀ + λI
    θ ← θ + η F⁻¹g,   η = √(2δ / gᵀF⁻¹g)

so that KL(old‖new) ≈ ½ΔθᵀFΔθ = δ whatever the size of g.  Kakade, NIPS 2001; the step length of Schulman et
al. 2015, arXiv:1502.05477.  F is exact over the discrete actions.  No step is made where g = 0.

Because every step has the same length, noise is not averaged out by small steps.  On fresh batches that is
harmless; on sliding ones each trajectory pushes N times in the same direction: on rewards that carry next to no
signal the entropy of nine actions fell from 2.2 to 0.5 nats in 2000 steps, against 2.1 on fresh batches.
Shapes: T steps of the last N trajectories, A actions, F features.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlcsp_core.agents.baselines import Baseline
from rlcsp_core.agents.episodes import Episode, joined
from rlcsp_core.agents.policy import fisher, in_theta, policy_at, scores_of
from rlcsp_core.agents.rule import Improvement, Parameters
from rlcsp_core.agents.settings import BatchConfig
from rlcsp_core.records import Array
from rlcsp_core.settings import number


@dataclass(frozen=True, kw_only=True)
class NPGConfig(BatchConfig):
    """Knobs of NPG."""

    kl_step: float = number(0.01, 1e-9, 10.0, "δ: KL(old‖new) of one update, nats (Schulman 2015: 0.01)")
    damping: float = number(1e-3, 1e-12, 100.0, "λ: added to the Fisher matrix's diagonal")


def improve(
    parameters: Parameters, episodes: Sequence[Episode], baseline: Baseline, config: NPGConfig
) -> Improvement:
    """One step of the module's head."""
    batch = joined(episodes)
    theta = parameters.theta
    policy = policy_at(theta, batch.features, batch.masks, config.exploration)
    advantage = batch.returns - baseline.of(batch)
    gradient = in_theta(advantage[:, None] * scores_of(policy, batch.actions), batch.features) / len(episodes)
    step = natural_step(gradient.ravel(), fisher(policy, batch.features), config.damping, config.kl_step)
    return Improvement(parameters._replace(theta=theta + step.reshape(theta.shape)), gradient, batch)


def natural_step(g: Array, F: Array, damping: float, delta: float) -> Array:
    """η (F + λI)⁻¹ g [P], or 0 where g is 0.  g [P], F [P, P]."""
    if not g.any():
        return np.zeros_like(g)
    # the step does not depend on |g|; brought near 1 by a power of two, which is exact, g² cannot underflow
    g = np.ldexp(g, -int(np.frexp(np.abs(g).max())[1]))
    direction = np.linalg.solve(F + damping * np.eye(len(g)), g)
    eta = math.sqrt(2 * delta / float(g @ direction))
    return np.asarray(eta * direction, dtype=np.float64)
