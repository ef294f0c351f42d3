"""Policy updated by proximal policy optimisation: several passes over one batch, held near the old policy.

    L(θ) = mean_t min(ρ_t A_t, clip(ρ_t, 1−c, 1+c) A_t) − λ_KL KL(π_old‖π_θ) + β H(π_θ)

    ρ_t = π_θ(a_t|s_t) / π_old(a_t|s_t),   A_t = G_t − b_t,   β as in RLCSP

Schulman et al. 2017, arXiv:1707.06347, eq. 7 (clip) and eq. 8 (penalty, the report's "Lagrangian
relaxation"); after each update λ_KL is halved where KL < δ/1.5 and doubled where KL > 1.5 δ.  π_old is the
policy that took the action, so that the ratio corrects for episodes of the window that are older than the
last update.  L is climbed by plain gradient steps.  Shapes: T steps of the last N trajectories, A actions,
F features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from rlcsp_core.agents.baselines import Baseline
from rlcsp_core.agents.episodes import Episode, joined
from rlcsp_core.agents.policy import SMALLEST, fisher, in_theta, kl, kl_gradient, policy_at, scores_of, taken
from rlcsp_core.agents.reinforce import entropy_bonus
from rlcsp_core.agents.rule import Improvement, Parameters
from rlcsp_core.agents.settings import BatchConfig
from rlcsp_core.records import Array
from rlcsp_core.settings import choice, number

KL_TOLERANCE = 1.5  # λ_KL stays where KL is within this factor of δ
SMALLEST_KL_WEIGHT = 1e-4  # of λ_KL: from below it would take long to come back


class Objective(NamedTuple):
    """Which of the two restraints are on."""

    clipped: bool
    penalised: bool


OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {
        "both": Objective(clipped=True, penalised=True),
        "clip": Objective(clipped=True, penalised=False),
        "penalty": Objective(clipped=False, penalised=True),
    }
)


@dataclass(frozen=True, kw_only=True)
class PPOConfig(BatchConfig):
    """Knobs of PPO."""

    objective: str = choice(
        "both", tuple(OBJECTIVES), "what holds the policy back: clipped ratio, KL penalty, both"
    )
    learning_rate: float = number(
        0.2, 1e-6, 1.0, "step of one pass along the gradient of L (ours: KL near δ)"
    )
    passes: int = number(4, 1, 100, "K: passes over one batch (the report's method: 4)")
    clip: float = number(0.2, 0.01, 1.0, "c: the ratio's range is [1−c, 1+c] (Schulman 2017: 0.2)")
    kl_step: float = number(0.01, 1e-9, 10.0, "δ: KL(old‖new) that λ_KL aims at, nats (Schulman 2017: 0.01)")
    entropy_weight: float = number(1.0, 0.0, 100.0, "β: weight of the entropy bonus (RL-CSP: 1)")
    entropy_floor: float = number(0.8, 0.0, 10.0, "nats below which the entropy bonus acts (RL-CSP: 0.8)")


def improve(
    parameters: Parameters, episodes: Sequence[Episode], baseline: Baseline, config: PPOConfig
) -> Improvement:
    """K passes of the module's head, then a new λ_KL."""
    batch = joined(episodes)
    advantage = batch.returns - baseline.of(batch)
    theta, first = parameters.theta, None
    for _ in range(config.passes):
        gradient = surrogate_gradient(theta, batch, advantage, parameters.kl_weight, config)
        first = gradient if first is None else first
        theta = theta + config.learning_rate * gradient
    assert first is not None  # passes ≥ 1
    if not OBJECTIVES[config.objective].penalised:
        return Improvement(parameters._replace(theta=theta), first, batch)
    new = policy_at(theta, batch.features, batch.masks, config.exploration)
    kl_now = float(kl(batch.probabilities, new.probabilities).mean())
    kl_weight = adapted(parameters.kl_weight, kl_now, config.kl_step)
    # a plain gradient step would overshoot the minimum of a penalty that is stiffer than 1/learning_rate
    stiffness = max(float(np.linalg.eigvalsh(fisher(new, batch.features))[-1]), SMALLEST)
    kl_weight = min(kl_weight, 1 / (config.learning_rate * stiffness))
    return Improvement(parameters._replace(theta=theta, kl_weight=kl_weight), first, batch)


def surrogate(theta: Array, batch: Episode, advantage: Array, kl_weight: float, config: PPOConfig) -> float:
    """L(θ) of the module's head without the entropy bonus."""
    objective = OBJECTIVES[config.objective]
    pi = policy_at(theta, batch.features, batch.masks, config.exploration).probabilities
    ratio = taken(pi, batch.actions) / taken(batch.probabilities, batch.actions)
    gain = ratio * advantage
    if objective.clipped:
        gain = np.minimum(gain, np.clip(ratio, 1 - config.clip, 1 + config.clip) * advantage)
    penalty = kl_weight * kl(batch.probabilities, pi) if objective.penalised else 0.0
    return float((gain - penalty).mean())


def surrogate_gradient(
    theta: Array, batch: Episode, advantage: Array, kl_weight: float, config: PPOConfig
) -> Array:
    """∇L [A, F], the entropy bonus included; β is held fixed in it."""
    objective = OBJECTIVES[config.objective]
    policy = policy_at(theta, batch.features, batch.masks, config.exploration)
    ratio = taken(policy.probabilities, batch.actions) / taken(batch.probabilities, batch.actions)
    gain = ratio * advantage
    if objective.clipped:
        # min() picks the clipped, flat branch where the ratio has left its range on the gaining side
        flat = np.where(advantage > 0, ratio > 1 + config.clip, ratio < 1 - config.clip)
        gain = np.where(flat, 0.0, gain)
    ascent = gain[:, None] * scores_of(policy, batch.actions)
    if objective.penalised:
        ascent -= kl_weight * kl_gradient(batch.probabilities, policy)
    ascent += entropy_bonus(policy, config.entropy_weight, config.entropy_floor)
    return in_theta(ascent, batch.features) / len(advantage)


def adapted(kl_weight: float, kl_now: float, delta: float) -> float:
    """λ_KL for the next update, given the mean KL(π_old‖π_θ) of this one."""
    if kl_now < delta / KL_TOLERANCE:
        kl_weight /= 2
    elif kl_now > delta * KL_TOLERANCE:
        kl_weight *= 2
    return max(kl_weight, SMALLEST_KL_WEIGHT)
