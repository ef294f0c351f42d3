"""Hyperparameters that learners share.  Each learner adds its own, in the file that uses them."""

from __future__ import annotations

from dataclasses import dataclass

from rlcsp_core.settings import Settings, choice, number


@dataclass(frozen=True, kw_only=True)
class LearnerConfig(Settings):
    """What all learners share."""

    exploration: float = number(0.1, 0.0, 1.0, "ε: part of the probability that is uniform (RL-CSP: 0.1)")
    horizon: int = number(5, 1, 1000, "H: steps in one episode (RL-CSP and the report: 5)")
    trajectories: int = number(10, 1, 1000, "N: episodes kept for an expectation (the report: 10)")
    reward_window: int = number(5000, 2, 100_000, "rewards that set mean and deviation (RL-CSP: 5000)")
    warm_up: int = number(10, 0, 10_000, "first rewards, clipped to ±1 and not learned from (RL-CSP: 10)")

    @property
    def episodes_per_update(self) -> int:
        """How many episodes pass between two updates."""
        return 1


@dataclass(frozen=True, kw_only=True)
class MonteCarloConfig(LearnerConfig):
    """What the learners share whose values are fitted to whole returns."""

    ridge: float = number(
        1.0, 1e-9, 1e6, "regularisation of B2's regression, as a number of pseudo-steps of return 0"
    )


@dataclass(frozen=True, kw_only=True)
class BatchConfig(MonteCarloConfig):
    """What the learners share that take expectations over N trajectories."""

    batch: str = choice(
        "fresh", ("fresh", "sliding"), "update on N new episodes, or after every episode on the last N"
    )

    @property
    def episodes_per_update(self) -> int:
        """N for fresh batches: all of one policy, as the expectation demands."""
        return self.trajectories if self.batch == "fresh" else 1
