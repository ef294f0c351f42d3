"""The table of actions: number as published, name, the change itself and when it can apply.

Their order is that of the policy's rows: index i of a probability vector belongs to ACTIONS[i].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rlcsp_core.actions import free_moves as free
from rlcsp_core.actions import modular_moves as moves
from rlcsp_core.actions.here import Ground, Here, Problem, Structure
from rlcsp_core.crystal.modular import SITES, Modular
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, BoolArray

__all__ = [
    "ACTIONS",
    "ACTION_SETS",
    "EXTENSIONS",
    "Action",
    "Ground",
    "Here",
    "Problem",
    "Structure",
    "action_mask",
    "action_numbered",
    "action_set",
    "index_of",
    "prior_preferences",
]

Change = Callable[[Here, Problem, np.random.Generator], Structure | None]
Condition = Callable[[Here, Problem], bool]


@dataclass(frozen=True)
class Action:
    """One way to make a trial from the current structure."""

    number: int  # as published; from 11 on our own
    name: str
    description: str
    change: Change
    applies: Condition  # False: masked out
    modular: bool = True  # makes structures in modules from structures in modules


def _modular(change: Callable[[Modular, Problem, np.random.Generator], Modular | None]) -> Change:
    """An action on the modular description, for the table."""
    return lambda here, problem, rng: change(here.modular, problem, rng)


def _where(condition: Callable[[Modular, Problem], bool]) -> Condition:
    """A condition on the modular description; a structure that has none never meets it."""
    return lambda here, problem: isinstance(here.structure, Modular) and condition(here.structure, problem)


def _always(_: Here, __: Problem) -> bool:
    return True


def _modules(_: Modular, __: Problem) -> bool:
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
    Action(1, "Swap two sites", "Exchange the occupants of two sites.",
           _modular(moves.swap_sites), _where(_sites_differ)),
    Action(2, "Swap sub-modules", "Exchange two blocks of four sites.",
           _modular(moves.swap_submodules), _where(_blocks_differ)),
    Action(3, "Reassemble", "Stack the same blocks on another lattice.",
           _modular(moves.reassemble), _where(_modules)),
    Action(4, "Swap modules", "Exchange two layers.",
           _modular(moves.swap_modules), _where(_layers_differ)),
    Action(5, "Double", "Repeat the structure along one axis.",
           _modular(moves.double), _where(_fits_twice)),
    Action(6, "Renew, no larger", "A new random structure, no larger.", moves.renew_no_larger, _always),
    Action(7, "Renew, any size", "A new random structure of any size.", moves.renew_any_size, _always),
    Action(9, "Permute some sites", "Permute the occupants of some sites.",
           _modular(moves.permute_some_sites), _where(_sites_differ)),
    Action(10, "Permute all sites", "Permute the occupants of all sites.",
           _modular(moves.permute_all_sites), _where(_sites_differ)),
)  # fmt: skip

EXTENSIONS: tuple[Action, ...] = (
    Action(11, "Symmetric, any size", "A new random crystal with a random space group.",
           free.symmetric_any_size, _always, modular=False),
    Action(12, "Symmetric, this size", "A new random symmetric crystal with as many atoms.",
           free.symmetric_this_size, _always, modular=False),
    Action(13, "Distort", "Strain the cell and rattle the atoms.", free.distort, _always,
           modular=False),
    Action(14, "Supercell, rattled", "Double the relaxed crystal, rattle it and relax again.",
           free.rattle_supercell, _always, modular=False),
    Action(15, "Fill a hole", "Move an anion into a hole between the atoms.", free.fill_hole, _always,
           modular=False),
)  # fmt: skip

ACTION_SETS: dict[str, tuple[Action, ...]] = {
    "published": ACTIONS,
    "extended": ACTIONS + EXTENSIONS,
    "symmetric": EXTENSIONS,
}


# What a learner starts from, as odds against an action that is not named here: a symmetric crystal is worth all nine
# published actions together; the policy learned from there on is the run's own.
PRIOR_ODDS: dict[str, dict[int, float]] = {"extended": {11: 9.0, 12: 2.0}, "symmetric": {11: 4.0}}


def prior_preferences(name: str) -> Array:
    """[A] ln of the odds of each action of a set before anything is learned; 0 throughout for the published set."""
    odds = PRIOR_ODDS.get(name, {})
    return np.log([odds.get(action.number, 1.0) for action in action_set(name)])


def action_set(name: str) -> tuple[Action, ...]:
    """The actions of a search, in the order of its policy's rows."""
    try:
        return ACTION_SETS[name]
    except KeyError:
        raise ConfigError(f"unknown action set {name!r}; choose from {', '.join(ACTION_SETS)}") from None


def action_mask(here: Here, problem: Problem, actions: Sequence[Action] = ACTIONS) -> BoolArray:
    """[A], True where the action can apply to this structure."""
    return np.array([action.applies(here, problem) for action in actions])


def index_of(number: int) -> int:
    """Row of the action with that published number."""
    for index, action in enumerate(ACTIONS):
        if action.number == number:
            return index
    raise ConfigError(f"there is no action {number}; choose from {', '.join(str(a.number) for a in ACTIONS)}")


def action_numbered(number: int) -> Action:
    """Any action, published or our own."""
    for action in ACTIONS + EXTENSIONS:
        if action.number == number:
            return action
    known = ", ".join(str(action.number) for action in ACTIONS + EXTENSIONS)
    raise ConfigError(f"there is no action {number}; choose from {known}")
