"""The policies that do not learn: Fixed, Uniform and Original.

    Fixed       π(a|s) = (1−ε) softmax_a θ_a·x(s) + ε/n      over the n unmasked actions, θ learned before
    Uniform     the same with ε = 1
    Original    π(a) = w_a / Σ_b w_b

Original has FUSE's weights (Collins, Darling, Rosseinsky, Faraday Discuss. 2018, 211, 117), with the weight
18 of its move 1 divided 8 : 3 : 1 among actions 1, 9, 10, and other weights while the search melts.  Where
all actions that have a weight are masked, it falls back to uniform.  Shapes: A actions, of Original in the
order 1, 2, 3, 4, 5, 6, 7, 9, 10 of the published numbers; F features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlcsp_core.agents.agent import draw
from rlcsp_core.agents.policy import policy_at
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, BoolArray, Decision, Observation, Transition, Update
from rlcsp_core.settings import Settings, number

PUBLISHED_NUMBERS = (1, 2, 3, 4, 5, 6, 7, 9, 10)  # of the actions, in the order of their indices
ORIGINAL_WEIGHTS = {1: 12.0, 9: 4.5, 10: 1.5, 2: 5.0, 3: 3.0, 4: 3.0, 5: 3.0, 6: 2.0, 7: 1.0}
MELTING_WEIGHTS = {3: 1.0, 4: 1.0, 5: 1.0, 6: 2.0, 7: 3.0}


@dataclass(frozen=True, kw_only=True)
class FixedConfig(Settings):
    """Knobs of Fixed."""

    exploration: float = number(0.1, 0.0, 1.0, "ε: part of the probability that is uniform")


class Unlearning:
    """What the agents here have in common: nothing is learned, and nothing is to be kept."""

    def learn(self, transition: Transition) -> Update | None:  # noqa: ARG002  (the verb takes it)
        """Nothing."""
        return None

    def snapshot(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Nothing to take up."""


class Fixed(Unlearning):
    """Draws from a policy as it was given."""

    def __init__(self, exploration: float, n_actions: int, n_features: int) -> None:
        self.exploration = exploration
        self.theta = np.zeros((n_actions, n_features))

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        """An action drawn from π of the module's head."""
        policy = policy_at(self.theta, observation.features, observation.mask, self.exploration)
        return draw(policy.probabilities, rng)


class Original(Unlearning):
    """FUSE's weights, the same at every state."""

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        """An action drawn from π of the module's head."""
        weights = _by_index(MELTING_WEIGHTS if observation.melting else ORIGINAL_WEIGHTS)
        return draw(masked_weights(weights, observation.mask), rng)


def masked_weights(weights: Array, mask: BoolArray) -> Array:
    """π [A]: weights over the unmasked actions, uniform over them where none of them has a weight."""
    if not mask.any():
        raise ValueError("no action can be taken: every action is masked")
    allowed = np.where(mask, weights, 0.0)
    if not allowed.any():
        allowed = mask.astype(np.float64)
    return allowed / allowed.sum()


def given(config: FixedConfig, n_actions: int, n_features: int) -> Fixed:
    """Fixed."""
    return Fixed(config.exploration, n_actions, n_features)


def uniform(_: Settings, n_actions: int, n_features: int) -> Fixed:
    """All actions alike."""
    return Fixed(1.0, n_actions, n_features)


def original(_: Settings, n_actions: int, __: int) -> Original:
    """FUSE's weights; they are defined for the nine published actions only."""
    if n_actions != len(PUBLISHED_NUMBERS):
        raise ConfigError(
            f"original has weights for the {len(PUBLISHED_NUMBERS)} published actions, got {n_actions}; "
            "choose uniform"
        )
    return Original()


def _by_index(weights: Mapping[int, float]) -> Array:
    return np.array([weights.get(number, 0.0) for number in PUBLISHED_NUMBERS])
