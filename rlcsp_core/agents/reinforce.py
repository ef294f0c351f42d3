"""RLCSP's learner: the policy gradient of one episode (REINFORCE) with an entropy bonus.

    θ ← θ + α Σ_t [ (G_t − b_t) ∇ln π(a_t|s_t) + β ∇H(π(·|s_t)) ],   β = 1 where H < 0.8 nats, else 0

Williams, Machine Learning 1992, 8, 229; Zamaraeva et al., Digital Discovery 2023, 2, 1831, section 2.
Shapes: T steps of the last episode, A actions, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlcsp_core.agents.baselines import Baseline
from rlcsp_core.agents.episodes import Episode
from rlcsp_core.agents.policy import Policy, entropy, entropy_gradient, in_theta, policy_at, scores_of
from rlcsp_core.agents.rule import Improvement, Parameters
from rlcsp_core.agents.settings import MonteCarloConfig
from rlcsp_core.records import Array
from rlcsp_core.settings import number


@dataclass(frozen=True, kw_only=True)
class ReinforceConfig(MonteCarloConfig):
    """Knobs of RLCSP."""

    learning_rate: float = number(5e-4, 0.0, 10.0, "α: step along the gradient (RL-CSP: 5e-4)")
    entropy_weight: float = number(1.0, 0.0, 100.0, "β: weight of the entropy bonus (RL-CSP: 1)")
    entropy_floor: float = number(0.8, 0.0, 10.0, "nats below which the entropy bonus acts (RL-CSP: 0.8)")


def improve(
    parameters: Parameters, episodes: Sequence[Episode], baseline: Baseline, config: ReinforceConfig
) -> Improvement:
    """One step of the module's head, on the last episode."""
    batch = episodes[-1]
    policy = policy_at(parameters.theta, batch.features, batch.masks, config.exploration)
    advantage = batch.returns - baseline.of(batch)
    gradient = episode_gradient(policy, batch, advantage, config.entropy_weight, config.entropy_floor)
    theta = parameters.theta + config.learning_rate * gradient
    return Improvement(parameters._replace(theta=theta), gradient, batch)


def episode_gradient(policy: Policy, batch: Episode, advantage: Array, weight: float, floor: float) -> Array:
    """Σ_t of the module's head [A, F]; advantage [T] is G_t − b_t."""
    ascent = advantage[:, None] * scores_of(policy, batch.actions)
    ascent += entropy_bonus(policy, weight, floor)
    return in_theta(ascent, batch.features)


def entropy_bonus(policy: Policy, weight: float, floor: float) -> Array:
    """β ∂H/∂h [T, A], β = weight where H < floor, else 0."""
    beta = np.where(entropy(policy.probabilities) < floor, weight, 0.0)
    return beta[:, None] * entropy_gradient(policy)
