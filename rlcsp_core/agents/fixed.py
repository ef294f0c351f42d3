"""The two policies that do not learn: Uniform and Original.

    π(a) = w_a / Σ_b w_b    over the unmasked actions

Original has FUSE's weights (Collins, Darling, Rosseinsky, Faraday Discuss. 2018, 211, 117), with the weight
18 of its move 1 divided 8 : 3 : 1 among actions 1, 9, 10, and other weights while the search melts.  Where
all actions that have a weight are masked, it falls back to uniform.  Shapes: A actions, in the order 1, 2,
3, 4, 5, 6, 7, 9, 10 of the published numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlcsp_core.agents.agent import draw
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, BoolArray, Decision, Observation, Transition, Update

PUBLISHED_NUMBERS = (1, 2, 3, 4, 5, 6, 7, 9, 10)  # of the actions, in the order of their indices
ORIGINAL_WEIGHTS = {1: 12.0, 9: 4.5, 10: 1.5, 2: 5.0, 3: 3.0, 4: 3.0, 5: 3.0, 6: 2.0, 7: 1.0}
MELTING_WEIGHTS = {3: 1.0, 4: 1.0, 5: 1.0, 6: 2.0, 7: 3.0}


class FixedPolicy:
    """Draws with the same weights at every state."""

    def __init__(self, weights: Array, melting_weights: Array) -> None:
        self._weights = weights  # [A]
        self._melting_weights = melting_weights  # [A]

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        """π of the module's head, and an action drawn from it."""
        weights = self._melting_weights if observation.melting else self._weights
        return draw(masked_weights(weights, observation.mask), rng)

    def learn(self, transition: Transition) -> Update | None:  # noqa: ARG002  (the verb takes it)
        """Nothing."""
        return None

    def snapshot(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Nothing to take up."""


def masked_weights(weights: Array, mask: BoolArray) -> Array:
    """π [A]: weights over the unmasked actions, uniform over them where none of them has a weight."""
    if not mask.any():
        raise ValueError("no action can be taken: every action is masked")
    allowed = np.where(mask, weights, 0.0)
    if not allowed.any():
        allowed = mask.astype(np.float64)
    return allowed / allowed.sum()


def uniform(n_actions: int) -> FixedPolicy:
    """All actions alike."""
    return FixedPolicy(np.ones(n_actions), np.ones(n_actions))


def original(n_actions: int) -> FixedPolicy:
    """FUSE's weights; they are defined for the nine published actions only."""
    if n_actions != len(PUBLISHED_NUMBERS):
        raise ConfigError(
            f"original has weights for the {len(PUBLISHED_NUMBERS)} published actions, got {n_actions}; "
            "choose uniform"
        )
    return FixedPolicy(_by_index(ORIGINAL_WEIGHTS), _by_index(MELTING_WEIGHTS))


def _by_index(weights: Mapping[int, float]) -> Array:
    return np.array([weights.get(number, 0.0) for number in PUBLISHED_NUMBERS])
