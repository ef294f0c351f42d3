"""Posterior sampling: how often each action hits is a belief, and the action drawn is the one that looks best in it.

    r_a ~ Gamma(α_a, β_a)                   hits per use of action a, independent;  α = 3, β = 60 at first
    w_a = (π(a|s) / max_b π(b|s))^τ         what the policy π, learned before or uniform, says of a
    act     with probability ε a draw from π, else the largest w_a r_a of one draw of all r, masked actions left out
    learn   β_a += 1;  α_a += γ where the trial was a hit,  γ = 1

A hit is a trial that is lower than all before it in the run.  The law of the draw is recorded, not sampled:

    P(a) = (1−ε) ∫ f_a(x) Π_{b≠a} F_b(x) dx + ε π(a|s)       f, F: density and distribution of w r

so the action is drawn from P, which is the same.  Thompson, Biometrika 1933, 25, 285; Chapelle & Li, NIPS 2011.
Within one search it is insurance against a policy that is wrong for the compound: belief in an action falls with each
use that comes to nothing.  Shapes: A actions, F features.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammainc, gammainccinv, gammaincinv, gammaln

from rlcsp_core.agents.agent import draw
from rlcsp_core.agents.policy import SMALLEST, policy_at
from rlcsp_core.records import Array, Decision, Observation, Transition, Update
from rlcsp_core.settings import Settings, number

TAIL = 1e-12  # probability left out at either end of the integral
PER_DEVIATION = (
    1.5  # points of the integral within the narrowest deviation of ln r: the rule is exact to 1e-9 there
)
FEWEST, MOST = 64, 4096  # points
LEAST = -30.0  # ln w: less is never drawn


@dataclass(frozen=True, kw_only=True)
class BeliefConfig(Settings):
    """Knobs of belief."""

    exploration: float = number(0.1, 0.0, 1.0, "ε: part of the probability that is the policy's own (ours)")
    prior_hits: float = number(3.0, 0.1, 1000.0, "α at the start: hits imagined of each action (ours)")
    prior_uses: float = number(60.0, 1.0, 100_000.0, "β at the start: uses imagined of each action (ours)")
    trust: float = number(0.7, 0.0, 10.0, "τ: power of the policy's odds in the weights (ours)")
    gain: float = number(
        1.0,
        0.0,
        1000.0,
        "γ: what a hit adds to α (ours); 0 where what is believed came from earlier searches",
    )


class Belief:
    """Believed hits and uses of each action, and the policy that weighs them."""

    def __init__(self, config: BeliefConfig, n_actions: int, n_features: int) -> None:
        self.config = config
        self.theta = np.zeros((n_actions, n_features))  # of π
        self.counts = np.tile([config.prior_hits, config.prior_uses], (n_actions, 1))  # [A, 2] α, β

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        """Draw from P of the module's head."""
        policy = policy_at(self.theta, observation.features, observation.mask, 0.0).probabilities
        h = np.where(observation.mask, self.theta @ observation.features, -np.inf)
        weights = np.maximum(self.config.trust * (h - h.max()), LEAST)  # ln w
        chances = np.zeros(len(h))
        chances[observation.mask] = win_chances(self.counts[observation.mask], weights[observation.mask])
        epsilon = self.config.exploration
        return draw((1 - epsilon) * chances + epsilon * policy, rng)

    def learn(self, transition: Transition) -> Update | None:
        """Count one use, and one hit if it was one.  The policy stays as it is: no update is reported."""
        self.counts[transition.action] += (self.config.gain * transition.is_lowest, 1.0)
        return None

    def snapshot(self) -> dict[str, Any]:
        """The counts; the policy is the configuration's."""
        return {"counts": self.counts.tolist()}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Inverse of `snapshot`; ValueError where it is of other actions or no counts."""
        counts = np.array(snapshot["counts"], dtype=np.float64)
        if counts.shape != self.counts.shape or not (np.isfinite(counts) & (counts > 0)).all():
            raise ValueError("its hits and uses are none")
        self.counts = counts


def win_chances(counts: Array, weights: Array) -> Array:
    """[A] probability of each w_a r_a to be the largest; counts [A, 2] α, β, weights [A] ln w."""
    alpha, shift = counts[:, 0], weights - np.log(counts[:, 1])
    low = np.log(np.maximum(gammaincinv(alpha, TAIL), SMALLEST)) + shift
    high = np.log(gammainccinv(alpha, TAIL)) + shift
    able = high > low.max()  # the others lie below the best in all but TAIL of the draws
    chances = np.zeros(len(alpha))
    if able.sum() == 1:
        chances[able] = 1.0
        return chances
    alpha, shift = alpha[able, None], shift[able, None]
    begin, end = low.max(), high.max()
    n = math.ceil((end - begin) * PER_DEVIATION * math.sqrt(alpha.max()))
    x = (
        np.linspace(begin, end, min(max(n, FEWEST), MOST)) - shift
    )  # [A, X] ln(r β): a standard gamma variable
    log_density = alpha * x - np.exp(x) - gammaln(alpha)  # of x
    log_below = np.log(np.maximum(gammainc(alpha, np.exp(x)), SMALLEST))
    won = np.exp(log_density + log_below.sum(axis=0) - log_below).sum(axis=1)
    chances[able] = won / won.sum()  # the step of the grid cancels
    return chances
