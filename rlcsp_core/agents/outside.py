"""Agents of others: of installed packages (entry points of the group "rlcsp.agents"), and those that the user trusts.

An agent is a class: `Class(config, n_actions, n_features)` with the verbs of `agent.Agent`.  It may have `label`,
`colour` and `Config`, a dataclass of `settings.Settings`; its help is the first line of its docstring.  What it decides
and keeps is checked at every step, since a mistake would be stored and shown as a result.  Shapes: A actions.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

import numpy as np

from rlcsp_core.agents.agent import Agent
from rlcsp_core.errors import ConfigError, RLCSPError
from rlcsp_core.outside import imported, trusted
from rlcsp_core.records import Decision, Observation, Transition

GROUP = "rlcsp.agents"
COLOUR = "#b0803a"
ROUNDING = 1e-9  # of a sum of probabilities


def is_agent(thing: Any) -> bool:
    return isinstance(thing, type) and all(
        hasattr(thing, verb) for verb in ("act", "learn", "snapshot", "restore")
    )


def agent_class(name: str) -> type:
    """The class module:Class; ConfigError with a sentence where it is not trusted, or is no agent."""
    try:
        found = imported(name, "the agent")
    except ConfigError:
        raise
    except Exception as failure:
        raise ConfigError(f"no agent {name!r}: {failure}") from failure
    if not is_agent(found):
        raise ConfigError(f"{name} is no agent: it must be a class with act, learn, snapshot and restore")
    return found  # type: ignore[no-any-return]


def agent_classes() -> dict[str, type]:
    """By name, those of installed packages and those that are trusted; what cannot be loaded is warned of."""
    found: dict[str, type] = {}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = point.load()
        except Exception as failure:
            warnings.warn(
                f"the agent {point.name} of {point.value} cannot be loaded: {failure}", stacklevel=2
            )
    for name in trusted():  # calculators too
        try:
            found[name] = agent_class(name)
        except ConfigError:
            continue
    return {name: thing for name, thing in found.items() if is_agent(thing)}


def maker(name: str, made: Callable[[Any, int, int], Agent]) -> Callable[[Any, int, int], Agent]:
    """What makes the agent, watched."""

    def make(config: Any, n_actions: int, n_features: int) -> Agent:
        return Watched(name, _told(name, made, config, n_actions, n_features), n_actions)

    return make


class Watched:
    """An agent of others whose answers are checked."""

    def __init__(self, name: str, agent: Agent, n_actions: int) -> None:
        self._name, self._agent, self._n_actions = name, agent, n_actions

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        action, probabilities = _told(self._name, self._agent.act, observation, rng)
        p = np.asarray(probabilities, dtype=np.float64)
        if p.shape != (self._n_actions,) or not (p >= 0).all() or abs(p.sum() - 1) > ROUNDING * len(p):
            raise self._error(
                f"its probabilities must be {self._n_actions} numbers that add up to 1, got {p}"
            )
        if p[~observation.mask].any() or not 0 <= int(action) < len(p) or not p[int(action)] > 0:
            raise self._error(f"it chose action {action} of {p}, where {observation.mask} can be taken")
        return Decision(int(action), p)

    def learn(self, transition: Transition) -> None:
        """What it has learned is its own affair: no θ of it is shown."""
        _told(self._name, self._agent.learn, transition)

    def snapshot(self) -> dict[str, Any]:
        state = _told(self._name, self._agent.snapshot)
        try:
            same = isinstance(state, dict) and json.loads(json.dumps(state, allow_nan=False)) == state
        except (TypeError, ValueError):
            same = False
        if not same:
            raise self._error("its snapshot must be a dict of texts, numbers and lists, as JSON has them")
        return state  # type: ignore[no-any-return]

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        _told(self._name, self._agent.restore, snapshot)

    def _error(self, sentence: str) -> ConfigError:
        return ConfigError(f"agent {self._name}: {sentence}")


def _told(name: str, verb: Callable[..., Any], *arguments: Any) -> Any:
    """What the verb returns; its errors with the name of the agent."""
    try:
        return verb(*arguments)
    except RLCSPError:
        raise
    except Exception as failure:
        raise ConfigError(f"agent {name} failed: {type(failure).__name__}: {failure}") from failure
