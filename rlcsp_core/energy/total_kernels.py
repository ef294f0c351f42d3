"""Compiled sum of all parts of the energy, for a reduced cell with its list of neighbours.

`lattice_energy` is compiled once, on its own: the descent calls it through its address (ENERGY), since inlined there
it would be optimised a second time, which is most of the work of compiling.  For the same reason the sum over waves
is made part of it before types are inferred.  Shapes: N atoms, B species.  Units: Å, eV.
"""

# mypy: disallow-untyped-defs=False
from __future__ import annotations

import numpy as np

from rlcsp_core.energy.real_kernels import real_space
from rlcsp_core.energy.reciprocal_kernels import reciprocal_space
from rlcsp_core.kernel_cache import kernel


@kernel
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


@kernel
def deepest_contact(x, cell, kinds, starts, neighbours, guards):
    """How far the closest listed pair is inside of its guard radius, guards [S, S] Å; negative or 0 where none is."""
    species = kinds.shape[0]
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
