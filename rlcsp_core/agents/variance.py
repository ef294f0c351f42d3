"""How much each baseline quiets the gradient, on the same recorded experience.

    g_i(b) = (1/n) Σ_{trajectories of batch i} Σ_t (G_t − b_t) ∇ln π(a_t|s_t)
    variance(b) = Σ_parameters var_i g_i(b)
    bias(b)     = mean_i [g_i(b) − g_i(none)]       with its standard error, for the two are paired

A baseline is worth having where it lowers the variance and its bias is not beyond the standard error.  Scores are
those of the policy that acted.  Shapes: I batches, A actions, F features.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from rlcsp_core.agents.baselines import BASELINES, Baseline
from rlcsp_core.agents.episodes import Episode, joined
from rlcsp_core.agents.learner import Learner
from rlcsp_core.agents.policy import in_theta, policy_at, scores_of
from rlcsp_core.records import Array, Transition


class RecordedEpisode(NamedTuple):
    """One trajectory and the policy it was made with."""

    episode: Episode
    theta: Array  # [A, F]


class GradientVariance(NamedTuple):
    """What one baseline does to the gradient estimate."""

    baseline: str
    n_batches: int
    variance: float  # summed over the parameters
    mean: Array  # [A, F]
    bias_norm: float  # Euclidean norm of the mean difference from no baseline
    bias_error: float  # standard error of that difference, summed in squares over the parameters


def recorded_episodes(transitions: Iterable[Transition], learner: Learner) -> list[RecordedEpisode]:
    """The trajectories of a recorded run, by letting a new learner with its settings learn it again."""
    recorded: list[RecordedEpisode] = []
    last = None
    for transition in transitions:
        theta = learner.theta
        learner.learn(transition)
        if learner.episodes and learner.episodes[-1] is not last:
            last = learner.episodes[-1]
            recorded.append(RecordedEpisode(last, theta))
    return recorded


def gradient_variances(
    recorded: Sequence[RecordedEpisode], exploration: float, batch_size: int
) -> tuple[GradientVariance, ...]:
    """One entry for every baseline; `batch_size` trajectories make one estimate, what is left over is not used."""
    batches = [recorded[i : i + batch_size] for i in range(0, len(recorded) - batch_size + 1, batch_size)]
    if len(batches) < 2:
        return ()
    estimates = {
        name: np.array([batch_gradient(batch, baseline, exploration) for batch in batches])
        for name, baseline in BASELINES.items()
    }
    return tuple(_summary(name, g, g - estimates["none"]) for name, g in estimates.items())


def relative(rows: Sequence[GradientVariance]) -> tuple[GradientVariance, ...]:
    """The same with bias and its error in standard deviations of the estimate without a baseline."""
    spread = next((math.sqrt(row.variance) for row in rows if row.baseline == "none"), 0.0) or 1.0
    return tuple(
        row._replace(bias_norm=row.bias_norm / spread, bias_error=row.bias_error / spread) for row in rows
    )


def batch_gradient(batch: Sequence[RecordedEpisode], baseline: Baseline, exploration: float) -> Array:
    """g_i(b) of the module's head [A, F]."""
    steps = joined(episode for episode, _ in batch)
    advantage = np.split(steps.returns - baseline.of(steps), _ends(batch))
    return np.sum(
        [
            in_theta(a[:, None] * _scores(recorded, exploration), recorded.episode.features)
            for a, recorded in zip(advantage, batch, strict=True)
        ],
        axis=0,
    ) / len(batch)


def _ends(batch: Sequence[RecordedEpisode]) -> Array:
    return np.cumsum([len(recorded.episode.actions) for recorded in batch])[:-1]


def _scores(recorded: RecordedEpisode, exploration: float) -> Array:
    episode = recorded.episode
    policy = policy_at(recorded.theta, episode.features, episode.masks, exploration)
    return scores_of(policy, episode.actions)


def _summary(name: str, g: Array, difference: Array) -> GradientVariance:
    n = len(g)
    return GradientVariance(
        baseline=name,
        n_batches=n,
        variance=float(g.var(axis=0, ddof=1).sum()),
        mean=g.mean(axis=0),
        bias_norm=float(np.linalg.norm(difference.mean(axis=0))),
        bias_error=math.sqrt(difference.var(axis=0, ddof=1).sum() / n),
    )
