"""The table of actions: number as published, name, the change itself and when it can apply.

Their order is that of the policy's rows: index i of a probability vector belongs to ACTIONS[i].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rlcsp_core.actions import modular_moves as moves
from rlcsp_core.actions.modular_moves import Problem
from rlcsp_core.crystal.modular import SITES, Modular
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import BoolArray

__all__ = ["ACTIONS", "Action", "Problem", "action_mask", "action_numbered", "index_of"]

Change = Callable[[Modular, Problem, np.random.Generator], Modular | None]
Condition = Callable[[Modular, Problem], bool]


@dataclass(frozen=True)
class Action:
    """One way to make a trial from the current structure."""

    number: int  # as published
    name: str
    description: str
    change: Change
    applies: Condition  # False: masked out


def _always(_: Modular, __: Problem) -> bool:
    return True


def _sites_differ(structure: Modular, _: Problem) -> bool:
    """Some pool of sites holds two kinds of occupants."""
    codes = structure.sites
    return bool((codes != codes.flat[0]).any())


def _blocks_differ(structure: Modular, _: Problem) -> bool:
    blocks = structure.sites.reshape(-1, SITES)
    return bool((blocks != blocks[0]).any())


def _layers_differ(structure: Modular, _: Problem) -> bool:
    """Exchanging two of two layers would only move the origin."""
    layers = structure.sites
    return len(layers) > 2 and bool((layers != layers[0]).any())


def _fits_twice(structure: Modular, problem: Problem) -> bool:
    return 2 * structure.n_atoms <= problem.max_atoms


ACTIONS: tuple[Action, ...] = (
    Action(1, "Swap two sites", "Exchange the occupants of two sites.", moves.swap_sites, _sites_differ),
    Action(
        2, "Swap sub-modules", "Exchange two blocks of four sites.", moves.swap_submodules, _blocks_differ
    ),
    Action(3, "Reassemble", "Stack the same blocks on another lattice.", moves.reassemble, _always),
    Action(4, "Swap modules", "Exchange two layers.", moves.swap_modules, _layers_differ),
    Action(5, "Double", "Repeat the structure along one axis.", moves.double, _fits_twice),
    Action(6, "Renew, no larger", "A new random structure, no larger.", moves.renew_no_larger, _always),
    Action(7, "Renew, any size", "A new random structure of any size.", moves.renew_any_size, _always),
    Action(
        9,
        "Permute some sites",
        "Permute the occupants of some sites.",
        moves.permute_some_sites,
        _sites_differ,
    ),
    Action(
        10, "Permute all sites", "Permute the occupants of all sites.", moves.permute_all_sites, _sites_differ
    ),
)


def action_mask(structure: Modular, problem: Problem, actions: Sequence[Action] = ACTIONS) -> BoolArray:
    """[A], True where the action can apply to this structure."""
    return np.array([action.applies(structure, problem) for action in actions])


def index_of(number: int) -> int:
    """Row of the action with that published number."""
    for index, action in enumerate(ACTIONS):
        if action.number == number:
            return index
    raise ConfigError(f"there is no action {number}; choose from {', '.join(str(a.number) for a in ACTIONS)}")


def action_numbered(number: int) -> Action:
    return ACTIONS[index_of(number)]
