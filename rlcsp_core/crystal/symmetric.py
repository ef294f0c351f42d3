"""Random symmetric crystals: a space group at random, its Wyckoff sites filled to the composition.

    number of formula units → space group → sites for each ion → cell of a sensible volume → free coordinates

Most crystals are symmetric, so this is the strongest prior that knows nothing of the answer (Pickard & Needs, J. Phys.:
Condens. Matter 23, 053201, 2011; Lyakhov et al., Comput. Phys. Commun. 184, 1172, 2013).  Everything is drawn for the
primitive cell, which is what an atom limit is about.  Å, Å³.
"""

from __future__ import annotations

from functools import cache
from math import cos, radians, sin, sqrt
from typing import NamedTuple

import numpy as np

from rlcsp_core.crystal.composition import Composition
from rlcsp_core.crystal.ions import all_ions, code_of
from rlcsp_core.crystal.modular import atomic_numbers
from rlcsp_core.crystal.orbit_kernels import choose_orbits, place_orbits
from rlcsp_core.crystal.wyckoff import Group, group
from rlcsp_core.records import Array, Crystal, IntArray

PACKING = (0.42, 0.75)  # volume of the ions' spheres over that of the cell: what oxides have
AXIS_SPREAD = 0.5  # standard deviation of ln(length) of each free axis
ANGLE_RANGE = (60.0, 120.0)  # degrees, of oblique cells
CATION_ANION = 0.75  # shortest cation–anion distance, of the sum of radii
ANION_ANION = 0.8  # shortest anion–anion distance, of the sum of radii
COORDINATE_TRIES = 20  # draws of the free coordinates of one orbit
ATTEMPTS = 4  # at all coordinates of one choice of sites
SITE_TRIES = 5  # draws of the sites of all ions in one group
# sites are drawn with weights multiplicity^p, p drawn anew for each crystal: few large orbits suit some structures
# (bixbyite), many small ones others (Y2TiO5)
SITE_POWERS = (-1.0, 0.0, 1.0)


class Orbits(NamedTuple):
    """The positions that the ions of a crystal take, M of them, the largest first."""

    sites: IntArray  # [M] indices of positions
    codes: IntArray  # [M] of the ions


def random_symmetric_crystal(
    composition: Composition, n_formula: int, rng: np.random.Generator
) -> Crystal | None:
    """A crystal of n_formula formula units in its primitive cell, of a space group drawn evenly from 2 … 230; None
    where the group cannot hold them or no contact-free coordinates were found."""
    space_group = group(int(rng.integers(2, 231)))
    orbits = _random_orbits(space_group, composition, n_formula, rng)
    if orbits is None:
        return None
    cell = _random_cell(space_group, n_formula * composition.ion_volume, rng)
    anion = min(ion.radius for ion in composition.ions if not ion.is_cation)
    return _placed(space_group, orbits, cell, _closest(anion), rng)


def _random_orbits(
    space_group: Group, composition: Composition, n_formula: int, rng: np.random.Generator
) -> Orbits | None:
    """Positions for each ion whose multiplicities add up to its number; positions without freedom are taken once."""
    weights = _site_weights(space_group.number)[rng.integers(len(SITE_POWERS))]
    counts = n_formula * np.array(composition.counts)
    sites, ions = np.empty((2, counts.sum()), dtype=np.int64)
    n = choose_orbits(
        space_group.multiplicities, space_group.fixed, weights, counts, SITE_TRIES, rng, sites, ions
    )
    if n < 0:
        return None
    order = np.argsort(-space_group.multiplicities[sites[:n]], kind="stable")
    codes = np.array([code_of(ion.symbol) for ion in composition.ions])
    return Orbits(sites[order], codes[ions[order]])


@cache
def _site_weights(number: int) -> Array:
    """[P, M] of the M positions of a group, for each of SITE_POWERS."""
    return np.array([[m**power for m in group(number).multiplicities.tolist()] for power in SITE_POWERS])


# cells ----------------------------------------------------------------------------------------------------------------


