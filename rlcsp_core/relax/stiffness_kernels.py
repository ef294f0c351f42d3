"""Compiled model of the Hessian, as preconditioner: springs between neighbours.

    P = Σ_pairs Jᵀ [k∥ d̂ d̂ᵀ + k⊥ (1 - d̂ d̂ᵀ)] J + κ,   k∥ = max(s″, 0),  k⊥ = max(s′/r, 0)

over the pairs within REACH, s the part of finite range of the pair energy.  J takes the coordinates u = (X, σF) of the
descent to the change of d = r_j + n - r_i; so P couples atoms and cell.  It is positive definite, cheap, and holds
what makes these crystals stiff: the bonds.  Solved by Cholesky in single precision, rows contiguous.

After Packwood et al., J. Chem. Phys. 2016, 144, 164109, and Mones, Ortner, Csányi, Sci. Rep. 2018, 8, 13991.
Shapes: N atoms, B species, D = 3N + 9.  Units: eV/Å².
"""

# mypy: disallow-untyped-defs=False
from __future__ import annotations

import math

import numpy as np
from numba import njit

import rlcsp_core.kernel_cache  # noqa: F401  - sets Numba's cache folder, before the decorators

FASTMATH = {"reassoc", "contract", "nsz"}
REACH = 4.0  # Å
FLOOR = 2.0  # eV/Å², κ: stiffness of what no spring holds
CEILING = 200.0  # eV/Å², of one spring: bonds inside of the guard are no guide


@njit(cache=True, nogil=True)
def _add_spring(matrix, i, j, d, parallel, perpendicular, n, sigma):
    """Lower triangle of Jᵀ K J of one pair; i == j where the pair is an atom and its own image."""
    r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    far, near = max(i, j), min(i, j)
    cell = 3 * n
    for a in range(3):
        for b in range(3):
            k = (parallel - perpendicular) * d[a] * d[b] / r2 + (perpendicular if a == b else 0.0)
            if i != j:
                matrix[3 * far + a, 3 * near + b] -= k
                if b <= a:
                    matrix[3 * i + a, 3 * i + b] += k
                    matrix[3 * j + a, 3 * j + b] += k
            for c in range(3):
                # F[c, a] moves the pair by d_c along a
                if i != j:
                    matrix[cell + 3 * c + a, 3 * i + b] -= k * d[c] / sigma
                    matrix[cell + 3 * c + a, 3 * j + b] += k * d[c] / sigma
                for e in range(3):
                    if 3 * e + b <= 3 * c + a:
                        matrix[cell + 3 * c + a, cell + 3 * e + b] += k * d[c] * d[e] / (sigma * sigma)


@njit(cache=True, nogil=True)
def springs(x, cell, kinds, starts, tables, neighbours, sigma, matrix):
    """Writes the lower triangle of P; matrix [D, D]."""
    n, species = x.shape[0], starts.shape[0] - 1
    elements = tables.self_energy.shape[0]
    scale = tables.real_scale
    for i in range(matrix.shape[0]):
        for j in range(i):
            matrix[i, j] = 0.0
        matrix[i, i] = FLOOR
    d = np.empty(3)
    a = 0
    for i in range(n):
        while i >= starts[a + 1]:
            a += 1
        for b in range(species):
            table = tables.real[kinds[a] * elements + kinds[b]]
            for p in range(neighbours.first[i * species + b], neighbours.first[i * species + b + 1]):
                g = neighbours.ghost[p]
                j = neighbours.atom[g]
                r2 = 0.0
                for c in range(3):
                    image = neighbours.image[g]
                    d[c] = image[0] * cell[0, c] + image[1] * cell[1, c] + image[2] * cell[2, c]
                    d[c] += x[j, c] - x[i, c]
                    r2 += d[c] * d[c]
                if r2 >= REACH * REACH or r2 < 1e-6:
                    continue
                u = r2 * scale
                m = np.uint32(u)
                t = u - m
                slope = (table[m, 1] + t * (2.0 * table[m, 2] + t * 3.0 * table[m, 3])) * scale
                curve = (2.0 * table[m, 2] + t * 6.0 * table[m, 3]) * scale * scale
                parallel = min(max(2.0 * slope + 4.0 * r2 * curve, 0.0), CEILING)
                perpendicular = min(max(2.0 * slope, 0.0), CEILING)
                if parallel > 0.0 or perpendicular > 0.0:
                    _add_spring(matrix, i, np.int64(j), d, parallel, perpendicular, n, sigma)


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _dot(a, b):
    total = np.float32(0.0)
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _four_dots(a, b, c, d, e, out):
    """a·b, a·c, a·d, a·e at once: `a` is loaded once."""
    s0, s1, s2, s3 = np.float32(0.0), np.float32(0.0), np.float32(0.0), np.float32(0.0)
    for i in range(a.shape[0]):
        ai = a[i]
        s0 += ai * b[i]
        s1 += ai * c[i]
        s2 += ai * d[i]
        s3 += ai * e[i]
    out[0], out[1], out[2], out[3] = s0, s1, s2, s3


@njit(cache=True, nogil=True)
def factorise(matrix):
    """P = L Lᵀ in place, the reciprocals of L's diagonal on the diagonal; False if P is not positive definite."""
    size = matrix.shape[0]
    out = np.empty(4, dtype=np.float32)
    for i in range(size):
        row = matrix[i]
        j = 0
        while j + 4 <= i:
            _four_dots(row[:j], matrix[j, :j], matrix[j + 1, :j], matrix[j + 2, :j], matrix[j + 3, :j], out)
            for q in range(4):
                total = out[q]
                for r in range(q):
                    total += row[j + r] * matrix[j + q, j + r]
                row[j + q] = (row[j + q] - total) * matrix[j + q, j + q]
            j += 4
        while j < i:
            row[j] = (row[j] - _dot(row[:j], matrix[j, :j])) * matrix[j, j]
            j += 1
        pivot = row[i] - _dot(row[:i], row[:i])
        if not pivot > 0.0:
            return False
        row[i] = np.float32(1.0) / math.sqrt(pivot)
    return True


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _subtract(a, factor, b):
    for i in range(a.shape[0]):
        a[i] -= factor * b[i]


@njit(cache=True, nogil=True)
def solve(matrix, d, work):
    """d ← P⁻¹ d; d [D], work [D] in single precision."""
    size = d.shape[0]
    for i in range(size):
        work[i] = np.float32(d[i])
    for i in range(size):
        work[i] = (work[i] - _dot(matrix[i, :i], work[:i])) * matrix[i, i]
    for i in range(size - 1, -1, -1):
        work[i] *= matrix[i, i]
        _subtract(work[:i], work[i], matrix[i, :i])
    for i in range(size):
        d[i] = work[i]
