"""Agents: choose one of the actions at every step of a search, and learn from what came of it.

A policy is a table entry: `agent_named("ppo", baseline="b2", n_actions=9, n_features=2)`.  To add a
learner, write its rule and its settings as in `npg.py`, and give it a line in `AGENTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from rlcsp_core.agents import actor_critic, fixed, npg, ppo, reinforce, trpo
from rlcsp_core.agents.agent import Agent
from rlcsp_core.agents.baselines import BASELINES, Baseline
from rlcsp_core.agents.learner import Learner, Rule
from rlcsp_core.agents.valuation import Valuation, monte_carlo
from rlcsp_core.errors import ConfigError
from rlcsp_core.settings import Setting, Settings, entry, settings_from, settings_in

__all__ = [
    "AGENTS",
    "BASELINES",
    "Agent",
    "AgentKind",
    "Baseline",
    "Learner",
    "Setting",
    "agent_named",
    "algorithm_name",
    "settings_of",
]


class AgentKind(NamedTuple):
    """One algorithm, as a form shows it."""

    label: str
    help: str
    colour: str  # hex, of its curves; tests/plots/test_palette.py says how far from the others
    config: type
    rule: Rule | None  # None for a policy that does not learn
    baseline: str | None  # the default; None for a policy that does not learn
    fixed: Callable[[int], Agent] | None = None  # from the number of actions
    valuation: Valuation = monte_carlo

    @property
    def learns(self) -> bool:
        """Whether baselines and settings mean anything."""
        return self.rule is not None


AGENTS: Mapping[str, AgentKind] = MappingProxyType(
    {
        "uniform": AgentKind("Uniform", "all actions alike", "#8a929c", Settings, None, None, fixed.uniform),
        "original": AgentKind(
            "Original", "FUSE's fixed weights", "#a8742a", Settings, None, None, fixed.original
        ),
        "rlcsp": AgentKind(
            "RLCSP",
            "REINFORCE with an entropy bonus",
            "#1f83c9",
            reinforce.ReinforceConfig,
            reinforce.improve,
            "none",
        ),
        "npg": AgentKind(
            "NPG",
            "natural policy gradient, fixed KL per update",
            "#d55e00",
            npg.NPGConfig,
            npg.improve,
            "mean",
        ),
        "ppo": AgentKind("PPO", "proximal policy optimisation", "#009e73", ppo.PPOConfig, ppo.improve, "b2"),
        "actor-critic": AgentKind(
            "Actor–critic",
            "policy gradient judged by a value function learned beside it",
            "#6a24cf",
            actor_critic.ActorCriticConfig,
            actor_critic.improve,
            "b2",
            valuation=actor_critic.by_critic,
        ),
        "trpo": AgentKind(
            "TRPO",
            "natural gradient with a line search in a trust region",
            "#e8b800",
            trpo.TRPOConfig,
            trpo.improve,
            "b2",
        ),
    }
)


def algorithm_name(algorithm: str, baseline: str | None) -> str:
    """ "PPO + B1": what runs are called, and pooled by; the baseline only where it is not the algorithm's own."""
    kind = AGENTS.get(algorithm)
    if kind is None or not kind.learns or baseline in (None, kind.baseline) or baseline not in BASELINES:
        return algorithm if kind is None else kind.label
    return f"{kind.label} + {BASELINES[baseline].label}"


def settings_of(algorithm: str) -> tuple[Setting, ...]:
    """The hyperparameters of an algorithm with default, range and help; empty for the fixed policies."""
    return settings_in(entry(AGENTS, algorithm, "algorithm").config)


def agent_named(
    name: str,
    *,
    baseline: str | None = None,
    settings: Mapping[str, Any] | None = None,
    n_actions: int,
    n_features: int,
) -> Agent:
    """A new agent; what is left out takes the algorithm's default."""
    kind = entry(AGENTS, name, "algorithm")
    config: Any = settings_from(kind.config, settings, name)
    if kind.fixed is not None:
        if baseline not in (None, "none"):
            raise ConfigError(f"{name} does not learn and has no baseline, got {baseline!r}; leave it out")
        return kind.fixed(n_actions)
    assert kind.rule is not None
    assert kind.baseline is not None
    chosen = entry(BASELINES, kind.baseline if baseline is None else baseline, "baseline")
    return Learner(kind.rule, kind.valuation, config, chosen, n_actions, n_features)
