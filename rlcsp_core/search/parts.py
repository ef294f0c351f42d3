"""The parts of a run, made from its configuration; making them is the check that it can be run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rlcsp_core.actions import Action, Problem, actions_of, prior_preferences
from rlcsp_core.agents import AGENTS, Agent, Belief, Fixed, Learner, agent_named
from rlcsp_core.crystal.composition import Composition, composition_of
from rlcsp_core.crystal.generate import smallest_limit
from rlcsp_core.energy.choice import composition_in
from rlcsp_core.energy.potential_file import load_potential
from rlcsp_core.errors import ConfigError
from rlcsp_core.outside import is_outside
from rlcsp_core.relax import BUILTIN, Relaxer, limits_of, relaxer_named
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.features import FeatureSet, feature_set
from rlcsp_core.search.policies import start_of


class Parts(NamedTuple):
    """What a search is put together from."""

    problem: Problem
    actions: tuple[Action, ...]
    features: FeatureSet
    agent: Agent
    relaxer: Relaxer


def check_config(config: SearchConfig) -> Parts:
    """All that a run needs; raises ConfigError or FormulaError with the way out where it cannot be made."""
    composition = composition_for(config)
    least = smallest_limit(composition)
    if config.max_atoms < least:
        raise ConfigError(
            f"an atom limit of {config.max_atoms} is too small for {composition.formula}: one formula unit has "
            f"{composition.n_atoms} atoms and the smallest cell holds {least}; raise it to {least} or more"
        )
    if config.calculator != BUILTIN and config.parallel > 1:
        raise ConfigError(
            "parallel is an option of the built-in engine: leave it out, or use calculator builtin"
        )
    return Parts(
        problem=Problem(composition, config.max_atoms),
        actions=actions_of(config.as_dict()),
        features=feature_set(config.features),
        agent=agent_of(config),
        relaxer=relaxer_named(
            config.calculator,
            limits_of(config.calculator, force=config.relax_force, evaluations=config.relax_evaluations),
            load_potential(config.potential),
        ),
    )


def composition_for(config: SearchConfig) -> Composition:
    """What is searched, with the ions of the run's potential; a foreign calculator takes any ions."""
    if is_outside(config.calculator):
        return composition_of(config.composition)
    return composition_in(config.composition, load_potential(config.potential))


def agent_of(config: SearchConfig) -> Agent:
    """The agent as the search begins: from the policy it was given, else from the odds of its actions."""
    actions = actions_of(config.as_dict())
    n_features = len(feature_set(config.features).names)
    agent = agent_named(
        config.algorithm,
        baseline=config.baseline,
        settings=config.settings,
        n_actions=len(actions),
        n_features=n_features,
    )
    if not isinstance(agent, Learner | Fixed | Belief) or not AGENTS[config.algorithm].starts:
        if config.policy is not None:
            raise ConfigError(
                f"{config.algorithm} starts from no policy: leave policy out, or choose another"
            )
        return agent
    if config.policy is None:
        prior = prior_preferences(config.actions, actions)
        agent.theta = np.column_stack([prior, np.zeros((len(prior), n_features - 1))])
        return agent
    assert not isinstance(config.policy, str), "the configuration holds what the name stands for"
    begin = start_of(config.policy, config.actions, actions, config.features)
    agent.theta = begin.theta
    if isinstance(agent, Belief) and begin.counts is not None:
        agent.counts = np.where(np.isnan(begin.counts), agent.counts, begin.counts)
    return agent
