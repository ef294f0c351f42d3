"""A structure to look at, and what is known of it: computed once, kept by its coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pages.components.crystal_view import CrystalKey, Frame
from rlcsp_core.crystal.identity import Match, known_phases
from rlcsp_core.crystal.symmetry import Symmetry, symmetry
from rlcsp_core.records import Crystal


class Item(NamedTuple):
    """A structure to look at."""

    crystal: Crystal
    title: str
    energy: float | None = None  # eV/atom
    before: Crystal | None = None  # as built, before its relaxation
    film: Sequence[Frame] = ()  # how it came about
    name: str = "structure"  # of files


@lru_cache(maxsize=256)
def phases_of(key: CrystalKey) -> list[Match]:
    return known_phases(key.crystal)


@lru_cache(maxsize=256)
def symmetry_of(key: CrystalKey, symprec: float) -> Symmetry:
    return symmetry(key.crystal, symprec)
