"""What an agent is: two verbs, and a state that can be put on paper and taken up again.

An agent knows no chemistry.  It sees how many actions there are, a vector of features whose first entry is
1, and a mask; it answers with an action and the probabilities it was drawn from.  `act` draws from the
run's generator, `learn` is deterministic: a search taken up from a snapshot continues bit for bit, and
feeding the recorded transitions to a new agent gives the same parameters as saving them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from rlcsp_core.records import Array, Decision, Observation, Transition, Update


class Agent(Protocol):
    """Chooses an action, learns from what came of it."""

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        """Draw an unmasked action."""
        ...

    def learn(self, transition: Transition) -> Update | None:
        """Take in one step; the update it caused, where it changed the policy."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """All state as plain lists and numbers; JSON keeps every bit of it."""
        ...

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take up the state of a snapshot of an agent made with the same settings."""
        ...


def draw(probabilities: Array, rng: np.random.Generator) -> Decision:
    """An action a with probability π(a); `Generator.choice` takes several times as long."""
    cumulative = np.cumsum(probabilities)
    # "right" steps over entries of probability 0, so that a masked action cannot be drawn
    action = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
    return Decision(action, probabilities)
