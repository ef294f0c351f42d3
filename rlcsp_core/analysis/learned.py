"""What a run learned, out of the store: its policy after every update, and the experience it was learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlcsp_core.actions import Action, actions_of
from rlcsp_core.agents import AGENTS, Learner
from rlcsp_core.agents.variance import GradientVariance, gradient_variances, recorded_episodes, relative
from rlcsp_core.analysis.policy_map import energy_axis
from rlcsp_core.analysis.reading import Reader, label_of
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, IntArray, Observation, Transition
from rlcsp_core.scale import EnergyScale, energy_scale
from rlcsp_core.search import SETTINGS, SearchConfig
from rlcsp_core.search.config import FORMER
from rlcsp_core.search.features import feature_set
from rlcsp_core.search.parts import agent_of
from rlcsp_core.search.policies import from_rows
from rlcsp_core.search.reward import features
from rlcsp_core.store import PopulationTable, RunInfo, StepTable, UpdateTable

MEMBERS_SHOWN = 0.9  # quantile of the initial population up to which energies are shown


@dataclass(frozen=True, eq=False)
class Learned:
    """The policy of one run at every moment; the first entry is that of the start, at step 0."""

    run_id: str
    label: str
    algorithm: str
    baseline: str | None
    actions: tuple[Action, ...]
    features: tuple[str, ...]  # [F] their names
    exploration: float
    scale: EnergyScale
    step: IntArray  # [U + 1]
    theta: Array  # [U + 1, A, F]
    updates: UpdateTable
    energy: Array  # [Z] eV/atom, the energies its policy is shown at

    def theta_at(self, step: int) -> Array:
        """[A, F] after that many steps of the run."""
        return np.asarray(self.theta[max(int(np.searchsorted(self.step, step, side="right")) - 1, 0)])

    @property
    def z(self) -> Array:
        """[Z] the same, as the agent sees them."""
        return (self.energy - self.scale.mean) / self.scale.deviation


def learns(run: RunInfo) -> bool:
    kind = AGENTS.get(run.algorithm)
    return kind is not None and kind.learns


def last_policy(store: Reader, run: RunInfo) -> dict[str, Any]:
    """What a run learned, for `SearchConfig.policy`; ConfigError where it was nothing."""
    updates = store.updates(run.id)
    if not learns(run) or not len(updates):
        raise ConfigError(
            f"run {run.id} ({run.algorithm}, {run.n_steps} steps) has learned no policy: name a run of a learner with "
            "at least one update"
        )
    rows = dict(zip((a.number for a in actions_of(run.config)), updates.theta[-1], strict=True))
    name = str(run.config.get("actions", "published"))
    return from_rows(f"learned by run {run.id}", name, features_of(run), rows)


def learned(store: Reader, run: RunInfo) -> Learned | None:
    """None while there is no initial population to measure energies by."""
    population = store.population(run.id)
    valid = population.energy[np.isfinite(population.energy)]
    if not len(valid) or run.best_energy is None:
        return None
    actions = actions_of(run.config)
    updates = store.updates(run.id)
    updates = updates.rows(updates.known)
    learner = learner_of(run)
    start = learner.theta[None]
    return Learned(
        run_id=run.id,
        label=f"{label_of(run)}, seed {run.seed}",
        algorithm=run.algorithm,
        baseline=run.config.get("baseline"),
        actions=actions,
        features=feature_set(features_of(run)).names,
        exploration=float(learner.config.exploration),
        scale=energy_scale(population.energy),
        step=np.concatenate([[0], updates.step]),
        theta=np.concatenate([start, updates.theta]) if len(updates) else start,
        updates=updates,
        energy=energy_axis(run.best_energy, float(np.quantile(valid, MEMBERS_SHOWN))),
    )


def policy_before(store: Reader, run: RunInfo, step: int) -> Array:
    """θ [A, F] before a step; learned again from what was recorded where the results were exported without it."""
    updates, learner = store.updates(run.id), learner_of(run)
    before = np.flatnonzero(updates.step < step)
    if len(before) and not updates.known[before[-1]]:
        for transition in recorded_transitions(
            store.steps(run.id, 0, step - 1), store.population(run.id), actions_of(run.config)
        ):
            learner.learn(transition)
        return learner.theta
    return updates.theta[before[-1]] if len(before) else learner.theta


def variances(store: Reader, run: RunInfo) -> tuple[GradientVariance, ...]:
    """Variance of the gradient estimate with each baseline, on the experience this run recorded, and its bias in
    standard deviations of the estimate without a baseline; empty where there is too little experience, or where the
    agent was shown more than the energy, which steps do not record."""
    if features_of(run) != "published":
        return ()
    learner = learner_of(run)
    transitions = recorded_transitions(store.steps(run.id), store.population(run.id), actions_of(run.config))
    recorded = recorded_episodes(transitions, learner)
    return relative(gradient_variances(recorded, learner.config.exploration, learner.config.trajectories))


def recorded_transitions(
    table: StepTable, population: PopulationTable, actions: Sequence[Action]
) -> list[Transition]:
    """What the agent was given, step by step.  An action was masked where its probability was 0."""
    scale = energy_scale(population.energy)
    rows = {number: row for row, number in enumerate(action.number for action in actions)}
    before = np.concatenate([[np.nanmin(population.energy)], table.current_energy[:-1]])
    return [
        Transition(
            Observation(features(float(before[t]), scale), table.probabilities[t] > 0),
            rows[int(table.action[t])],
            float(table.reward[t]),
            features(float(table.current_energy[t]), scale),
        )
        for t in range(len(table))
    ]


def features_of(run: RunInfo) -> str:
    """What its agent was shown, a key of `search.features.FEATURE_SETS`; runs of earlier versions have no choice."""
    return str(run.config.get("features", "published"))


def config_of(run: RunInfo) -> SearchConfig:
    """Without settings that a search no longer has."""
    return SearchConfig.from_dict({k: v for k, v in run.config.items() if k in (*SETTINGS, FORMER)})


def learner_of(run: RunInfo) -> Learner:
    """The agent as the run began."""
    agent = agent_of(config_of(run))
    assert isinstance(agent, Learner), "only learners have a policy to show"
    return agent
