"""Trust-region policy optimisation: the natural gradient's direction, as far as the sample says it can be trusted.

    maximise    L(θ) = mean_t ρ_t A_t,   ρ_t = π_θ(a_t|s_t) / π_taken(a_t|s_t),   A_t = G_t − b_t
    subject to  D(θ) = mean_t KL(π_old(·|s_t) ‖ π_θ(·|s_t)) ≤ δ

    g = ∇L(θ_old),   F = mean_t Σ_a π ∇ln π ∇ln πᵀ + λI,   s = √(2δ / gᵀF⁻¹g) F⁻¹g
    θ ← θ_old + c^k s   for the first k = 0, 1, … where D ≤ δ and L > L(θ_old);   no step where there is none

Schulman et al. 2015, arXiv:1502.05477, eq. 14 and appendix C.  The paper solves for F⁻¹g by conjugate gradients,
since its policies have thousands of parameters; here F is small and exact over the discrete actions, so it is solved.
π_taken is the policy that took the action; on fresh batches it is π_old.  NPG makes the same step without asking.
Shapes: T steps of the last N trajectories, A actions, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rlcsp_core.agents.baselines import Baseline
from rlcsp_core.agents.episodes import Episode, joined
from rlcsp_core.agents.npg import natural_step
from rlcsp_core.agents.policy import Policy, fisher, in_theta, kl, policy_at, scores_of, taken
from rlcsp_core.agents.rule import Improvement, Parameters
from rlcsp_core.agents.settings import BatchConfig
from rlcsp_core.records import Array
from rlcsp_core.settings import number


@dataclass(frozen=True, kw_only=True)
class TRPOConfig(BatchConfig):
    """Knobs of TRPO."""

    kl_step: float = number(
        0.01, 1e-9, 10.0, "δ: most that one update may change, nats (Schulman 2015: 0.01)"
    )
    damping: float = number(1e-3, 1e-12, 100.0, "λ: added to the Fisher matrix's diagonal")
    tries: int = number(10, 1, 100, "step lengths tried by the line search before it gives up")
    shrink: float = number(0.8, 0.01, 0.99, "c: each step length as a part of the one before it")


def improve(
    parameters: Parameters, episodes: Sequence[Episode], baseline: Baseline, config: TRPOConfig
) -> Improvement:
    """One step of the module's head."""
    batch = joined(episodes)
    theta = parameters.theta
    policy = policy_at(theta, batch.features, batch.masks, config.exploration)
    advantage = batch.returns - baseline.of(batch)
    gradient = surrogate_gradient(policy, batch, advantage)
    step = natural_step(gradient.ravel(), fisher(policy, batch.features), config.damping, config.kl_step)
    theta = line_search(theta, step.reshape(theta.shape), policy.probabilities, batch, advantage, config)
    return Improvement(parameters._replace(theta=theta), gradient, batch)


def line_search(
    theta: Array, step: Array, old: Array, batch: Episode, advantage: Array, config: TRPOConfig
) -> Array:
    """θ [A, F] after the longest step that is trusted, θ itself where none is; old [T, A] is π_old."""
    start = surrogate(old, batch, advantage)
    for k in range(config.tries):
        candidate = theta + config.shrink**k * step
        new = policy_at(candidate, batch.features, batch.masks, config.exploration).probabilities
        if float(kl(old, new).mean()) <= config.kl_step and surrogate(new, batch, advantage) > start:
            return candidate
    return theta


def surrogate(probabilities: Array, batch: Episode, advantage: Array) -> float:
    """L(θ) of the module's head; probabilities [T, A] under θ."""
    return float((_ratio(probabilities, batch) * advantage).mean())


def surrogate_gradient(policy: Policy, batch: Episode, advantage: Array) -> Array:
    """∇L [A, F]."""
    gain = _ratio(policy.probabilities, batch) * advantage
    return in_theta(gain[:, None] * scores_of(policy, batch.actions), batch.features) / len(gain)


def _ratio(probabilities: Array, batch: Episode) -> Array:
    """ρ [T]."""
    return taken(probabilities, batch.actions) / taken(batch.probabilities, batch.actions)
