"""What an action sees: where the search stands and what it searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rlcsp_core.crystal.composition import Composition
from rlcsp_core.crystal.modular import Modular
from rlcsp_core.records import Crystal

Structure = Modular | Crystal  # a description in modules, or atoms put down freely


class Here(NamedTuple):
    """The current structure of a search."""

    structure: Structure  # as it was built
    relaxed: Crystal

    @property
    def modular(self) -> Modular:
        """The modular description; only where there is one."""
        assert isinstance(self.structure, Modular)
        return self.structure


class Ground(NamedTuple):
    """A structure that a search stands on, with its energy."""

    here: Here
    energy: float  # eV/atom
    step: int  # that made it; 0: the population


@dataclass(frozen=True)
class Problem:
    """What is searched: all an action may know besides the structure."""

    composition: Composition
    max_atoms: int
