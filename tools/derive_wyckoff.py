"""Writes data/wyckoff.json: the Wyckoff positions of the 230 space groups, derived from their symmetry operations.

    python tools/derive_wyckoff.py

Every special point of every group shows up on a grid of 24ths of the cell, the stabiliser of a grid point tells its
position, and points that the group or the lattice maps onto each other share one.  The operations are those of spglib's
database, the first setting of each group; that gives the 1731 positions of International Tables A.

Shapes: G operations of the conventional cell; fractional coordinates.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from rlcsp_core.crystal.wyckoff import FILE, GRID, operations
from rlcsp_core.records import Array, BoolArray, IntArray

TOLERANCE = 1e-9


class _Subspace(NamedTuple):
    """Points fixed by a stabiliser: p + span(A)."""

    order: int  # of the stabiliser
    projector: Array  # [3, 3] A: mean of the stabiliser's rotations
    point: IntArray  # [3] p, in 24ths


def derive_positions(hall: int) -> list[tuple[int, list[int], list[list[int]]]]:
    """(multiplicity, point in 24ths, basis) of every Wyckoff position of one setting, the most special first."""
    rotations, translations = operations(hall)
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


if __name__ == "__main__":
    FILE.write_text(json.dumps(derive_table(), separators=(",", ":")).replace("},", "},\n"), encoding="utf-8")
