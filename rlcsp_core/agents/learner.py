"""An agent that learns: collects episodes, and hands them to its rule.

The rule (REINFORCE, NPG, …) is a function from parameters and episodes to new parameters, the valuation one from an
episode to its returns and values; everything around them, how experience is cut, standardised, kept and put on paper,
is here and the same for all.  θ = 0 at the start: uniform.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from rlcsp_core.agents.agent import draw
from rlcsp_core.agents.baselines import Baseline
from rlcsp_core.agents.episodes import (
    Episode,
    RewardScale,
    episode_from_lists,
    episode_to_lists,
)
from rlcsp_core.agents.policy import entropy, kl, policy_at
from rlcsp_core.agents.rule import Improvement, Parameters
from rlcsp_core.agents.settings import LearnerConfig
from rlcsp_core.agents.valuation import Experience, Valuation
from rlcsp_core.records import Array, Decision, Observation, Transition, Update

Rule = Callable[..., Improvement]  # improve(parameters, episodes, baseline, config)
FIRST_KL_WEIGHT = 1.0  # λ_KL at the start (Schulman et al. 2017, section 4)


class Learner:
    """A policy θ that its rule improves after every `episodes_per_update` episodes."""

    def __init__(
        self,
        rule: Rule,
        valuation: Valuation,
        config: LearnerConfig,
        baseline: Baseline,
        n_actions: int,
        n_features: int,
    ) -> None:
        self.config = config
        self._rule = rule
        self._valuation = valuation
        self._baseline = baseline
        theta = np.zeros((n_actions, n_features))
        self._parameters = Parameters(theta, FIRST_KL_WEIGHT, np.zeros(n_features))
        self._scale = RewardScale(config.reward_window, config.warm_up)
        self._steps: list[tuple[Array, np.ndarray, int, float]] = []  # of the episode under way
        self._episodes: deque[Episode] = deque(maxlen=config.trajectories)
        self._since_update = 0  # episodes

    @property
    def theta(self) -> Array:
        """The policy's parameters [A, F]."""
        return self._parameters.theta

    @theta.setter
    def theta(self, theta: Array) -> None:
        """Take over a shared policy; between episodes, that is right after `learn` returned an update."""
        if np.shape(theta) != self.theta.shape:
            raise ValueError(f"theta must have shape {self.theta.shape}, got {np.shape(theta)}")
        self._parameters = self._parameters._replace(theta=np.array(theta, dtype=np.float64))

    @property
    def critic(self) -> Array:
        """v [F] of V(s) = v·x(s); 0 where the algorithm has no critic."""
        return self._parameters.critic

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """The trajectories kept, oldest first."""
        return tuple(self._episodes)

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        """Draw from π(·|s)."""
        policy = policy_at(self.theta, observation.features, observation.mask, self.config.exploration)
        return draw(policy.probabilities, rng)

    def learn(self, transition: Transition) -> Update | None:
        """Take in one step; at the end of an episode, improve the policy."""
        observation, action, reward, next_features, _ = transition
        standardised = self._scale.standardised(reward)
        self._steps.append((observation.features, observation.mask, action, standardised))
        if len(self._steps) < self.config.horizon:
            return None
        episode = self._finished_episode(next_features)
        if self._scale.seen - self.config.horizon < self.config.warm_up:
            return None  # holds a reward of the warm-up
        self._episodes.append(episode)
        self._since_update += 1
        if self._since_update < self.config.episodes_per_update:
            return None
        self._since_update = 0
        return self._improve()

    def _finished_episode(self, last: Array) -> Episode:
        """last: [F] features after the last step."""
        features, masks, actions, rewards = (np.array(column) for column in zip(*self._steps, strict=True))
        self._steps.clear()
        policy = policy_at(self.theta, features, masks, self.config.exploration)
        states = np.concatenate([features, [last]])
        returns, values = self._valuation(
            Experience(states, rewards, tuple(self._episodes), self.critic), self.config
        )
        return Episode(features, masks, actions, rewards, returns, policy.probabilities, values)

    def _improve(self) -> Update | None:
        old = self._parameters
        self._parameters, gradient, batch = self._rule(
            old, tuple(self._episodes), self._baseline, self.config
        )
        if np.array_equal(old.theta, self.theta):
            return None
        before, after = (
            policy_at(theta, batch.features, batch.masks, self.config.exploration).probabilities
            for theta in (old.theta, self.theta)
        )
        return Update(
            theta=self.theta.copy(),
            gradient_norm=float(np.linalg.norm(gradient)),
            entropy=float(entropy(before).mean()),
            kl=float(kl(before, after).mean()),
        )

    def snapshot(self) -> dict[str, Any]:
        """All state as plain lists and numbers."""
        return {
            "theta": self.theta.tolist(),
            "kl_weight": self._parameters.kl_weight,
            "critic": self.critic.tolist(),
            "rewards": self._scale.snapshot(),
            "steps": [[x.tolist(), mask.tolist(), int(a), float(r)] for x, mask, a, r in self._steps],
            "episodes": [episode_to_lists(episode) for episode in self._episodes],
            "since_update": self._since_update,
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take up the state of a snapshot of an agent made with the same settings.

        ValueError where its parts have other shapes; nothing is to be done with the agent then."""
        n_actions, n_features = self.theta.shape
        theta = np.array(snapshot["theta"], dtype=np.float64)
        critic = np.array(snapshot["critic"], dtype=np.float64)
        if theta.shape != self.theta.shape or critic.shape != (n_features,):
            raise ValueError(f"θ has the shape {theta.shape} and the critic {critic.shape}")
        self._parameters = Parameters(theta, float(snapshot["kl_weight"]), critic)
        self._scale.restore(snapshot["rewards"])
        self._steps = [step_from_list(step, n_actions, n_features) for step in snapshot["steps"]]
        self._episodes.clear()
        self._episodes.extend(
            episode_from_lists(lists, n_actions, n_features) for lists in snapshot["episodes"]
        )
        self._since_update = int(snapshot["since_update"])


def step_from_list(
    values: Sequence[Any], n_actions: int, n_features: int
) -> tuple[Array, np.ndarray, int, float]:
    """A step of an episode under way, as a snapshot has it."""
    x, mask, action, reward = values
    features, allowed = np.array(x, dtype=np.float64), np.array(mask, dtype=bool)
    shapes = features.shape, allowed.shape
    if shapes != ((n_features,), (n_actions,)) or not allowed.any() or action not in range(n_actions):
        raise ValueError("a step of the episode under way is none")
    return features, allowed, action, float(reward)
