"""The actions of a search, and the sets a search can have.

To add one, write it as in `own.py`, give it a number and a line in `EXTENSIONS`, and name it in a new set below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rlcsp_core.actions.action import Action, CurrentStructure, Family, Problem, SearchPoint, Structure
from rlcsp_core.actions.own import EXTENSIONS
from rlcsp_core.actions.published import ACTIONS
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

    @property
    def actions(self) -> tuple[Action, ...]:
        return tuple(ALL[number] for number in self.numbers)


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
}


def prior_preferences(name: str) -> Array:
    """[A] ln of the odds of each action of a set before anything is learned; 0 throughout for the published set."""
    actions = action_set(name)
    return np.log([ACTION_SETS[name].odds.get(action.number, 1.0) for action in actions])


def action_set(name: str) -> tuple[Action, ...]:
    """The actions of a search, in the order of its policy's rows."""
    return entry(ACTION_SETS, name, "action set").actions


def action_mask(
    current: CurrentStructure, problem: Problem, actions: Sequence[Action] = ACTIONS
) -> BoolArray:
    """[A], True where the action can apply to this structure."""
    return np.array([action.applies(current, problem) for action in actions])


def action_numbered(number: int) -> Action:
    """Any action, published or our own."""
    try:
        return ALL[number]
    except KeyError:
        raise ConfigError(f"there is no action {number}; choose from {', '.join(map(str, ALL))}") from None
