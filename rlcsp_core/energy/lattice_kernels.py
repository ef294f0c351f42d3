"""Compiled lattice algebra: inverse, reduction, wrapping.  Lattice vectors in rows, Å.

A cell is reduced greedily (Semaev, LNCS 2146, 2001; Nguyen & Stehlé, ACM Trans. Algorithms 2009, 5, 46): sort by
length, take from the longest vector the lattice vector of the other two closest to it, repeat until nothing gets
shorter.  In three dimensions the result is Minkowski reduced: three shortest vectors, angles between 60° and 120°.
"""

# mypy: disallow-untyped-defs=False
from __future__ import annotations

import math

import numpy as np
from numba import njit

from rlcsp_core.kernel_cache import PART, kernel

MAX_SWEEPS = 400  # of the reduction; a cell as skew as 10⁶ needs about 20
SHORTER = 1e-10  # relative gain in squared length that counts


@kernel
def volume_of(cell):
    """Signed volume [Å³]."""
    return (
        cell[0, 0] * (cell[1, 1] * cell[2, 2] - cell[1, 2] * cell[2, 1])
        - cell[0, 1] * (cell[1, 0] * cell[2, 2] - cell[1, 2] * cell[2, 0])
        + cell[0, 2] * (cell[1, 0] * cell[2, 1] - cell[1, 1] * cell[2, 0])
    )


@kernel
def invert(cell, inverse):
    """Writes the inverse of `cell`: columns are the reciprocal vectors without 2π.  Returns the signed volume."""
    v = volume_of(cell)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        for c in range(3):
            d, e = (c + 1) % 3, (c + 2) % 3
            inverse[c, i] = (cell[j, d] * cell[k, e] - cell[j, e] * cell[k, d]) / v
    return v


@njit(**PART)
def _dot(cell, i, j):
    return cell[i, 0] * cell[j, 0] + cell[i, 1] * cell[j, 1] + cell[i, 2] * cell[j, 2]


@njit(**PART)
def _subtract(cell, i, j, factor):
    for c in range(3):
        cell[i, c] -= factor * cell[j, c]


@njit(**PART)
def _sort(cell):
    """Shortest vector first."""
    for i, j in ((0, 1), (1, 2), (0, 1)):
        if _dot(cell, j, j) < _dot(cell, i, i):
            for c in range(3):
                cell[i, c], cell[j, c] = cell[j, c], cell[i, c]


@njit(**PART)
def _shorten_longest(cell):
    """Subtract from the third vector the closest point of the plane lattice of the other two; was it shortened?"""
    aa, bb, ab = _dot(cell, 0, 0), _dot(cell, 1, 1), _dot(cell, 0, 1)
    ac, bc, cc = _dot(cell, 0, 2), _dot(cell, 1, 2), _dot(cell, 2, 2)
    det = aa * bb - ab * ab
    u, v = (ac * bb - bc * ab) / det, (bc * aa - ac * ab) / det
    best, p, q = cc * (1 - SHORTER), 0.0, 0.0
    for i in range(2):
        for j in range(2):
            m, n = math.floor(u) + i, math.floor(v) + j
            length = cc + m * m * aa + n * n * bb - 2 * m * ac - 2 * n * bc + 2 * m * n * ab
            if length < best:
                best, p, q = length, m, n
    _subtract(cell, 2, 0, p)
    _subtract(cell, 2, 1, q)
    return p != 0.0 or q != 0.0


@kernel
def reduce_cell(cell):
    """Reduce in place, right-handed, shortest vector first; True if the cell changed."""
    before = cell.copy()
    for _ in range(MAX_SWEEPS):
        _sort(cell)
        n = np.rint(_dot(cell, 0, 1) / _dot(cell, 0, 0))
        shortened = abs(_dot(cell, 0, 1)) > (0.5 + SHORTER) * _dot(cell, 0, 0)
        if shortened:
            _subtract(cell, 1, 0, n)
        elif not _shorten_longest(cell):
            break
    if volume_of(cell) < 0:
        for i in range(3):
            for c in range(3):
                cell[i, c] = -cell[i, c]
    changed = False
    for i in range(3):
        for c in range(3):
            changed = changed or cell[i, c] != before[i, c]
    return changed


@kernel
def wrap(x, cell, inverse):
    """Move atoms x [N, 3] by lattice vectors into the cell, in place."""
    for i in range(x.shape[0]):
        for a in range(3):
            n = math.floor(x[i, 0] * inverse[0, a] + x[i, 1] * inverse[1, a] + x[i, 2] * inverse[2, a])
            for c in range(3):
                x[i, c] -= n * cell[a, c]
