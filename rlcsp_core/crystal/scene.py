"""What a picture of a crystal shows: atoms, bonds and polyhedra of some cells, complete at the borders.

Atoms on a face, edge or corner of the box are repeated on the opposite ones, and every cation within the box gets
all its neighbours, also those outside: without them a polyhedron at the border would look broken.

Units: Å, origin at the centre of the box.  Shapes: N atoms of the crystal, M drawn atoms, K drawn bonds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from rlcsp_core.crystal.bonds import Bonds, Polyhedron, find_bonds, is_centre, polyhedra
from rlcsp_core.records import Array, Crystal, IntArray

Repeats = tuple[int, int, int]
ONE_CELL: Repeats = (1, 1, 1)
ON_FACE = 0.02  # Å from the face of a cell
CORNERS = np.array(list(product((0, 1), repeat=3)))  # [8, 3] of a cell, fractional
EDGES = [(m, n) for m, n in combinations(range(8), 2) if np.abs(CORNERS[m] - CORNERS[n]).sum() == 1]
INSIDE, ON_BORDER, BEYOND = range(3)  # where a drawn atom lies: in the box, on its far faces, outside


@dataclass(frozen=True, eq=False)
class Scene:
    """Lists to draw."""

    atoms: IntArray  # [M] index in the crystal
    positions: Array  # [M, 3] Å
    places: IntArray  # [M] INSIDE, ON_BORDER or BEYOND
    bonds: IntArray  # [K, 2] indices of drawn atoms, each bond once
    hulls: list[tuple[int, Polyhedron]]  # (index of the drawn atom in its centre, shape)


def scene(crystal: Crystal, repeats: Repeats = ONE_CELL) -> Scene:
    """The picture of a box of repeats cells."""
    bonds = find_bonds(crystal)
    home, wrapped = _wrap(crystal)
    places = _places(wrapped, crystal, repeats)
    shells = _shells(bonds, home)
    _add_neighbours(places, crystal, shells)
    keys = list(places)
    number = {key: m for m, key in enumerate(keys)}
    drawn = [
        (m, n) for key, m in number.items() for n in map(number.get, _around(key, shells)) if n and n > m
    ]
    atoms = np.array([key[0] for key in keys], dtype=np.int64)
    cells = np.array([key[1:] for key in keys], dtype=np.int64)
    middle = np.asarray(repeats) / 2
    return Scene(
        atoms=atoms,
        positions=(wrapped[atoms] + cells - middle) @ crystal.cell,
        places=np.array(list(places.values()), dtype=np.int64),
        bonds=np.array(drawn, dtype=np.int64).reshape(-1, 2),
        hulls=[
            (number[key], shape)
            for shape in polyhedra(crystal, bonds)
            for key in keys
            if key[0] == shape.centre and places[key] != BEYOND
        ],
    )


Key = tuple[int, int, int, int]  # an atom of the crystal and the cell it is drawn in


def _wrap(crystal: Crystal) -> tuple[IntArray, Array]:
    """Cells the atoms lie in [N, 3], and fractional coordinates within [0, 1), a hair below 0 on a face."""
    fractional = crystal.positions @ np.linalg.inv(crystal.cell)
    home = np.floor(fractional + _on_face(crystal)).astype(np.int64)
    return home, fractional - home


def _on_face(crystal: Crystal) -> Array:
    """ON_FACE in fractions of the distance between opposite faces [3]."""
    heights = 1.0 / np.linalg.norm(np.linalg.inv(crystal.cell), axis=0)
    return np.asarray(ON_FACE / heights)


def _places(wrapped: Array, crystal: Crystal, repeats: Repeats) -> dict[Key, int]:
    """Atoms in the box, then their copies on its far faces."""
    na, nb, nc = repeats
    inside: dict[Key, int] = {
        (atom, *cell): INSIDE
        for cell in product(range(na), range(nb), range(nc))
        for atom in range(crystal.n_atoms)
    }
    on_near_face = wrapped < _on_face(crystal)
    border: dict[Key, int] = {}
    for atom in np.flatnonzero(on_near_face.any(axis=1)).tolist():
        da, db, dc = on_near_face[atom].astype(int).tolist()
        for cell in product(range(na + da), range(nb + db), range(nc + dc)):
            border.setdefault((atom, *cell), ON_BORDER)
    return border | inside


def _shells(bonds: Bonds, home: IntArray) -> dict[int, list[Key]]:
    """The neighbours of each atom and how many cells away they are, between wrapped positions."""
    shifts = bonds.shift + home[bonds.j] - home[bonds.i]
    shells: dict[int, list[Key]] = {}
    for i, j, shift in zip(bonds.i.tolist(), bonds.j.tolist(), shifts.tolist(), strict=True):
        shells.setdefault(i, []).append((j, *shift))
    return shells


def _around(key: Key, shells: dict[int, list[Key]]) -> list[Key]:
    """The neighbours of an atom that is drawn in some cell."""
    atom, a, b, c = key
    return [(j, a + p, b + q, c + r) for j, p, q, r in shells.get(atom, ())]


def _add_neighbours(places: dict[Key, int], crystal: Crystal, shells: dict[int, list[Key]]) -> None:
    """Complete the shells of all cations drawn so far."""
    centres = {atom for atom, number in enumerate(crystal.numbers.tolist()) if is_centre(number)}
    for key in [key for key in places if key[0] in centres]:
        for other in _around(key, shells):
            places.setdefault(other, BEYOND)
