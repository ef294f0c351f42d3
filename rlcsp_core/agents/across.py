"""Learning across searches: an episode is a search, and a rule of the agents improves the policy after one or several.

What a search teaches is said by its credit:

    steps       every step of the search has the return −ln(steps to the target)
    lineage     the step that found the target has 1, the step that made its parent d, that one's parent d², …; the
                others 0.  With d = 0, the mean gradient of a search is that of ln Σ_a π_a h_a, minus the logarithm of
                the expected steps, where action a finds the target in a part h_a of its uses
    published   the rewards of the method within one search, episodes of H steps

    r = (R − mean)/deviation     over the values of this policy so far, of one compound where returns are compared

Then θ changes as the rule says (REINFORCE, NPG, PPO, actor–critic, TRPO), with B2 fitted to the searches before.
Actions may share a row of θ: then the probabilities of an episode are sums over them, and its masks numbers of unmasked
actions, with which the gradient is exact.  Shapes: T steps of a search, A rows of θ, F features.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from rlcsp_core.agents import AGENTS
from rlcsp_core.agents.baselines import BASELINES
from rlcsp_core.agents.episodes import Episode, RewardScale, joined, returns_to_go
from rlcsp_core.agents.learner import FIRST_KL_WEIGHT
from rlcsp_core.agents.policy import policy_at
from rlcsp_core.agents.rule import Parameters
from rlcsp_core.agents.valuation import Experience, monte_carlo
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, BoolArray, IntArray
from rlcsp_core.settings import entry, settings_from

WINDOW = 100_000  # values that set mean and deviation


class Searched(NamedTuple):
    """What a search was, as far as a policy learns from it."""

    problem: str  # searches of one problem are compared
    states: Array  # [T + 1, F] features before each step and after the last
    masks: BoolArray | IntArray  # [T, A]
    actions: IntArray  # [T] rows of θ
    rewards: Array  # [T] as the method has them
    found: Mapping[
        int, float
    ]  # {step from 0: credit} of what led to the target; empty where it was not reached
    limit: int  # steps after which it would have been given up


class Worth(NamedTuple):
    """What the steps of a search, or of a part of it, were worth."""

    rewards: Array  # [T]
    returns: Array  # [T]


Scales = dict[str, RewardScale]
Credit = Callable[[Searched, Scales, int], list[tuple[slice, Worth]]]  # (…, horizon) -> parts of the search


def by_steps(search: Searched, scales: Scales, _: int) -> list[tuple[slice, Worth]]:
    """One return for all; a search given up counts with its limit."""
    n = len(search.actions)
    value = _scale(scales, search.problem).standardised(-math.log(n if search.found else search.limit))
    rewards = np.zeros(n)
    rewards[-1] = value
    return [(slice(0, n), Worth(rewards, returns_to_go(rewards)))]


def by_lineage(search: Searched, scales: Scales, _: int) -> list[tuple[slice, Worth]]:
    """The credit of each step for itself."""
    n = len(search.actions)
    scale = _scale(scales, "")
    credit = np.array([scale.standardised(search.found.get(t, 0.0)) for t in range(n)])
    return [(slice(0, n), Worth(credit, credit))]


def by_rewards(search: Searched, scales: Scales, horizon: int) -> list[tuple[slice, Worth]]:
    """The returns of the method; the steps after the last whole episode are left out, as there."""
    scale = _scale(scales, search.problem)
    rewards = np.array([scale.standardised(float(reward)) for reward in search.rewards])
    parts = [slice(t, t + horizon) for t in range(0, len(rewards) - horizon + 1, horizon)]
    return [(part, Worth(rewards[part], returns_to_go(rewards[part]))) for part in parts]


def _scale(scales: Scales, problem: str) -> RewardScale:
    return scales.setdefault(problem, RewardScale(WINDOW, 0))


CREDITS: Mapping[str, Credit] = MappingProxyType(
    {"steps": by_steps, "lineage": by_lineage, "published": by_rewards}
)


class Across:
    """A policy that a rule improves after every batch of searches."""

    def __init__(
        self, algorithm: str, baseline: str, settings: Mapping[str, Any], credit: str, theta: Array
    ) -> None:
        """theta: [A, F] at the start; the other names are keys of AGENTS, BASELINES and CREDITS."""
        kind = entry(AGENTS, algorithm, "algorithm")
        if kind.rule is None:
            raise ConfigError(f"{algorithm} changes no policy: choose a learner")
        self.config: Any = settings_from(kind.config, settings, algorithm)
        self._rule, self._valuation = kind.rule, kind.valuation
        self._baseline = entry(BASELINES, baseline, "baseline")
        self._credit = entry(CREDITS, credit, "credit")
        self._parameters = Parameters(theta.copy(), FIRST_KL_WEIGHT, np.zeros(theta.shape[1]))
        self._scales: Scales = {}
        self._earlier: deque[Episode] = deque(maxlen=self.config.trajectories)

    @property
    def theta(self) -> Array:
        """[A, F]"""
        return self._parameters.theta

    def learn(self, searches: Sequence[Searched]) -> None:
        """One update from searches that were all made with θ; none where no step was made."""
        episodes = [episode for search in searches for episode in self._episodes(search)]
        if not episodes:
            return
        batch = [joined(episodes)]
        self._parameters = self._rule(self._parameters, batch, self._baseline, self.config).parameters
        self._earlier.extend(episodes)

    def _episodes(self, search: Searched) -> list[Episode]:
        if not len(search.actions):
            return []
        pi = policy_at(self.theta, search.states[:-1], search.masks, self.config.exploration).probabilities
        parts = self._credit(search, self._scales, self.config.horizon)
        return [self._episode(search, part, worth, pi[part]) for part, worth in parts]

    def _episode(self, search: Searched, part: slice, worth: Worth, pi: Array) -> Episode:
        states = search.states[part.start : part.stop + 1]
        experience = Experience(states, worth.rewards, tuple(self._earlier), self._parameters.critic)
        returns, values = self._valuation(experience, self.config)
        if self._valuation is monte_carlo:
            returns = worth.returns
        return Episode(
            states[:-1], search.masks[part], search.actions[part], worth.rewards, returns, pi, values
        )
