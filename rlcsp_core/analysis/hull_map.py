"""A convex hull as it is drawn: where each composition lies, and how high above the hull.

A ternary field lies in the plane of its mole fractions f, the first end member left, the second right, the third on
top:

    x = f₂ + f₃/2,   y = (√3/2) f₃

Tie lines are straight in it.  Energies per atom are linear along a tie line in the share of the atoms, not of the
moles, so a binary field is drawn against that share, and y is its formation energy in meV/atom.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple


class Place(NamedTuple):
    """Where a composition lies in the drawing."""

    x: float
    y: float


class HullMark(NamedTuple):
    """One composition."""

    formula: str
    fractions: tuple[float, ...]  # [M] moles of each end member, of 1
    place: Place | None  # None in a binary field where there is no formation energy
    x: float  # of the place; there without one too
    formation: float | None  # meV/atom, from the end members
    above: float | None  # meV/atom above the hull; None without a place on it
    stable: bool  # on the hull
    known: str | None  # what the compound is called where it is known to exist
    hits: int  # searches that ended at its lowest minimum
    n_finished: int
    doubtful: bool  # one search only ended there
    words: tuple[str, ...]  # more of it, line by line


class HullMap(NamedTuple):
    """The hull of one energy."""

    end_members: tuple[str, ...]  # [M] 2 or 3
    by: str  # "by DIEP"
    marks: tuple[HullMark, ...]
    edges: tuple[tuple[int, int], ...]  # tie lines between places of marks

    @property
    def ternary(self) -> bool:
        return len(self.end_members) == 3


def in_triangle(fractions: Sequence[float]) -> Place:
    """Mole fractions [3], see above."""
    _, second, third = fractions
    return Place(second + third / 2, sqrt(3) / 2 * third)


def share_of_atoms(fractions: Sequence[float], sizes: Sequence[int]) -> float:
    """Of the second of two end members, whose formulas have so many atoms; mole fractions [2]."""
    first, second = (f * n for f, n in zip(fractions, sizes, strict=True))
    return second / (first + second)
