"""Command line to configuration: a flag for each field of `SearchConfig`, and --set for those of the algorithm."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from rlcsp_core.actions import ACTION_SETS
from rlcsp_core.agents import AGENTS, BASELINES
from rlcsp_core.errors import ConfigError
from rlcsp_core.search import SearchConfig


class Flag(NamedTuple):
    """One field of the configuration; its default is the field's own."""

    field: str
    kind: type
    help: str

    @property
    def name(self) -> str:
        return "--" + self.field.replace("_", "-")


FLAGS = (
    Flag("composition", str, "any charge-neutral formula of Y, Sr, Ti and O"),
    Flag("algorithm", str, f"one of {', '.join(AGENTS)}"),
    Flag("baseline", str, f"what is subtracted from the return: {', '.join(BASELINES)}"),
    Flag("actions", str, f"set of actions: {', '.join(ACTION_SETS)}"),
    Flag("seed", int, "of all chance in the run"),
    Flag("steps", int, "relaxed trials after the initial population"),
    Flag("max_atoms", int, "largest cell"),
    Flag("population", int, "random structures relaxed before the first step"),
    Flag("target", float, "eV/atom; reaching it ends the run"),
    Flag("time_limit", float, "s, wall clock"),
    Flag("patience", int, "steps without a new best energy until the run ends"),
    Flag("kT", float, "eV, temperature of the acceptance test"),
    Flag("melt_after", int, "steps without a lower structure until the temperature is raised"),
    Flag("melt_step", float, "eV, largest raise of kT in one step while melting"),
    Flag("penalty", str, "reward of a useless step: high-energy or fixed"),
    Flag("min_distance", float, "Å, shortest distance in a sound trial"),
    Flag("rattle", float, "Å, random displacements before relaxing"),
    Flag("calculator", str, "who computes energies"),
    Flag("features", str, "what the agent sees: published (energy alone) or structure"),
    Flag("parallel", int, "trials chosen together and relaxed on as many cores"),
)


def add_settings(parser: argparse.ArgumentParser) -> None:
    defaults = SearchConfig().as_dict()
    for flag in FLAGS:
        default = defaults[flag.field]
        text = flag.help if default is None else f"{flag.help} (default: {default})"
        # the default stays out of the arguments, so that the configuration alone decides it
        parser.add_argument(flag.name, dest=flag.field, type=flag.kind, default=None, help=text)
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

    given = {flag.field: getattr(arguments, flag.field) for flag in FLAGS}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    config = SearchConfig(**values, settings=pairs(arguments.hyperparameters))
    check_config(config)
    return config


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
