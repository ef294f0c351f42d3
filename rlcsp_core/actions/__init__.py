"""The actions of a search, and the sets a search can have.

To add one, write it as in `own.py`, give it a number and a line in `EXTENSIONS`, and name it in a new set below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from rlcsp_core.actions.action import Action, CurrentStructure, Family, Problem, SearchPoint, Structure
from rlcsp_core.actions.own import EXTENSIONS, MOST_UNITS, SIZED, symmetric_of_units
from rlcsp_core.actions.published import ACTIONS
from rlcsp_core.crystal.composition import atoms_of_unit
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, BoolArray
from rlcsp_core.settings import entry

__all__ = [
    "ACTIONS",
    "ACTION_SETS",
    "EXTENSIONS",
    "Action",
    "ActionSet",
    "CurrentStructure",
    "Family",
    "Problem",
    "SearchPoint",
    "Structure",
    "action_mask",
    "action_numbered",
    "action_set",
    "actions_of",
    "group_names",
    "is_sized",
    "policy_group",
    "policy_groups",
    "prior_preferences",
]

ALL: Mapping[int, Action] = {action.number: action for action in ACTIONS + EXTENSIONS}


@dataclass(frozen=True)
class ActionSet:
    """What a search chooses from."""

    help: str
    numbers: tuple[
        int, ...
    ]  # in the order of the policy's rows: entry i of a probability vector belongs to numbers[i]
    # What a learner starts from, as odds against an action that is not named: a symmetric crystal is worth all nine
    # published actions together; the policy learned from there on is the run's own.
    odds: Mapping[int, float] = field(default_factory=dict)
    sized: bool = (
        False  # after these, a symmetric crystal of k formula units for each k the atom limit allows
    )

    @property
    def size(self) -> str:
        """How many there are, in words where that depends on the search."""
        return f"{len(self.numbers)}{' and one a size' if self.sized else ''}"


# Stored runs name their set, and the rows of their policies are its actions: a set is never changed.  A larger one is
# another set with another name ("extended-2").
ACTION_SETS: Mapping[str, ActionSet] = {
    "published": ActionSet("the actions of RL-CSP", (1, 2, 3, 4, 5, 6, 7, 9, 10)),
    "extended": ActionSet(
        "those, symmetric crystals and moves of free atoms",
        (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15),
        {11: 9.0, 12: 2.0},
    ),
    "symmetric": ActionSet("symmetric crystals and moves of free atoms", (11, 12, 13, 14, 15), {11: 4.0}),
    "sized": ActionSet(
        "as extended, with a symmetric action for each number of formula units",
        (1, 2, 3, 4, 5, 6, 7, 9, 10, 13, 14, 15),
        sized=True,
    ),
}


def action_set(name: str, formula: str, max_atoms: int) -> tuple[Action, ...]:
    """The actions of a search of this compound, in the order of its policy's rows; ConfigError where there are none."""
    chosen = entry(ACTION_SETS, name, "action set")
    fixed = tuple(ALL[number] for number in chosen.numbers)
    if not chosen.sized:
        return fixed
    most = max_atoms // atoms_of_unit(formula)
    if not most:
        raise ConfigError(
            f"an atom limit of {max_atoms} is too small for {formula}: one formula unit has {atoms_of_unit(formula)} "
            "atoms; raise it"
        )
    return fixed + tuple(symmetric_of_units(k) for k in range(1, most + 1))


def actions_of(config: Mapping[str, Any]) -> tuple[Action, ...]:
    """The same, by a configuration as it is stored; earlier versions knew the published actions only."""
    return action_set(config.get("actions", "published"), config["composition"], config["max_atoms"])


def prior_preferences(name: str, actions: Sequence[Action]) -> Array:
    """[A] ln of the odds of each action of a set before anything is learned; 0 throughout for the published set."""
    return np.log([ACTION_SETS[name].odds.get(action.number, 1.0) for action in actions])


def is_sized(action: Action) -> bool:
    """Whether it makes symmetric crystals of one number of formula units."""
    return action.number > SIZED


def policy_group(action: Action) -> str:
    """What a policy learned across problems keeps one weight for: the action, or several sizes together.

    Cells of most crystals hold 1, 2, 4, 8 or 16 formula units, by the orders of their point groups."""
    if not is_sized(action):
        return str(action.number)
    k = action.number - SIZED
    if k == 1:
        return "symmetric-1"
    if k & (k - 1) == 0:
        return "symmetric-powers-of-2"
    return "symmetric-odd" if k % 2 else "symmetric-even"


@cache
def policy_groups(name: str) -> tuple[str, ...]:
    """All groups of an action set, whatever the problem."""
    return tuple(dict.fromkeys(policy_group(action_numbered(n)) for n in _numbers(name)))


@cache
def group_names(name: str) -> frozenset[str]:
    """All groups and numbers of actions that a policy for an action set can speak of."""
    return frozenset(map(str, _numbers(name))) | frozenset(policy_groups(name))


def _numbers(name: str) -> tuple[int, ...]:
    chosen = entry(ACTION_SETS, name, "action set")
    sizes = range(SIZED + 1, SIZED + MOST_UNITS + 1) if chosen.sized else ()
    return (*chosen.numbers, *sizes)


def action_mask(
    current: CurrentStructure, problem: Problem, actions: Sequence[Action] = ACTIONS
) -> BoolArray:
    """[A], True where the action can apply to this structure."""
    return np.array([action.applies(current, problem) for action in actions])


def action_numbered(number: int) -> Action:
    """Any action, published or our own."""
    if SIZED < number <= SIZED + MOST_UNITS:
        return symmetric_of_units(number - SIZED)
    try:
        return ALL[number]
    except KeyError:
        known = ", ".join(map(str, ALL))
        raise ConfigError(
            f"there is no action {number}; choose from {known}, and from {SIZED + 1} on"
        ) from None
