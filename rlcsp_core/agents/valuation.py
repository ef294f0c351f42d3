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


class Walk(NamedTuple):
    """What an episode came through."""

    states: Array  # [T + 1, F] features before each step and after the last
    rewards: Array  # [T] standardised


class Known(NamedTuple):
    """What was known before the episode."""

    episodes: Sequence[Episode]  # oldest first
    critic: Array  # [F] v


class Worth(NamedTuple):
    """What its steps were worth."""

    returns: Array  # [T] G_t
    values: Array  # [T] V(s_t)


Valuation = Callable[..., Worth]  # worth(walk, known, config)


def monte_carlo(walk: Walk, known: Known, config: MonteCarloConfig) -> Worth:
    """Of the module's head."""
    features = walk.states[:-1]
    v = fit_value(known.episodes, features.shape[1], config.ridge)
    return Worth(returns_to_go(walk.rewards), features @ v)
