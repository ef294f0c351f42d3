"""Hyperparameters that describe themselves: default, range and a line of help on every field.

Each learner has one frozen dataclass.  Its fields carry what a form and a command line need, so that both
are made from `settings_of` and cannot drift from the code; a value outside its range raises `ConfigError`
wherever it comes from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from rlcsp_core.errors import ConfigError

Config = TypeVar("Config")
Value = float | int | str


@dataclass(frozen=True)
class Setting:
    """One hyperparameter, as a form or a command line shows it."""

    name: str
    kind: Literal["float", "int", "choice"]
    default: Value
    low: float | None  # inclusive; None for a choice
    high: float | None  # inclusive; None for a choice
    help: str
    choices: tuple[str, ...] = ()


def number(default: float, low: float, high: float, text: str) -> Any:
    """A field with a number in [low, high]; whole numbers only where the default is an int."""
    return field(default=default, metadata={"low": low, "high": high, "help": text})


def choice(default: str, choices: tuple[str, ...], text: str) -> Any:
    """A field that is one of a few names."""
    return field(default=default, metadata={"choices": choices, "help": text})


def settings_in(config: type | Any) -> tuple[Setting, ...]:
    """The settings of a dataclass made with `number` and `choice`, in order."""
    return tuple(_setting(f) for f in dataclasses.fields(config))


def _setting(f: dataclasses.Field[Any]) -> Setting:
    data: Mapping[str, Any] = f.metadata
    default: Any = f.default
    if "choices" in data:
        return Setting(f.name, "choice", default, None, None, data["help"], data["choices"])
    kind: Literal["int", "float"] = "int" if isinstance(default, int) else "float"
    return Setting(f.name, kind, default, data["low"], data["high"], data["help"])


def checked(setting: Setting, value: object) -> Value:
    """The value in the setting's own type, or a sentence about what is allowed."""
    if setting.kind == "choice":
        if value not in setting.choices:
            raise ConfigError(f"{setting.name} must be one of {', '.join(setting.choices)}, got {value!r}")
        return str(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not _within(setting, value):
        raise ConfigError(
            f"{setting.name} must lie in [{setting.low:.15g}, {setting.high:.15g}], got {value!r}"
        )
    if setting.kind == "float":
        return float(value)
    if value != int(value):
        raise ConfigError(f"{setting.name} must be a whole number, got {value!r}")
    return int(value)


def _within(setting: Setting, value: float) -> bool:
    """Between the bounds; nan is not."""
    return setting.low is not None and setting.high is not None and setting.low <= value <= setting.high


def config_from(cls: type[Config], settings: Mapping[str, Any] | None, owner: str) -> Config:
    """The dataclass with some fields set; unknown names and values out of range raise `ConfigError`."""
    known = [setting.name for setting in settings_in(cls)]
    for name in settings or {}:
        if name not in known:
            choices = f"choose from {', '.join(known)}" if known else "it has no settings"
            raise ConfigError(f"unknown setting {name!r} of {owner}; {choices}")
    return cls(**(settings or {}))


@dataclass(frozen=True, kw_only=True)
class NoConfig:
    """Settings of an agent that has none."""


@dataclass(frozen=True, kw_only=True)
class LearnerConfig:
    """What all learners share."""

    exploration: float = number(0.1, 0.0, 1.0, "ε: part of the probability that is uniform (RL-CSP: 0.1)")
    horizon: int = number(5, 1, 1000, "H: steps in one episode (RL-CSP and the report: 5)")
    trajectories: int = number(10, 1, 1000, "N: episodes kept for an expectation (the report: 10)")
    reward_window: int = number(5000, 2, 100_000, "rewards that set mean and deviation (RL-CSP: 5000)")
    warm_up: int = number(10, 0, 10_000, "first rewards, clipped to ±1 and not learned from (RL-CSP: 10)")

    def __post_init__(self) -> None:
        for setting in settings_in(self):
            object.__setattr__(self, setting.name, checked(setting, getattr(self, setting.name)))

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
