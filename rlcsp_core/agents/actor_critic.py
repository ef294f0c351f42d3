"""Advantage actor–critic: a policy that is judged by a value function learned beside it.

    V(s) = v·x(s)
    δ_t = r_t + γ V(s_{t+1}) − V(s_t)
    A_t = Σ_{k ≥ t} (γλ)^{k−t} δ_k                    within the episode
    G_t = A_t + V(s_t),  that is  G_t = r_t + γ [(1−λ) V(s_{t+1}) + λ G_{t+1}],  G_H = V(s_H)

    actor    θ ← θ + α Σ_t [ (G_t − b_t) ∇ln π(a_t|s_t) + β ∇H(π(·|s_t)) ],   b_t = V(s_t) by default, so A_t
    critic   v ← v − α_v ∇L,   L(v) = ½ mean_t (G_t − v·x_t)² / |x_t|²,   G_t held fixed: TD(λ)

Actor, critic and λ-return: Sutton & Barto, Reinforcement Learning, 2nd ed. 2018, sections 12.1 and 13.5; one update
every H = 5 steps with the value of the last state for what follows: Mnih et al. 2016, arXiv:1602.01783, algorithm S3;
A_t by λ: Schulman et al. 2016, arXiv:1506.02438, eq. 16.  β as in RLCSP.

Why λ: λ = 0 trusts V after one step, λ = 1 not before the end of the episode (Mnih's n-step return).  A straight line
in the energy is a coarse critic, so the default leans to the rewards that were seen.  Why γ < 1: the search goes on
after an episode, and so does G_t, through V(s_H); 1/(1−γ) = H gives it the reach of the published return without its
edge.  Why |x_t|²: the curvature of L is then at most 1, so that α_v < 2 is stable in whatever units the features are
(normalised least mean squares).  It has to be each step's own: one factor for the whole episode would depend on where
its steps led, and draw V away from the true values.

λ < 1 and the value of the last state bias the gradient as far as V is wrong; the baseline b_t = V(s_t) does not.
Shapes: T steps of the last episode, A actions, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlcsp_core.agents.baselines import Baseline
from rlcsp_core.agents.episodes import Episode
from rlcsp_core.agents.policy import policy_at
from rlcsp_core.agents.reinforce import episode_gradient
from rlcsp_core.agents.rule import Improvement, Parameters
from rlcsp_core.agents.settings import LearnerConfig
from rlcsp_core.agents.valuation import Experience
from rlcsp_core.records import Array
from rlcsp_core.settings import number


@dataclass(frozen=True, kw_only=True)
class ActorCriticConfig(LearnerConfig):
    """Knobs of actor–critic."""

    learning_rate: float = number(5e-3, 0.0, 10.0, "α: the actor's step along the gradient (ours)")
    critic_rate: float = number(
        0.1, 0.0, 1.0, "α_v: the critic's step, as a part of the longest stable (ours)"
    )
    discount: float = number(
        0.8, 0.0, 0.999, "γ: weight of the next step's value; 1/(1−γ) steps count (ours: H)"
    )
    trace_decay: float = number(
        0.95,
        0.0,
        1.0,
        "λ: 0 trusts the critic after one step, 1 at the episode's end (Schulman 2016: 0.92–0.98)",
    )
    entropy_weight: float = number(1.0, 0.0, 100.0, "β: weight of the entropy bonus (RL-CSP: 1)")
    entropy_floor: float = number(0.8, 0.0, 10.0, "nats below which the entropy bonus acts (RL-CSP: 0.8)")


def by_critic(experience: Experience, config: ActorCriticConfig) -> tuple[Array, Array]:
    """G and V of the module's head, with the critic as it was before the episode."""
    values = experience.states @ experience.critic
    return lambda_returns(experience.rewards, values, config.discount, config.trace_decay), values[:-1]


def lambda_returns(rewards: Array, values: Array, discount: float, trace_decay: float) -> Array:
    """G_t [T]; rewards [T], values [T + 1] of the states before each step and after the last; [T, …] side by side."""
    returns = np.empty_like(rewards)
    following = values[-1]
    for t in reversed(range(len(rewards))):
        following = rewards[t] + discount * ((1 - trace_decay) * values[t + 1] + trace_decay * following)
        returns[t] = following
    return returns


def improve(
    parameters: Parameters, episodes: Sequence[Episode], baseline: Baseline, config: ActorCriticConfig
) -> Improvement:
    """One step of the actor and one of the critic, on the last episode."""
    batch = episodes[-1]
    policy = policy_at(parameters.theta, batch.features, batch.masks, config.exploration)
    advantage = batch.returns - baseline.of(batch)
    gradient = episode_gradient(policy, batch, advantage, config.entropy_weight, config.entropy_floor)
    return Improvement(
        parameters._replace(
            theta=parameters.theta + config.learning_rate * gradient,
            critic=critic_step(parameters.critic, batch, config.critic_rate),
        ),
        gradient,
        batch,
    )


def critic_step(v: Array, batch: Episode, rate: float) -> Array:
    """v [F] after one step down L."""
    return v - rate * critic_gradient(v, batch)


def critic_gradient(v: Array, batch: Episode) -> Array:
    """∇L [F]."""
    x = batch.features
    # |x|² ≥ 1, as the first feature is 1
    return ((x @ v - batch.returns) / (x * x).sum(axis=1)) @ x / len(x)