def _random_cell(space_group: Group, ion_volume: float, rng: np.random.Generator) -> Array:
    """Primitive lattice vectors [3, 3] Å in rows, with the freedom of the crystal system and a sensible volume."""
    lengths, angles = CELLS[space_group.system](rng)
    shape = space_group.primitive @ _vectors(lengths, angles)
    volume = ion_volume / rng.uniform(*PACKING)
    return shape * (volume / abs(np.linalg.det(shape))) ** (1 / 3)


def _axes(n_free: int, rng: np.random.Generator) -> Array:
    return np.exp(rng.normal(scale=AXIS_SPREAD, size=n_free))


def _triclinic(rng: np.random.Generator) -> tuple[Array, Array]:
    while True:
        angles = rng.uniform(*ANGLE_RANGE, size=3)
        if angles.sum() < 360 and 2 * angles.max() < angles.sum():
            return _axes(3, rng), angles


def _monoclinic(rng: np.random.Generator) -> tuple[Array, Array]:
    return _axes(3, rng), np.array([90.0, rng.uniform(90.0, ANGLE_RANGE[1]), 90.0])


def _orthorhombic(rng: np.random.Generator) -> tuple[Array, Array]:
    return _axes(3, rng), np.full(3, 90.0)


def _tetragonal(rng: np.random.Generator) -> tuple[Array, Array]:
    return _axes(2, rng)[[0, 0, 1]], np.full(3, 90.0)


def _hexagonal(rng: np.random.Generator) -> tuple[Array, Array]:
    return _axes(2, rng)[[0, 0, 1]], np.array([90.0, 90.0, 120.0])


def _cubic(_: np.random.Generator) -> tuple[Array, Array]:
    return np.ones(3), np.full(3, 90.0)


CELLS = {
    "triclinic": _triclinic,
    "monoclinic": _monoclinic,
    "orthorhombic": _orthorhombic,
    "tetragonal": _tetragonal,
    "hexagonal": _hexagonal,
    "cubic": _cubic,
}


def _vectors(lengths: Array, angles: Array) -> Array:
    """Lattice vectors in rows: a along x, b in the xy plane."""
    ca, cb, cg = (cos(radians(x)) for x in angles)
    sg = sin(radians(angles[2]))
    c_y = (ca - cb * cg) / sg
    rows = np.array([(1.0, 0.0, 0.0), (cg, sg, 0.0), (cb, c_y, sqrt(max(1e-6, 1 - cb * cb - c_y * c_y)))])
    return rows * lengths[:, None]


# atoms ----------------------------------------------------------------------------------------------------------------


@cache
def _closest(anion: float) -> Array:
    """[codes, codes] Å: contacts a random crystal must not be below; anion: radius of its smallest anion [Å].

    Two cations keep the mean of their distances to an anion: they share anions and do not touch."""
    ions = all_ions()
    table = np.zeros((len(ions) + 1, len(ions) + 1))
    for i, a in enumerate(ions, 1):
        for j, b in enumerate(ions, 1):
            if a.is_cation and b.is_cation:
                table[i, j] = (a.radius + b.radius) / 2 + anion
            else:
                factor = CATION_ANION if a.is_cation or b.is_cation else ANION_ANION
                table[i, j] = factor * (a.radius + b.radius)
    return table


def _placed(
    space_group: Group, orbits: Orbits, cell: Array, closest: Array, rng: np.random.Generator
) -> Crystal | None:
    """Atoms at drawn coordinates without short contacts, the largest orbits first; None where there are none."""
    sizes = space_group.multiplicities[orbits.sites]
    frame, codes = np.empty((sizes.sum(), 3)), np.empty(sizes.sum(), dtype=np.int64)
    placed = place_orbits(
        space_group.rotations,
        space_group.translations,
        space_group.to_primitive,
        space_group.points[orbits.sites],
        space_group.bases[orbits.sites],
        sizes,
        orbits.codes,
        rng.random((ATTEMPTS, len(sizes), COORDINATE_TRIES, 3)),
        cell,
        closest,
        frame,
        codes,
    )
    if not placed:
        return None
    order = np.argsort(codes, kind="stable")
    return Crystal(atomic_numbers()[codes[order]], frame[order] @ cell, cell)
