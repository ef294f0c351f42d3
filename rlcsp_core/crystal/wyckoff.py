"""Wyckoff positions of the 230 space groups: which sites a symmetric structure can put its atoms on.

A position is the set of points with the same site symmetry: p + Σ u_k b_k with 0 ≤ u_k < 1, of multiplicity m in the
conventional cell.  They are derived from the symmetry operations (spglib's database, the first setting of each group)
rather than typed in: every special point of every group shows up on a grid of 24ths of the cell, the stabiliser of a
grid point tells its position, and points that the group or the lattice maps onto each other share one.  That gives the
1731 positions of International Tables A; they are kept in data/wyckoff.json because deriving them takes some seconds.

Shapes: G operations of the conventional cell, d free coordinates; fractional coordinates.
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
TOLERANCE = 1e-9

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


class Position(NamedTuple):
    """One Wyckoff position."""

    multiplicity: int  # in the primitive cell
    point: Array  # [3] of one of its points, in the conventional cell
    basis: Array  # [3, 3] directions in which that point can move, the last 3 − d rows 0
    is_fixed: bool  # d = 0: without a free coordinate it can be taken once only


class Group(NamedTuple):
    """A space group in one setting, with what is needed to put atoms into its primitive cell."""

    number: int
    rotations: Array  # [K, 3, 3] one operation for each coset of the centrings, in the conventional cell
    translations: Array  # [K, 3]
    primitive: Array  # [3, 3] lattice vectors of the primitive cell in units of the conventional ones, rows
    to_primitive: Array  # [3, 3] conventional to primitive fractional coordinates, from the right
    positions: tuple[Position, ...]

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
    rotations, translations = _operations(entry["hall"])
    _, cosets = np.unique(rotations.reshape(len(rotations), 9), axis=0, return_index=True)
    centrings = len(rotations) // len(cosets)
    primitive = PRIMITIVE[_centring(entry["hall"])]
    return Group(
        number=number,
        rotations=rotations[cosets].astype(float),
        translations=translations[cosets] / GRID,
        primitive=primitive,
        to_primitive=np.ascontiguousarray(np.linalg.inv(primitive)),
        positions=tuple(
            Position(m // centrings, np.array(point) / GRID, _padded(basis), not basis)
            for m, point, basis in entry["positions"]
        ),
    )


def _padded(basis: list[list[int]]) -> Array:
    rows = np.zeros((3, 3))
    rows[: len(basis)] = np.array(basis).reshape(-1, 3)
    return rows


@cache
def _table() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def _operations(hall: int) -> tuple[IntArray, IntArray]:
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


# how the table is made ------------------------------------------------------------------------------------------------


class _Subspace(NamedTuple):
    """Points fixed by a stabiliser: p + span(A)."""

    order: int  # of the stabiliser
    projector: Array  # [3, 3] A: mean of the stabiliser's rotations
    point: IntArray  # [3] p, in 24ths


def derive_positions(hall: int) -> list[tuple[int, list[int], list[list[int]]]]:
    """(multiplicity, point in 24ths, basis) of every Wyckoff position of one setting, the most special first."""
    rotations, translations = _operations(hall)
    kept: list[_Subspace] = []
    for candidate in _fixed_subspaces(rotations, translations):
        if not any(_equivalent(candidate, other, rotations, translations) for other in kept):
            kept.append(candidate)
    found = [(len(rotations) // s.order, s.point.tolist(), _basis(s.projector)) for s in kept]
    return sorted(found, key=lambda position: (position[0], len(position[2]), position[1]))


def _fixed_subspaces(rotations: IntArray, translations: IntArray) -> list[_Subspace]:
    """The distinct subspaces fixed by the stabilisers of grid points, up to lattice translations."""
    grid = np.indices((GRID, GRID, GRID)).reshape(3, -1).T
    fixed = np.stack(
        [
            ((grid @ r.T + t - grid) % GRID == 0).all(axis=1)
            for r, t in zip(rotations, translations, strict=True)
        ],
        axis=1,
    )  # [24³, G]
    _, first, which = np.unique(np.packbits(fixed, axis=1), axis=0, return_index=True, return_inverse=True)
    subspaces = []
    for index, example in enumerate(first):
        stabiliser = fixed[example]
        projector = rotations[stabiliser].mean(axis=0)
        rest = grid[which.ravel() == index]
        while len(rest):
            subspaces.append(_Subspace(int(stabiliser.sum()), projector, rest[0]))
            rest = rest[~_on_subspace(rest - rest[0], projector, reach=1)]
    return sorted(subspaces, key=lambda s: (-s.order, tuple(s.point)))


def _on_subspace(offsets: IntArray, projector: Array, reach: int) -> BoolArray:
    """[n] whether offset [n, 3] plus some lattice vector lies in span(A)."""
    lattice = (np.indices((2 * reach + 1,) * 3).reshape(3, -1).T - reach) * GRID
    outside = (offsets[:, None, :] + lattice) @ (np.eye(3) - projector).T
    return np.any(np.all(np.abs(outside) < TOLERANCE, axis=-1), axis=1)


def _equivalent(a: _Subspace, b: _Subspace, rotations: IntArray, translations: IntArray) -> bool:
    """Whether an operation of the group maps one subspace onto the other, up to lattice translations."""
    if a.order != b.order or abs(np.trace(a.projector) - np.trace(b.projector)) > TOLERANCE:
        return False
    turned = np.abs(rotations @ a.projector - b.projector @ rotations).max(axis=(1, 2)) < TOLERANCE
    images = rotations[turned] @ a.point + translations[turned]
    return bool(_on_subspace((images - b.point) % GRID, b.projector, reach=2).any())


def _basis(projector: Array) -> list[list[int]]:
    """Primitive integer vectors that span the columns of the projector."""
    basis: list[list[int]] = []
    for column in projector.T:
        whole = np.rint(column * GRID).astype(int)
        if not whole.any():
            continue
        primitive = (whole // np.gcd.reduce(whole)).tolist()
        if np.linalg.matrix_rank(np.array([*basis, primitive])) > len(basis):
            basis.append(primitive)
    return basis


def derive_table() -> dict[str, Any]:
    """All 230 groups, as kept in data/wyckoff.json."""
    import spglib

    halls: dict[int, int] = {}
    for hall in range(1, 531):
        setting = spglib.get_spacegroup_type(hall)
        assert setting is not None
        halls.setdefault(setting.number, hall)
    return {str(n): {"hall": hall, "positions": derive_positions(hall)} for n, hall in sorted(halls.items())}


if __name__ == "__main__":  # python -m rlcsp_core.crystal.wyckoff writes the table anew
    FILE.write_text(json.dumps(derive_table(), separators=(",", ":")).replace("},", "},\n"), encoding="utf-8")
