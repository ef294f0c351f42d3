"""Learned policies as they are written down: data/policies/*.json, and files of one's own in the same form.

    {"name": "general", "actions": "sized", "features": "published",
     "theta": {"1": [0.1, 0.0], "symmetric-odd": [-0.4, 0.0], …},   F numbers for each group of actions
     "counts": {"102": [5, 140], …},                                hits and uses believed, of belief; may be left out
     "provenance": {"method": …, "compositions": …, …}}             how it was learned; may be left out

An action has the numbers that stand under its own number or, where there are none, under its group
(`actions.policy_group`): h(s,a) = θ_a·x(s), see `agents.policy`.  A run keeps the policy it starts from in full, but
for the provenance, so that a policy trained again under the same name changes no run.  Shapes: A actions, F features.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rlcsp_core.actions import ACTION_SETS, Action, group_names, policy_group
from rlcsp_core.agents import AGENTS
from rlcsp_core.errors import ConfigError
from rlcsp_core.paths import DATA
from rlcsp_core.records import Array
from rlcsp_core.search.features import feature_set
from rlcsp_core.settings import entry

FOLDER = DATA / "policies"
UNTRAINED = "untrained"  # the name for none: the odds that the action set begins with
GENERAL = "general"  # learned on every composition there is
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
KEYS = ("name", "actions", "features", "theta", "counts", "provenance")
LARGEST = 1e6  # of a number in θ or of the counts: beyond, preferences are certain to the last bit

Choice = str | Mapping[str, Any]  # the name of a shipped policy, or what a file says


class Start(NamedTuple):
    """What an agent starts from."""

    theta: Array  # [A, F]
    counts: (
        Array | None
    )  # [A, 2] hits and uses believed, NaN for actions without; None where the policy has none


def policy_names() -> tuple[str, ...]:
    """The shipped policies."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load_policy(choice: Choice) -> dict[str, Any]:
    """What a shipped policy or a file says, checked; ConfigError with a sentence."""
    return dict(_shipped(choice)) if isinstance(choice, str) else checked(choice)


def recorded(choice: Choice | None) -> dict[str, Any] | None:
    """What a run keeps of its policy: all but the provenance; None where it is untrained."""
    if choice is None or choice == UNTRAINED:
        return None
    return {key: value for key, value in load_policy(choice).items() if key != "provenance"}


def default_for(actions: str, algorithm: str) -> str | None:
    """Where none is named: `general` for the set it was trained on; None for others, and where nothing starts from one.

    Forms, commands and experiment files write it out, so that no stored run depends on this."""
    kind = AGENTS.get(algorithm)
    trained = GENERAL in policy_names() and load_policy(GENERAL)["actions"] == actions
    return GENERAL if trained and kind is not None and kind.starts else None


@cache
def _shipped(name: str) -> Mapping[str, Any]:
    if name not in policy_names():
        known = ", ".join((UNTRAINED, *policy_names()))
        raise ConfigError(f"unknown policy {name!r}; choose from {known}, or give a JSON file")
    return checked(_read(FOLDER / f"{name}.json"))


def choice_from(text: str) -> Choice:
    """The choice that NAME|FILE.json means; a file is read and checked."""
    if not text.endswith(".json"):
        return text
    return load_policy(_read(Path(text)))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no policy in JSON: {error}") from None
    if not isinstance(table, dict):
        raise ConfigError(f"{path} is no policy: it must be a table with {', '.join(KEYS[:4])}")
    return {"name": path.stem, **table}


def checked(table: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with its keys in order and its numbers as floats; ConfigError where it is none."""
    name = table.get("name", "your policy")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name of a policy: take letters, digits, blanks, points and hyphens, 80 at most"
        )
    if unknown := sorted(set(table) - set(KEYS)):
        raise _error(name, f"unknown key {unknown[0]!r}; choose from {', '.join(KEYS)}")
    if missing := [key for key in ("actions", "features", "theta") if key not in table]:
        raise _error(name, f"it has no {missing[0]}")
    actions, features = table["actions"], table["features"]
    for key, value in (("actions", actions), ("features", features)):
        if not isinstance(value, str):
            raise _error(name, f"{key} must be a name in quotes, got {value!r}")
    entry(ACTION_SETS, actions, "action set")
    n_features = len(feature_set(features).names)
    policy = {
        "name": name,
        "actions": actions,
        "features": features,
        "theta": _rows(name, table, "theta", group_names(actions), n_features),
    }
    if table.get("counts"):
        policy["counts"] = _rows(name, table, "counts", group_names(actions), 2)
        if any(min(row) <= 0 for row in policy["counts"].values()):
            raise _error(name, "hits and uses of counts must be above 0")
    if not isinstance(table.get("provenance", {}), Mapping):
        raise _error(name, "provenance must be a table")
    return policy | ({"provenance": dict(table["provenance"])} if table.get("provenance") else {})


def _rows(
    name: str, table: Mapping[str, Any], key: str, groups: frozenset[str], width: int
) -> dict[str, list[float]]:
    """{group: [width]} with every number finite."""
    rows = table[key]
    if not isinstance(rows, Mapping) or not rows:
        raise _error(name, f"{key} must be a table with a list of {width} numbers for each group of actions")
    for group, row in rows.items():
        if group not in groups:
            raise _error(
                name, f"{key} has no action or group {group!r}; see the actions {table['actions']!r}"
            )
        numbers = isinstance(row, list) and all(type(x) in (int, float) and abs(x) < LARGEST for x in row)
        if not numbers or len(row) != width:
            raise _error(name, f"{key} of {group!r} must be {width} numbers below {LARGEST:g}, got {row!r}")
    return {group: [float(x) for x in row] for group, row in rows.items()}


def start_of(policy: Mapping[str, Any], name: str, actions: Sequence[Action], features: str) -> Start:
    """What each action of a search starts from; ConfigError where the policy is for others.

    policy: checked; name: of the search's action set."""
    for what, mine, its in (("actions", name, policy["actions"]), ("features", features, policy["features"])):
        if mine != its:
            raise ConfigError(
                f"the policy {policy['name']!r} is for the {what} {its!r}, this search has {mine!r}: choose the same, "
                "or another policy"
            )
    rows = [_row(policy["theta"], action) for action in actions]
    if None in rows:
        lacking = policy_group(actions[rows.index(None)])
        raise _error(policy["name"], f"theta has no row for {lacking!r}, which this search needs")
    counts = [_row(policy.get("counts", {}), action) or [np.nan, np.nan] for action in actions]
    return Start(np.array(rows), np.array(counts) if "counts" in policy else None)


def _row(table: Mapping[str, list[float]], action: Action) -> list[float] | None:
    return table.get(str(action.number), table.get(policy_group(action)))


def from_rows(name: str, actions: str, features: str, rows: Mapping[int, Sequence[float]]) -> dict[str, Any]:
    """A policy by the numbers of its actions; rows: [F] each."""
    theta = {str(number): list(map(float, row)) for number, row in rows.items()}
    return checked({"name": name, "actions": actions, "features": features, "theta": theta})


def _error(name: str, sentence: str) -> ConfigError:
    return ConfigError(f"policy {name!r}: {sentence}")
