"""Command line to configuration: a flag for each setting of a search, and --set for those of the algorithm."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rlcsp_core.actions import ACTION_SETS
from rlcsp_core.agents import AGENTS, BASELINES
from rlcsp_core.cli.options import number, whole
from rlcsp_core.energy.choice import best_for
from rlcsp_core.energy.potential_file import DEFAULT, Choice, choice_from
from rlcsp_core.errors import ConfigError
from rlcsp_core.outside import is_outside, trust
from rlcsp_core.relax import RELAXERS
from rlcsp_core.search import SETTINGS, SearchConfig, policies
from rlcsp_core.search.features import FEATURE_SETS

KINDS: Mapping[str, Callable[[str], Any]] = {
    "int": whole,
    "float": number,
    "text": str,
    "choice": str,
    "potential": str,
    "policy": str,
}
FLAGS = [setting for setting in SETTINGS.values() if setting.kind in KINDS]
NAMES: Mapping[str, Iterable[str]] = {
    "algorithm": AGENTS,
    "baseline": BASELINES,
    "actions": ACTION_SETS,
    "features": FEATURE_SETS,
    "calculator": RELAXERS,
}
ALSO = {"algorithm": ("--agent",)}


def add_settings(parser: argparse.ArgumentParser) -> None:
    for setting in FLAGS:
        names = ", ".join(NAMES.get(setting.name, setting.choices))
        text = f"{setting.help}: {names}" if names else setting.help
        if setting.kind == "policy":
            text += ": NAME|FILE.json|untrained; left out, for sized actions `general`; see `policies`"
        elif setting.kind == "potential":
            text += ": NAME|FILE.toml; left out, the one with the smallest measured error for the composition, see "
            text += "`potentials`"
        elif setting.name == "algorithm":
            text += f", or module:Class for an agent of your own (default: {setting.default})"
        elif setting.default is not None:
            text += f" (default: {setting.default})"
        # the default stays out of the arguments, so that the configuration alone decides it
        flags = ["--" + setting.name.replace("_", "-"), *ALSO.get(setting.name, ())]
        parser.add_argument(*flags, dest=setting.name, type=KINDS[setting.kind], help=text)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="hyperparameters",
        help="a hyperparameter of the algorithm; give it a wrong name to see them all",
    )


def config_of(arguments: argparse.Namespace) -> SearchConfig:
    """Checked in full: what it returns can be run."""
    from rlcsp_core.search import check_config

    given = {setting.name: getattr(arguments, setting.name) for setting in FLAGS}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in ("algorithm", "calculator"):
        if is_outside(values.get(name, "")):
            trust(values[name])  # who writes it here says so
    values["potential"] = _potential(values)
    values["policy"] = _policy(values)
    config = SearchConfig(**values, settings=pairs(arguments.hyperparameters))
    check_config(config)
    return config


def _potential(values: dict[str, Any]) -> Choice:
    """As asked for, else the best for the composition."""
    if "potential" in values:
        return choice_from(values["potential"])
    if is_outside(values.get("calculator", "")):
        return DEFAULT
    return best_for(values.get("composition", SearchConfig.composition)).potential.name


def _policy(values: dict[str, Any]) -> policies.Choice | None:
    """As asked for, else the one for the actions."""
    if "policy" in values:
        return policies.choice_from(values["policy"])
    mine = {name: values.get(name, SETTINGS[name].default) for name in ("actions", "algorithm")}
    return policies.default_for(**mine)


def announce(arguments: argparse.Namespace, config: SearchConfig) -> None:
    """Says which potential was chosen where it was not asked for and is not the usual one."""
    if arguments.potential is None and config.potential != DEFAULT:
        reason = best_for(config.composition).reason
        print(f"potential {config.potential}: {reason}; --potential takes another", file=sys.stderr)


def pairs(texts: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE to {name: value}; numbers where they look like numbers."""
    found: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise ConfigError(f"--set wants NAME=VALUE, got {text!r}")
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found
