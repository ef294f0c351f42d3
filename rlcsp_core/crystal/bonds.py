"""Bonds, coordination, polyhedra and bond valences of a crystal, across all cell boundaries.

A cation and an anion are bonded where their distance is at most 1.25 (r_cation + r_anion), with the radii of
`data/ions.toml`; the same rule decides whether a trial structure is sound.  Elements without an ion there take
covalent radii (Cordero et al. 2008, as tabulated by ASE) and bond to every other element.

Bond valence (Brese & O'Keeffe 1991):   V_i = Σ_j exp((R₀ - d_ij) / b),   close to the charge of a well-bonded ion.

Units: Å.  Shapes: N atoms, B bonds, V vertices, F triangles.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from rlcsp_core.crystal.ions import all_ions, ions_in
from rlcsp_core.paths import DATA
from rlcsp_core.records import Array, Crystal, IntArray

BOND_STRETCH = 1.25  # longest bond over the sum of ionic radii
COVALENT_STRETCH = 1.3  # the same over the sum of covalent radii, for elements without an ion
MIN_VERTICES = 4  # fewer points enclose no volume
FLAT = 1e-3  # Å, flatter sets of neighbours are no polyhedron


@dataclass(frozen=True, eq=False)
class Bonds:
    """Every bond from both its ends: B is twice the number of bonds in the cell."""

    i: IntArray  # [B]
    j: IntArray  # [B]
    shift: IntArray  # [B, 3] atom j is bonded to i where j is moved by shift @ cell
    vector: Array  # [B, 3] Å, from i to j
    length: Array  # [B] Å


_NONE = np.zeros(0, dtype=np.int64)
NO_BONDS = Bonds(_NONE, _NONE, _NONE.reshape(0, 3), np.zeros((0, 3)), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Polyhedron:
    """The convex hull of the neighbours of an atom."""

    centre: int  # index of the atom
    members: IntArray  # [V] bonds that end in the vertices
    vertices: Array  # [V, 3] Å, relative to the centre
    faces: IntArray  # [F, 3] triangles, counterclockwise seen from outside


def find_bonds(crystal: Crystal) -> Bonds:
    """All bonds of the crystal."""
    from ase.neighborlist import primitive_neighbor_list

    cutoffs = _cutoffs(crystal)
    if not cutoffs:  # one element, or ions of one sign: the neighbour list takes no empty table
        return NO_BONDS
    i, j, shift, vector, length = primitive_neighbor_list(
        "ijSDd", (True, True, True), crystal.cell, crystal.positions, cutoffs, crystal.numbers
    )
    return Bonds(i.astype(np.int64), j.astype(np.int64), shift.astype(np.int64), vector, length)


def _cutoffs(crystal: Crystal) -> dict[tuple[int, int], float]:
    """Longest bond [Å] of each pair of elements that bonds."""
    from ase.data import covalent_radii

    ions = ions_in(crystal.numbers)
    cutoffs = {}
    for a, b in combinations(sorted(set(crystal.numbers.tolist())), 2):
        if a in ions and b in ions:
            if ions[a].is_cation != ions[b].is_cation:
                cutoffs[a, b] = BOND_STRETCH * (ions[a].radius + ions[b].radius)
        else:
            cutoffs[a, b] = COVALENT_STRETCH * float(covalent_radii[a] + covalent_radii[b])
    return cutoffs


def coordination(crystal: Crystal, bonds: Bonds) -> IntArray:
    """[N] number of bonds of each atom."""
    return np.bincount(bonds.i, minlength=crystal.n_atoms).astype(np.int64)


def bond_valence_sums(crystal: Crystal, bonds: Bonds) -> Array:
    """[N] V_i above; nan for an atom with a bond that has no parameters."""
    known, ions = bond_valence_parameters(), ions_in(crystal.numbers)
    parameters = np.full((119, 119, 2), np.nan)
    for a, b in combinations(ions.values(), 2):
        parameters[a.number, b.number] = parameters[b.number, a.number] = known.get(
            frozenset([a.symbol, b.symbol]), (np.nan, np.nan)
        )
    r0, softness = parameters[crystal.numbers[bonds.i], crystal.numbers[bonds.j]].T
    valences = np.exp((r0 - bonds.length) / softness)
    return np.asarray(np.bincount(bonds.i, weights=valences, minlength=crystal.n_atoms))


@cache
def bond_valence_parameters() -> dict[frozenset[str], tuple[float, float]]:
    """(R₀, b) [Å] of a pair of ions, "Ti4+" and "O2-"."""
    table = tomllib.loads((DATA / "bond_valence.toml").read_text(encoding="utf-8"))
    return {
        frozenset([cation, anion]): (float(row[0]), float(row[1]) if len(row) > 1 else table["b"])
        for anion, rows in table["R0"].items()
        for cation, row in rows.items()
    }


def is_centre(number: int) -> bool:
    """True for elements that polyhedra are drawn around: cations; of elements we do not know, metals."""
    ion = next((ion for ion in all_ions() if ion.number == number), None)
    return ion.is_cation if ion else number not in NONMETALS


NONMETALS = frozenset({1, 2, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 33, 34, 35, 36, 52, 53, 54, 85, 86})


def polyhedra(crystal: Crystal, bonds: Bonds) -> list[Polyhedron]:
    """Coordination polyhedra of all cations that have four neighbours or more, not in a plane."""
    return [
        polyhedron
        for atom in range(crystal.n_atoms)
        if is_centre(int(crystal.numbers[atom]))
        if (polyhedron := _polyhedron(atom, np.flatnonzero(bonds.i == atom), bonds)) is not None
    ]


def _polyhedron(centre: int, members: IntArray, bonds: Bonds) -> Polyhedron | None:
    from scipy.spatial import ConvexHull

    vertices = bonds.vector[members]
    if len(vertices) < MIN_VERTICES or _thickness(vertices) < FLAT:
        return None
    hull = ConvexHull(vertices)
    faces = hull.simplices.astype(np.int64)
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    inward = np.einsum("fk,fk->f", np.cross(b - a, c - a), hull.equations[:, :3]) < 0
    faces[inward] = faces[inward][:, ::-1]
    return Polyhedron(centre, members, vertices, faces)


def _thickness(points: Array) -> float:
    """Smallest root-mean-square extent of points [V, 3] about their mean, in Å."""
    return float(np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[-1] / np.sqrt(len(points)))
