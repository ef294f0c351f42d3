"""Experience, cut into episodes of H steps, with standardised rewards and the returns that follow each step.

    r_k = (R_k − mean) / deviation       over the last 5000 rewards, R_k among them
    G_t = Σ_{k ≥ t} r_k                  within the episode

The first 10 rewards are clipped to ±1, and stay so in the history: too few to measure a deviation, one of
them must not set the scale of all that follow.  Zamaraeva et al., Digital Discovery 2023, 2, 1831, section
2. Shapes: T steps, A actions, F features.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rlcsp_core.records import Array, BoolArray, IntArray


class Episode(NamedTuple):
    """Consecutive steps under one policy; several episodes joined have the same form."""

    features: Array  # [T, F]
    masks: BoolArray | IntArray  # [T, A], or how many actions each row stands for
    actions: IntArray  # [T]
    rewards: Array  # [T] standardised
    returns: Array  # [T] G_t, as the learner's valuation has it
    probabilities: Array  # [T, A] π(·|s_t) when the action was taken
    values: Array  # [T] V(s_t), learned from the episodes before this one


def returns_to_go(rewards: Array) -> Array:
    """G_t = Σ_{k ≥ t} r_k [T]."""
    return np.cumsum(rewards[::-1])[::-1].copy()


def joined(episodes: Iterable[Episode]) -> Episode:
    """All steps of several episodes, in order."""
    return Episode(*(np.concatenate(parts) for parts in zip(*episodes, strict=True)))


def episode_to_lists(episode: Episode) -> dict[str, Any]:
    """As plain lists."""
    return {name: column.tolist() for name, column in episode._asdict().items()}


def episode_from_lists(lists: Mapping[str, Sequence[Any]], n_actions: int, n_features: int) -> Episode:
    """Inverse of `episode_to_lists`; ValueError where the columns do not belong together."""
    types: dict[str, type] = {"masks": np.bool_, "actions": np.int64}
    episode = Episode(*(np.array(lists[name], dtype=types.get(name, np.float64)) for name in Episode._fields))
    length = len(episode.actions)
    widths = {"features": (n_features,), "masks": (n_actions,), "probabilities": (n_actions,)}
    for name, column in episode._asdict().items():
        if not length or column.shape != (length, *widths.get(name, ())):
            raise ValueError(f"the {name} of an episode have the shape {column.shape}")
    if not (all(0 <= a < n_actions for a in episode.actions) and episode.masks.any(axis=1).all()):
        raise ValueError("an episode has an action that there is not, or a step without any")
    return episode


class RewardScale:
    """Standardises each reward by those seen last."""

    def __init__(self, window: int, warm_up: int) -> None:
        self.warm_up = warm_up
        self.seen = 0
        self._recent = np.zeros(window)  # ring of the last rewards

    def standardised(self, reward: float) -> float:
        """r of the module's head; 0 as long as all rewards are equal."""
        if not math.isfinite(reward):
            raise ValueError(f"a reward must be a finite number, got {reward}")
        warming = self.seen < self.warm_up
        if warming:
            reward = min(max(reward, -1.0), 1.0)
        self._recent[self.seen % len(self._recent)] = reward
        self.seen += 1
        return reward if warming else self._z(reward)

    def _z(self, reward: float) -> float:
        recent = self._recent[: self.seen]
        # np.add.reduce, not mean(): half of the time of a step was overhead of mean()
        from_mean = recent - np.add.reduce(recent) / len(recent)
        deviation = math.sqrt(np.add.reduce(from_mean * from_mean) / len(recent))
        # equal rewards leave a mean off by rounding, and a deviation of that size
        if deviation <= 1e-12 * max(1.0, abs(reward)):
            return 0.0
        return float(from_mean[(self.seen - 1) % len(recent)]) / deviation

    def snapshot(self) -> dict[str, Any]:
        """As plain numbers; the ring in its own order, because sums depend on it in the last bit."""
        return {"seen": self.seen, "recent": self._recent[: self.seen].tolist()}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Inverse of `snapshot`; ValueError where there are more or fewer rewards than were seen."""
        self.seen = int(snapshot["seen"])
        if len(snapshot["recent"]) != min(self.seen, len(self._recent)):
            raise ValueError(f"{len(snapshot['recent'])} rewards are remembered of {self.seen}")
        self._recent[:] = 0.0
        self._recent[: len(snapshot["recent"])] = snapshot["recent"]
