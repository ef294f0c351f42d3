"""What an action is, and what it sees: where the search stands and what it searches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from rlcsp_core.crystal.composition import Composition
from rlcsp_core.crystal.modular import Modular
from rlcsp_core.records import Crystal

LAST_PUBLISHED = 10
Structure = Modular | Crystal  # a description in modules, or atoms put down freely


class CurrentStructure(NamedTuple):
    """The current structure of a search."""

    built: Structure
    relaxed: Crystal

    @property
    def modular(self) -> Modular:
        """The modular description; only where there is one."""
        assert isinstance(self.built, Modular)
        return self.built


class SearchPoint(NamedTuple):
    """A structure that a search goes on from, with its energy."""

    structure: CurrentStructure
    energy: float  # eV/atom
    step: int  # that made it; 0: the population


@dataclass(frozen=True)
class Problem:
    """What is searched: all an action may know besides the structure."""

    composition: Composition
    max_atoms: int


class Family(Enum):
    """Actions that are alike; in the order in which charts stack them, from small changes to new structures."""

    SITES = "sites"
    BLOCKS = "blocks and layers"
    LATTICE = "lattice and size"
    ATOMS = "atoms and cell"
    SYMMETRIC = "symmetric crystals"
    NEW = "new modules"


Change = Callable[[CurrentStructure, Problem, np.random.Generator], Structure | None]
Condition = Callable[[CurrentStructure, Problem], bool]
ModularChange = Callable[[Modular, Problem, np.random.Generator], Modular | None]
ModularCondition = Callable[[Modular, Problem], bool]


def always(_: CurrentStructure, __: Problem) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Action:
    """One way to make a trial from the current structure."""

    number: int  # as published; from 11 on our own
    name: str
    description: str
    family: Family
    colour: str  # hex; tests/plots/test_palette.py says how far from the others
    change: Change  # None: the draw came to nothing, which counts as an attempt
    applies: Condition = always  # False: masked out
    modular: bool = False  # makes structures in modules from structures in modules

    @property
    def title(self) -> str:
        return f"{self.number} · {self.name}"

    @property
    def own(self) -> bool:
        """Not of RL-CSP, but of this program."""
        return self.number > LAST_PUBLISHED


def modular_action(
    number: int, name: str, description: str, family: Family, colour: str,
    change: ModularChange, applies: ModularCondition,
) -> Action:  # fmt: skip
    """An action on the modular description; a structure that has none never meets its condition."""
    return Action(
        number=number,
        name=name,
        description=description,
        family=family,
        colour=colour,
        change=lambda current, problem, rng: change(current.modular, problem, rng),
        applies=lambda current, problem: (
            isinstance(current.built, Modular) and applies(current.built, problem)
        ),
        modular=True,
    )
