"""Agents: choose one of the actions at every step of a search, and learn from what came of it.

A policy is a table entry: `agent_named("ppo", baseline="b2", n_actions=9, n_features=2)`.  To add a
learner, write its rule and its settings as in `npg.py`, and give it a line in `AGENTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from rlcsp_core.agents import actor_critic, belief, fixed, npg, outside, ppo, reinforce, trpo
from rlcsp_core.agents.agent import Agent
from rlcsp_core.agents.baselines import BASELINES, Baseline
from rlcsp_core.agents.belief import Belief
from rlcsp_core.agents.fixed import Fixed
from rlcsp_core.agents.learner import Learner, Rule
from rlcsp_core.agents.valuation import Valuation, monte_carlo
from rlcsp_core.errors import ConfigError
from rlcsp_core.outside import is_outside, trusted
from rlcsp_core.settings import Setting, Settings, entry, settings_from, settings_in

__all__ = [
    "AGENTS",
    "BASELINES",
    "OWN",
    "Agent",
    "AgentKind",
    "Baseline",
    "Belief",
    "Fixed",
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
    rule: Rule | None  # by which it changes a policy θ; None where it has none
    baseline: str | None  # the default; None where it has no rule
    make: Callable[[Any, int, int], Agent] | None = (
        None  # without a rule: from settings, actions and features
    )
    valuation: Valuation = monte_carlo
    starts: bool = True  # from a policy, where one is given

    @property
    def learns(self) -> bool:
        """Whether it changes a policy θ; baselines mean something only then."""
        return self.rule is not None


OWN: Mapping[str, AgentKind] = MappingProxyType(
    {
        "uniform": AgentKind(
            "Uniform", "all actions alike", "#8a929c", Settings, None, None, fixed.uniform, starts=False
        ),
        "original": AgentKind(
            "Original", "FUSE's fixed weights", "#a8742a", Settings, None, None, fixed.original, starts=False
        ),
        "fixed": AgentKind(
            "Fixed",
            "draws from a policy learned before and leaves it as it is",
            "#c4bd6c",
            fixed.FixedConfig,
            None,
            None,
            fixed.given,
        ),
        "belief": AgentKind(
            "Belief",
            "posterior sampling of how often each action hits, weighed by a policy",
            "#ba0498",
            belief.BeliefConfig,
            None,
            None,
            Belief,
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


class Agents(Mapping[str, AgentKind]):
    """Ours, then those of installed packages and those that the user trusts, which are loaded when first asked for."""

    def __getitem__(self, name: str) -> AgentKind:
        return OWN[name] if name in OWN else _others(trusted())[name]

    def __iter__(self) -> Iterator[str]:
        yield from OWN
        yield from (name for name in _others(trusted()) if name not in OWN)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _others(_: tuple[str, ...]) -> dict[str, AgentKind]:
    return {name: kind_of(name, agent) for name, agent in outside.agent_classes().items()}


def kind_of(name: str, agent: type) -> AgentKind:
    """A class of others as a form shows it."""
    return AgentKind(
        label=str(getattr(agent, "label", agent.__name__)),
        help=(agent.__doc__ or "an agent from outside").strip().splitlines()[0],
        colour=getattr(agent, "colour", outside.COLOUR),
        config=getattr(agent, "Config", Settings),
        rule=None,
        baseline=None,
        make=outside.maker(name, agent),
        starts=False,
    )


AGENTS: Mapping[str, AgentKind] = Agents()


def algorithm_name(algorithm: str, baseline: str | None) -> str:
    """ "PPO + B1": what runs are called, and pooled by; the baseline only where it is not the algorithm's own."""
    kind = AGENTS.get(algorithm)
    if kind is None or not kind.learns or baseline in (None, kind.baseline) or baseline not in BASELINES:
        return algorithm if kind is None else kind.label
    return f"{kind.label} + {BASELINES[baseline].label}"


def settings_of(algorithm: str) -> tuple[Setting, ...]:
    """The hyperparameters of an algorithm with default, range and help; empty for Uniform and Original."""
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
    kind = kind_of(name, outside.agent_class(name)) if is_outside(name) else entry(AGENTS, name, "algorithm")
    config: Any = settings_from(kind.config, settings, name)
    if kind.make is not None:
        if baseline not in (None, "none"):
            raise ConfigError(f"{name} has no baseline, got {baseline!r}; leave it out")
        return kind.make(config, n_actions, n_features)
    assert kind.rule is not None
    assert kind.baseline is not None
    chosen = entry(BASELINES, kind.baseline if baseline is None else baseline, "baseline")
    return Learner(kind.rule, kind.valuation, config, chosen, n_actions, n_features)
