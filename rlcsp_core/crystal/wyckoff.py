"""Wyckoff positions of the 230 space groups: which sites a symmetric structure can put its atoms on.

A position is the set of points with the same site symmetry: p + Σ u_k b_k with 0 ≤ u_k < 1, of multiplicity m in the
conventional cell.  The 1731 positions of International Tables A stand in data/wyckoff.json, which
`tools/derive_wyckoff.py` derives from the symmetry operations (spglib's database, the first setting of each group).

Shapes: G operations of the conventional cell, M positions, d free coordinates; fractional coordinates.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from rlcsp_core.paths import DATA
from rlcsp_core.records import Array, BoolArray, IntArray

GRID = 24  # all coordinates of special points are multiples of 1/24
FILE = DATA / "wyckoff.json"

# lattice vectors of a primitive cell in units of the conventional ones, rows, by centring letter (ITA, table 5.1.3.1)
PRIMITIVE: dict[str, Array] = {
    "P": np.eye(3),
    "A": np.array([[1, 0, 0], [0, 0.5, -0.5], [0, 0.5, 0.5]]),
    "B": np.array([[0.5, 0, -0.5], [0, 1, 0], [0.5, 0, 0.5]]),
    "C": np.array([[0.5, -0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]),
    "I": np.array([[-0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.5, 0.5, -0.5]]),
    "F": np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]),
    "R": np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3,
}


class Group(NamedTuple):
    """A space group in one setting, with what is needed to put atoms on its M positions in its primitive cell."""

    number: int
    rotations: Array  # [K, 3, 3] one operation for each coset of the centrings, in the conventional cell
    translations: Array  # [K, 3]
    primitive: Array  # [3, 3] lattice vectors of the primitive cell in units of the conventional ones, rows
    to_primitive: Array  # [3, 3] conventional to primitive fractional coordinates, from the right
    multiplicities: IntArray  # [M] points of each position in the primitive cell
    points: Array  # [M, 3] one of its points, in the conventional cell
    bases: Array  # [M, 3, 3] directions in which that point can move, the last 3 − d rows 0
    fixed: BoolArray  # [M] d = 0: without a free coordinate a position can be taken once only

    @property
    def system(self) -> str:
        """Crystal system, which decides the free lattice parameters."""
        return next(name for name, last in CRYSTAL_SYSTEMS if self.number <= last)


CRYSTAL_SYSTEMS = (
    ("triclinic", 2),
    ("monoclinic", 15),
    ("orthorhombic", 74),
    ("tetragonal", 142),
    ("hexagonal", 194),  # trigonal groups in hexagonal axes, too
    ("cubic", 230),
)


@cache
def group(number: int) -> Group:
    """The space group with that number, 1 … 230."""
    entry = _table()[str(number)]
    rotations, translations = operations(entry["hall"])
    _, cosets = np.unique(rotations.reshape(len(rotations), 9), axis=0, return_index=True)
    centrings = len(rotations) // len(cosets)
    primitive = PRIMITIVE[_centring(entry["hall"])]
    return Group(
        number=number,
        rotations=rotations[cosets].astype(float),
        translations=translations[cosets] / GRID,
        primitive=primitive,
        to_primitive=np.ascontiguousarray(np.linalg.inv(primitive)),
        multiplicities=np.array([m // centrings for m, _, _ in entry["positions"]]),
        points=np.array([point for _, point, _ in entry["positions"]]) / GRID,
        bases=np.array([_padded(basis) for _, _, basis in entry["positions"]]),
        fixed=np.array([not basis for _, _, basis in entry["positions"]]),
    )


def _padded(basis: list[list[int]]) -> Array:
    rows = np.zeros((3, 3))
    rows[: len(basis)] = np.array(basis).reshape(-1, 3)
    return rows


@cache
def _table() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def operations(hall: int) -> tuple[IntArray, IntArray]:
    """Rotations [G, 3, 3] and translations [G, 3] in 24ths."""
    import spglib

    found = spglib.get_symmetry_from_database(hall)
    assert found is not None
    rotations = np.asarray(found["rotations"], dtype=np.int64)
    return rotations, np.rint(np.asarray(found["translations"]) * GRID).astype(np.int64)


def _centring(hall: int) -> str:
    import spglib

    setting = spglib.get_spacegroup_type(hall)
    assert setting is not None
    return setting.international_short[0]
