"""One step of a stored run with everything that led to it and came of it, in the run's own numbers.

Shapes: A actions, F features, H steps of the episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import exp, isnan
from typing import NamedTuple

import numpy as np

from rlcsp_core.actions import actions_of
from rlcsp_core.agents.settings import LearnerConfig
from rlcsp_core.analysis.learned import features_of, learned, learner_of, learns, policy_before
from rlcsp_core.analysis.policy_map import over_energy
from rlcsp_core.analysis.reading import Reader
from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import SAME_ENERGY, Array
from rlcsp_core.scale import energy_scale
from rlcsp_core.search.explain import (
    FAILED,
    SEEN,
    ChoiceExplanation,
    RewardExplanation,
    UpdateExplanation,
    explain_choice,
    explain_reward,
    explain_update,
)
from rlcsp_core.search.reward import features
from rlcsp_core.store import RunInfo, StepTable


@dataclass(frozen=True, eq=False)
class StepView:
    """A step as it was recorded; read in no time, however long the run."""

    step: int
    row: StepTable  # the step alone
    numbers: tuple[int, ...]  # [A] of the actions, in the order of the probabilities
    current_energy: float  # eV/atom, when the action was chosen
    useless: str | None  # why the reward is a penalty; None where it is not

    @property
    def energy(self) -> float | None:
        """eV/atom of the trial; None where it has none."""
        energy = float(self.row.energy[0])
        return None if isnan(energy) else energy

    @property
    def delta(self) -> float | None:
        """eV/atom of the trial above the current structure; None where it has no energy."""
        return None if self.energy is None else self.energy - self.current_energy

    @property
    def acceptance(self) -> float:
        """Probability that the trial is accepted: min(1, exp(−ΔE/kT))."""
        if self.delta is None:
            return 0.0
        return min(1.0, exp(-self.delta / float(self.row.kT[0]))) if self.delta > 0 else 1.0

    @property
    def outcome(self) -> str:
        """ "accepted", "rejected" or "failed: cell collapse"."""
        if self.delta is None:
            return f"failed: {self.row.reason[0]}"
        return "accepted" if self.row.accepted[0] else "rejected"


@dataclass(frozen=True, eq=False)
class Moment(StepView):
    """A step, taken apart; this takes all energies before it."""

    reward: RewardExplanation
    learns: bool
    choice: (
        ChoiceExplanation | None
    )  # None for a fixed policy, and for one that was shown what steps do not record
    episode: Episode | None  # None where there is no choice, and while the episode is not complete


@dataclass(frozen=True, eq=False)
class Episode:
    """The steps that one learning update looks at."""

    first: int
    last: int
    rewards: Array  # [H] as given
    explanation: UpdateExplanation
    theta_before: Array  # [A, F]
    theta_after: Array | None  # [A, F]; None where the episode changed nothing


def step_view(store: Reader, run: RunInfo, step: int) -> StepView:
    """Step `step` of a run."""
    if not 1 <= step <= run.n_steps:
        raise NotFoundError(f"run {run.id} has no step {step}: it has made {run.n_steps}")
    numbers = tuple(action.number for action in actions_of(run.config))
    row, current = store.steps(run.id, step - 1, step), _energy_before(store, run, step)
    scale = energy_scale(store.population(run.id).energy)
    useless = None
    if np.isnan(row.energy[0]):
        useless = FAILED
    elif not np.isclose(row.reward[0], scale.z(current) - scale.z(row.energy[0]), rtol=1e-6, atol=1e-9):
        useless = SEEN
    return StepView(step, row, numbers, current, useless)


class Landmarks(NamedTuple):
    """Steps of a run worth a visit, each rising."""

    accepted: list[int]
    lowest: list[int]  # those that found a new lowest energy; a repeat within SAME_ENERGY is none


def landmarks(store: Reader, run: RunInfo) -> Landmarks:
    columns = store.series([run.id], ["accepted", "best_energy"])[run.id]
    members = store.population(run.id).energy
    best = np.concatenate([[np.nanmin(members, initial=np.inf)], columns["best_energy"]])
    fell = best[:-1] - best[1:] > SAME_ENERGY
    return Landmarks(*((np.flatnonzero(marks) + 1).tolist() for marks in (columns["accepted"], fell)))


def lesson(store: Reader, run: RunInfo) -> int | None:
    """The step to begin with: of the episodes that changed the policy, the one after which the probabilities changed
    most at any energy and that holds an accepted step with a lower energy, this step; without such a step, the last of
    the episode that changed them most; None where none did.  An update of which θ was not kept counts as no change."""
    policy = learned(store, run)
    if policy is None or not len(policy.updates):
        return None
    shown = [over_energy(theta, policy.z, policy.exploration) for theta in policy.theta]
    changes = {
        int(step): float(np.abs(after - before).sum(axis=1).max())
        for step, (before, after) in zip(policy.updates.step, pairwise(shown), strict=True)
    }
    ends = sorted(store.updates(run.id).step.tolist(), key=lambda step: -changes.get(step, 0.0))
    columns = store.series([run.id], ["accepted", "reward"])[run.id]
    fell = (columns["accepted"] > 0) & (columns["reward"] > 0)  # a penalty is below 0
    horizon = learner_of(run).config.horizon
    for end in ends:
        first = max(end - horizon, 0)
        lower = np.flatnonzero(fell[first:end])
        if len(lower):
            return first + int(lower[np.argmax(columns["reward"][first:end][lower])]) + 1
    return int(ends[0])


def moment(store: Reader, run: RunInfo, step: int) -> Moment:
    """Step `step` of a run, explained."""
    seen = step_view(store, run, step)
    population = store.population(run.id).energy
    row, numbers, current = seen.row, seen.numbers, seen.current_energy
    trials = store.series([run.id], ["energy"])[run.id]["energy"]
    earlier = np.concatenate([population, trials[: step - 1]])
    reward = explain_reward(current, float(row.energy[0]), population, earlier, str(run.config["penalty"]))
    if reward.useless != seen.useless:  # two energies 1e-6 apart, rounded: what was recorded holds
        reward = reward._replace(useless=seen.useless, reward=float(row.reward[0]))
    rule = learner_config(run)
    choice = None
    if rule is not None:
        choice = explain_choice(
            policy_before(store, run, _chosen(run, step)),
            current,
            reward.scale,
            row.probabilities[0] > 0,
            rule.exploration,
            numbers.index(int(row.action[0])),
        )
    episode = None if rule is None else _episode(store, run, step, reward, numbers, rule)
    return Moment(step, row, numbers, current, seen.useless, reward, learns(run), choice, episode)


def explains_itself(store: Reader, run: RunInfo) -> bool:
    """Whether its probabilities can be worked out again, and an update that followed."""
    return learner_config(run) is not None and run.best_energy is not None and len(store.updates(run.id)) > 0


def learner_config(run: RunInfo) -> LearnerConfig | None:
    """Settings of the run's learner; None for a fixed policy, and where it was shown more than the energy, which a
    step does not record."""
    shown_enough = learns(run) and features_of(run) == "published"
    return learner_of(run).config if shown_enough else None


def _energy_before(store: Reader, run: RunInfo, step: int) -> float:
    """Energy of the structure that was current when a step's action was chosen."""
    chosen = _chosen(run, step)
    if chosen == 1:
        return float(np.nanmin(store.population(run.id).energy))
    return float(store.steps(run.id, chosen - 2, chosen - 1).current_energy[0])


def _chosen(run: RunInfo, step: int) -> int:
    """The step before which its action was chosen: the first of those relaxed at once."""
    at_once = int(run.config.get("parallel", 1))
    return (step - 1) // at_once * at_once + 1


def _episode(
    store: Reader,
    run: RunInfo,
    step: int,
    reward: RewardExplanation,
    numbers: tuple[int, ...],
    rule: LearnerConfig,
) -> Episode | None:
    first = (step - 1) // rule.horizon * rule.horizon + 1
    last = first + rule.horizon - 1
    if last > run.n_steps:
        return None
    rows = store.steps(run.id, first - 1, last)
    before = [_energy_before(store, run, number) for number in range(first, last + 1)]
    theta = policy_before(store, run, _chosen(run, first))
    story = explain_update(
        theta,
        store.series([run.id], ["reward"])[run.id]["reward"][:last],
        np.array([features(energy, reward.scale) for energy in before]),
        rows.probabilities > 0,
        np.array([numbers.index(int(number)) for number in rows.action]),
        exploration=rule.exploration,
        window=rule.reward_window,
        warm_up=rule.warm_up,
    )
    after = policy_before(store, run, last + 1) if last in store.updates(run.id).step else None
    return Episode(first, last, rows.reward, story, theta, after)
