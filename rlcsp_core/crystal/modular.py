"""Structures as stacks of modules (FUSE: Collins, Darling, Rosseinsky, Faraday Discuss. 211, 117, 2018).

A sub-module is a block a_p × a_p × a_p/2 with four sites in its mid-plane, at (0,0), (½,0), (½,½), (0,½).  A site holds
an ion or a vacancy.  Sub-modules tile an n_a × n_b module; n_c modules stack along c, each with an in-plane shift in
units of a sub-module.  With γ = 90° the shifts alternate between (0,0) and (½,½); with γ = 120° they are (0,0), (⅓,⅔)
or (⅔,⅓), different for neighbours, also around the period.

Shapes: n_c modules, n_a × n_b sub-modules each; `sites` is [n_c, n_a, n_b, 4] with ion codes (0: vacancy).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, radians, sin, sqrt

import numpy as np

from rlcsp_core.crystal.composition import Composition
from rlcsp_core.crystal.ions import VACANCY, all_ions
from rlcsp_core.records import Array, Crystal, IntArray

SITES = 4  # of a sub-module
SITE_XY = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 0.5], [0.0, 0.5]])  # in units of a_p
# in-plane shifts in units of a_p; the first two serve γ = 90°, the first and the last two γ = 120°
SHIFTS = np.array([[0.0, 0.0], [0.5, 0.5], [1 / 3, 2 / 3], [2 / 3, 1 / 3]])


@dataclass(frozen=True)
class Assembly:
    """How sub-modules are put together: everything but what the sites hold."""

    kind: str  # a key of lattice.KINDS
    shape: tuple[int, int, int]  # n_a, n_b, n_c
    angles: tuple[float, float, float]  # α, β, γ in degrees
    shifts: tuple[int, ...]  # [n_c] indices into SHIFTS

    @property
    def n_blocks(self) -> int:
        """Number of sub-modules."""
        n_a, n_b, n_c = self.shape
        return n_a * n_b * n_c

    @property
    def volume_factor(self) -> float:
        """Volume of the cell over that of its sub-modules laid out at right angles."""
        return volume_factor(self.angles)


@dataclass(frozen=True, eq=False)
class Modular:
    """A structure in its modular description: the state of the search."""

    assembly: Assembly
    sites: IntArray  # [n_c, n_a, n_b, 4] ion codes

    @property
    def n_atoms(self) -> int:
        return int(np.count_nonzero(self.sites))


@cache
def volume_factor(angles: tuple[float, float, float]) -> float:
    """√(1 − Σcos² + 2 Πcos) of the three cell angles; 0 where they close no cell."""
    a, b, c = (cos(radians(x)) for x in angles)
    return sqrt(max(0.0, 1 - a * a - b * b - c * c + 2 * a * b * c))


@cache
def unit_vectors(angles: tuple[float, float, float]) -> Array:
    """Directions of the lattice vectors in rows [3, 3]: a along x, b in the xy plane."""
    alpha, beta, gamma = (radians(x) for x in angles)
    b = (cos(gamma), sin(gamma), 0.0)
    c_x = cos(beta)
    c_y = (cos(alpha) - cos(beta) * cos(gamma)) / sin(gamma)
    vectors = np.array([(1.0, 0.0, 0.0), b, (c_x, c_y, sqrt(1 - c_x**2 - c_y**2))])
    vectors.setflags(write=False)  # cached: callers must not change it
    return vectors


@cache
def site_frame(assembly: Assembly) -> Array:
    """Fractional coordinates of all sites [n_c · n_a · n_b · 4, 3], in the order of `sites`."""
    n_a, n_b, n_c = assembly.shape
    k, i, j, s = np.indices((n_c, n_a, n_b, SITES)).reshape(4, -1)
    shift = SHIFTS[np.array(assembly.shifts)[k]]
    x = (i + SITE_XY[s, 0] + shift[:, 0]) / n_a
    y = (j + SITE_XY[s, 1] + shift[:, 1]) / n_b
    frame = np.column_stack([x % 1.0, y % 1.0, (k + 0.5) / n_c])
    frame.setflags(write=False)
    return frame


def cell_of(assembly: Assembly, block_length: float) -> Array:
    """Lattice vectors in rows [3, 3] Å; block_length is a_p."""
    n_a, n_b, n_c = assembly.shape
    lengths = block_length * np.array([n_a, n_b, n_c / 2])
    return unit_vectors(assembly.angles) * lengths[:, None]


@cache
def atomic_numbers() -> IntArray:
    """Atomic number by ion code; 0 for a vacancy."""
    return np.array([0, *(ion.number for ion in all_ions())], dtype=np.int64)


def build(structure: Modular, composition: Composition) -> Crystal:
    """Atoms at the occupied sites, sorted by ion code so that equal ions are neighbours in memory."""
    codes = structure.sites.ravel()
    occupied = np.flatnonzero(codes != VACANCY)
    order = occupied[np.argsort(codes[occupied], kind="stable")]
    cell = cell_of(structure.assembly, composition.block_length)
    return Crystal(
        numbers=atomic_numbers()[codes[order]],
        positions=site_frame(structure.assembly)[order] @ cell,
        cell=cell,
    )
