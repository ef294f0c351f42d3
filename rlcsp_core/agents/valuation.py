"""What the steps of an episode were worth: the return that followed, and the value expected before they were taken.

    monte carlo   G_t = Σ_{k ≥ t} r_k within the episode;   V(s) = v·x(s), v by ridge regression of past returns

Sutton & Barto, Reinforcement Learning, 2nd ed. 2018, chapter 13.4.  The other valuation there is, by a critic, is
actor–critic's own: `actor_critic.by_critic`.  Shapes: T steps, F features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rlcsp_core.agents.baselines import fit_value
from rlcsp_core.agents.episodes import Episode, returns_to_go
from rlcsp_core.agents.settings import MonteCarloConfig
from rlcsp_core.records import Array


class Experience(NamedTuple):
    """An episode, and what was known before it."""

    states: Array  # [T + 1, F] features before each step and after the last
    rewards: Array  # [T] standardised
    earlier: Sequence[Episode]  # oldest first
    critic: Array  # [F] v


Valuation = Callable[..., tuple[Array, Array]]  # (experience, config) -> returns G_t [T], values V(s_t) [T]


def monte_carlo(experience: Experience, config: MonteCarloConfig) -> tuple[Array, Array]:
    """G and V of the module's head."""
    features = experience.states[:-1]
    v = fit_value(experience.earlier, features.shape[1], config.ridge)
    return returns_to_go(experience.rewards), features @ v
