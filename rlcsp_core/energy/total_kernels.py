"""Compiled sum of all parts of the energy, for a cell in any shape.

Energy, gradient and strain gradient do not depend on the choice of lattice vectors, so the cell is reduced and the
atoms are wrapped before the sums: they are short only for compact cells.  Shapes: N atoms, B species.  Units: Å, eV.
"""

# mypy: disallow-untyped-defs=False
from __future__ import annotations

import numpy as np
from numba import njit

from rlcsp_core.energy.lattice_kernels import invert, reduce_cell, wrap
from rlcsp_core.energy.real_kernels import list_neighbours, real_space
from rlcsp_core.energy.reciprocal_kernels import reciprocal_space


@njit(cache=True, nogil=True)
def lattice_energy(x, cell, kinds, starts, tables, neighbours, gradient, strain):
    """Energy [eV]; writes gradient [N, 3] and strain [3, 3].  The cell is reduced, the list valid."""
    for i in range(gradient.shape[0]):
        for a in range(3):
            gradient[i, a] = 0.0
    for a in range(3):
        for b in range(3):
            strain[a, b] = 0.0
    near = real_space(x, cell, kinds, starts, tables, neighbours, gradient, strain)
    return near + reciprocal_space(x, cell, kinds, starts, tables, gradient, strain)


@njit(cache=True, nogil=True)
def evaluate_cell(x, cell, kinds, starts, tables):
    """Energy [eV], gradient [N, 3] and strain gradient [3, 3] of atoms sorted by species, in any cell."""
    cell = cell.copy()
    x = x.copy()
    gradient, strain = np.empty_like(x), np.empty((3, 3))
    inverse = np.empty((3, 3))
    reduce_cell(cell)
    invert(cell, inverse)
    wrap(x, cell, inverse)
    neighbours = list_neighbours(x, cell, starts, tables.r_cut)
    energy = lattice_energy(x, cell, kinds, starts, tables, neighbours, gradient, strain)
    return energy, gradient, strain


@njit(cache=True, nogil=True)
def deepest_contact(x, cell, kinds, starts, guards):
    """How far the closest pair is inside of its guard radius, guards [S, S] Å; negative or 0 where none is."""
    cell = cell.copy()
    x = x.copy()
    inverse = np.empty((3, 3))
    reduce_cell(cell)
    invert(cell, inverse)
    wrap(x, cell, inverse)
    species = kinds.shape[0]
    neighbours = list_neighbours(x, cell, starts, guards.max())
    deepest = 0.0
    a = 0
    for i in range(x.shape[0]):
        while i >= starts[a + 1]:
            a += 1
        for b in range(species):
            for p in range(neighbours.first[i * species + b], neighbours.first[i * species + b + 1]):
                g = neighbours.ghost[p]
                r2 = 0.0
                for c in range(3):
                    image = neighbours.image[g]
                    place = image[0] * cell[0, c] + image[1] * cell[1, c] + image[2] * cell[2, c]
                    r2 += (x[neighbours.atom[g], c] + place - x[i, c]) ** 2
                deepest = max(deepest, guards[kinds[a], kinds[b]] - np.sqrt(r2))
    return deepest
