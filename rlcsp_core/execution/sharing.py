"""Several runs, one policy (RL-CSP, section 3.3).

A run that shares a policy learns as any other, but its θ lives in the database: after each of its updates it adds what
it has learned to the shared θ and goes on with what all runs have learned so far.

    Δ = θ_after − θ_before,   θ_shared ← θ_shared + Δ,   θ ← θ_shared

RL-CSP uses a learning rate α of 0.01 for it.  What such a run does depends on the others: it cannot be repeated alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rlcsp_core.actions import actions_of
from rlcsp_core.agents import AGENTS, Learner
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Decision, Observation, Transition, Update
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import RunInfo, Store
from rlcsp_core.store.schema import check_name

LEARNING_RATE = 0.01  # α of RL-CSP's shared policy


def check_sharer(config: SearchConfig, name: str) -> None:
    """ConfigError unless a search of this configuration can share a policy; StoreError where none can have the name."""
    kind = AGENTS.get(config.algorithm)
    if kind is not None and not kind.learns:
        raise ConfigError(
            f"{config.algorithm} does not learn, so it has no policy to share; choose a learner"
        )
    check_name(name, "a shared policy")


def check_sharing(config: SearchConfig, name: str, store: Store) -> None:
    """The same for a policy in this database, which need not exist yet, but must fit if it does."""
    check_sharer(config, name)
    if name in store.policy_names():
        theirs, ours = store.policy(name).theta.shape, _learner(config).theta.shape
        if theirs != ours:
            raise ConfigError(
                f"the shared policy {name!r} has {theirs[0]} actions and {theirs[1]} features, this search {ours[0]} "
                f"and {ours[1]}: choose the same actions and features, or another name"
            )
        first = next((run for run in store.runs(oldest_first=True) if run.policy == name), None)
        if first is not None and actions_of(first.config) != actions_of(config.as_dict()):
            raise ConfigError(
                f"the shared policy {name!r} is of the actions {first.config['actions']} of {first.composition}, which "
                "are others: choose the same actions, or another name"
            )


def _learner(config: SearchConfig) -> Learner:
    from rlcsp_core.search.parts import agent_of

    learner = agent_of(config)
    assert isinstance(learner, Learner), "others are refused"
    return learner


def sharing(store: Store, run: RunInfo) -> SharedLearner:
    """The agent of a run that shares a policy; makes the policy if the run is the first to name it."""
    config = SearchConfig.from_dict(run.config)
    assert run.policy is not None
    check_sharing(config, run.policy, store)
    return SharedLearner(store, run, _learner(config), run.policy)


class SharedLearner:
    """A learner whose θ is that of all runs which share the policy."""

    def __init__(self, store: Store, run: RunInfo, learner: Learner, policy: str) -> None:
        self.store, self.run_id, self.learner, self.policy = store, run.id, learner, policy
        self.step = run.n_steps
        learner.theta = store.create_policy(policy, learner.theta).theta

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        return self.learner.act(observation, rng)

    def learn(self, transition: Transition) -> Update | None:
        self.step += 1
        before = self.learner.theta
        update = self.learner.learn(transition)
        if update is None:
            return None
        shared = self.store.add_to_policy(
            self.policy, update.theta - before, run_id=self.run_id, step=self.step
        )
        self.learner.theta = shared.theta
        return replace(update, theta=shared.theta)

    def snapshot(self) -> dict[str, Any]:
        return self.learner.snapshot()

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """All but θ, which the others have taken further."""
        self.learner.restore(snapshot)
        self.learner.theta = self.store.policy(self.policy).theta
