"""Settings that describe themselves: default, range, label and a line of help on every field of a dataclass.

Forms and command lines are made from `settings_in` and cannot drift from the code; a value outside its range raises
`ConfigError` wherever it comes from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from rlcsp_core.errors import ConfigError

WANTED = {
    "int": "a whole number between {low:.15g} and {high:.15g}",
    "float": "a number between {low:.15g} and {high:.15g}",
    "choice": "one of {names}",
    "text": "a text in quotes",
    "table": "a table",
    "potential": "the name of a potential in quotes, or a table that defines one",
    "policy": "the name of a policy in quotes, or a table that holds one",
}


@dataclass(frozen=True)
class Setting:
    """One setting, as a form or a command line shows it."""

    name: str
    kind: Literal["int", "float", "choice", "text", "table", "potential", "policy"]
    default: Any  # None: the setting may be left out
    help: str
    label: str
    low: float = 0.0  # of numbers, inclusive
    high: float = 0.0
    choices: Mapping[str, str] = field(default_factory=dict)  # names, and how a form calls them

    @property
    def optional(self) -> bool:
        return self.default is None

    def checked(self, value: Any) -> Any:
        """The value in the setting's own type, or a sentence about what is allowed."""
        if not (value is None and self.optional) and not self._allows(value):
            wanted = WANTED[self.kind].format(low=self.low, high=self.high, names=", ".join(self.choices))
            raise ConfigError(f"{self.name} must be {wanted}, got {value!r}")
        if value is None or self.kind not in ("int", "float"):
            return value
        return int(value) if self.kind == "int" else float(value)

    def _allows(self, value: Any) -> bool:
        if self.kind in ("int", "float"):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and self.low <= value <= self.high and (self.kind == "float" or value == int(value))
        if self.kind == "table":
            return isinstance(value, Mapping)
        if self.kind in ("potential", "policy"):
            return isinstance(value, str | Mapping)
        return isinstance(value, str) and (self.kind == "text" or value in self.choices)


def number(default: float | None, low: float, high: float, text: str, label: str = "") -> Any:
    """A field with a number in [low, high], whole where `low` is an int; may be left out where the default is None."""
    kind = "int" if isinstance(low, int) else "float"
    return described(kind, default, text, label, low=low, high=high)


def choice(default: str, choices: Sequence[str] | Mapping[str, str], text: str, label: str = "") -> Any:
    """A field that is one of a few names; a mapping says how forms call them."""
    named = choices if isinstance(choices, Mapping) else {name: name for name in choices}
    return described("choice", default, text, label, choices=named)


def described(kind: str, default: Any, text: str, label: str = "", **more: Any) -> Any:
    """A field of any kind."""
    return field(default=default, metadata={"kind": kind, "help": text, "label": label, **more})


def settings_in(config: type | Any) -> tuple[Setting, ...]:
    """The settings of a dataclass made with the functions above, in order."""
    return tuple(_setting(f) for f in dataclasses.fields(config))


def _setting(f: dataclasses.Field[Any]) -> Setting:
    data = dict(f.metadata)
    data["label"] = data["label"] or f.name.replace("_", " ").capitalize()
    default = {} if f.default is dataclasses.MISSING else f.default
    return Setting(name=f.name, default=default, **data)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A dataclass of described fields, checked when it is made."""

    def __post_init__(self) -> None:
        for setting in settings_in(self):
            object.__setattr__(self, setting.name, setting.checked(getattr(self, setting.name)))


Config = TypeVar("Config", bound=Settings)
Entry = TypeVar("Entry")


def settings_from(cls: type[Config], values: Mapping[str, Any] | None, owner: str) -> Config:
    """The dataclass with some fields set; unknown names and values out of range raise `ConfigError`."""
    known = [setting.name for setting in settings_in(cls)]
    if not isinstance(values, Mapping | None):
        raise ConfigError(f"settings of {owner} must be a table, got {values!r}")
    for name in values or {}:
        if name not in known:
            choices = f"choose from {', '.join(known)}" if known else "it has no settings"
            raise ConfigError(f"unknown setting {name!r} of {owner}; {choices}")
    return cls(**(values or {}))


def entry(table: Mapping[str, Entry], name: str, what: str) -> Entry:
    """The entry of a table of choices, or a sentence with them."""
    try:
        return table[name]
    except KeyError:
        raise ConfigError(f"unknown {what} {name!r}; choose from {', '.join(table)}") from None
