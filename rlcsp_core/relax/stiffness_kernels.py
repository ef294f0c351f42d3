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

from rlcsp_core.energy.real_kernels import place_ghosts
from rlcsp_core.kernel_cache import FAST_PART, PART, kernel

REACH = 4.0  # Å
COINCIDENT = 1e-6  # Å²: such a pair has no direction
FLOOR = 2.0  # eV/Å², κ: stiffness of what no spring holds
CEILING = 200.0  # eV/Å², of one spring: bonds inside of the guard are no guide


@njit(**PART)
def _add_spring(matrix, block, i, j, d, k, cell, sigma):
    """Lower triangle of Jᵀ K J of one pair, K [3, 3]; atoms and cell block [9, 9] apart; i = j: an atom's own image."""
    if i != j:
        far, near = np.uint32(3 * max(i, j)), np.uint32(3 * min(i, j))
        for a in range(3):
            upper, ra, rb = matrix[far + np.uint32(a)], matrix[near + np.uint32(a)], k[a]
            for b in range(3):
                upper[near + np.uint32(b)] -= rb[b]
                upper[far + np.uint32(b)] += rb[b]
                ra[near + np.uint32(b)] += rb[b]
        for c in range(3):
            share = d[c] / sigma
            for a in range(3):
                # F[c, a] moves the pair by d_c along a
                row = matrix[cell + np.uint32(3 * c + a)]
                for b in range(3):
                    row[np.uint32(3 * i + b)] -= k[a, b] * share
                    row[np.uint32(3 * j + b)] += k[a, b] * share
    for c in range(3):
        for e in range(c + 1):
            share = d[c] * d[e] / (sigma * sigma)
            for a in range(3):
                for b in range(3):
                    block[3 * c + a, 3 * e + b] += k[a, b] * share


@kernel
def springs(x, cell, kinds, starts, tables, neighbours, sigma, matrix):
    """Writes the lower triangle of P; matrix [D, D]."""
    n, species = x.shape[0], starts.shape[0] - 1
    elements = tables.self_energy.shape[0]
    scale = tables.real_scale
    for i in range(matrix.shape[0]):
        for j in range(i):
            matrix[i, j] = 0.0
        matrix[i, i] = FLOOR
    d, k, block = np.empty(3), np.empty((3, 3)), np.zeros((9, 9))
    limit = REACH * REACH
    place = np.empty((neighbours.atom.shape[0], 3))
    place_ghosts(x, cell, neighbours.atom, neighbours.image, place)
    a = 0
    for i in range(n):
        while i >= starts[a + 1]:
            a += 1
        for b in range(species):
            table = tables.real[kinds[a] * elements + kinds[b]]
            near = neighbours.ghost[neighbours.first[i * species + b] : neighbours.first[i * species + b + 1]]
            for p in range(near.shape[0]):
                g = near[p]
                dx, dy, dz = place[g, 0] - x[i, 0], place[g, 1] - x[i, 1], place[g, 2] - x[i, 2]
                r2 = dx * dx + dy * dy + dz * dz
                if r2 >= limit or r2 < COINCIDENT:
                    continue
                u = r2 * scale
                m = np.uint32(u)
                t = u - m
                slope = (table[m, 1] + t * (2.0 * table[m, 2] + t * 3.0 * table[m, 3])) * scale
                curve = (2.0 * table[m, 2] + t * 6.0 * table[m, 3]) * scale * scale
                parallel = min(max(2.0 * slope + 4.0 * r2 * curve, 0.0), CEILING)
                across = min(max(2.0 * slope, 0.0), CEILING)
                if parallel > 0.0 or across > 0.0:
                    d[0], d[1], d[2] = dx, dy, dz
                    for c in range(3):
                        for e in range(3):
                            k[c, e] = (parallel - across) * d[c] * d[e] / r2
                        k[c, c] += across
                    _add_spring(matrix, block, i, np.int64(neighbours.atom[g]), d, k, np.uint32(3 * n), sigma)
    for c in range(9):
        for e in range(c + 1):
            matrix[3 * n + c, 3 * n + e] += block[c, e]


@njit(**FAST_PART)
def _dot(a, b):
    total = np.float32(0.0)
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@njit(**FAST_PART)
def _eight_dots(a, z, b, c, d, e, out):
    """Products of a and z with b, c, d, e at once: six loads for eight multiplications."""
    s0, s1, s2, s3 = np.float32(0.0), np.float32(0.0), np.float32(0.0), np.float32(0.0)
    t0, t1, t2, t3 = np.float32(0.0), np.float32(0.0), np.float32(0.0), np.float32(0.0)
    for i in range(a.shape[0]):
        ai, zi, bi, ci, di, ei = a[i], z[i], b[i], c[i], d[i], e[i]
        s0 += ai * bi
        s1 += ai * ci
        s2 += ai * di
        s3 += ai * ei
        t0 += zi * bi
        t1 += zi * ci
        t2 += zi * di
        t3 += zi * ei
    out[0, 0], out[0, 1], out[0, 2], out[0, 3] = s0, s1, s2, s3
    out[1, 0], out[1, 1], out[1, 2], out[1, 3] = t0, t1, t2, t3


@njit(**PART)
def _finish_row(matrix, i, start):
    """Columns `start` … i of row i of L, those before being known; False if the pivot is not positive."""
    row = matrix[i]
    for j in range(start, i):
        row[j] = (row[j] - _dot(row[:j], matrix[j, :j])) * matrix[j, j]
    pivot = row[i] - _dot(row[:i], row[:i])
    if not pivot > 0.0:
        return False
    row[i] = np.float32(1.0) / math.sqrt(pivot)
    return True


@kernel
def factorise(matrix):
    """P = L Lᵀ in place, two rows at a time, reciprocals of L's diagonal on the diagonal; False if P is not so."""
    size = matrix.shape[0]
    out = np.empty((2, 4), dtype=np.float32)
    for i in range(0, size, 2):
        second = min(i + 1, size - 1)
        j = 0
        while j + 4 <= i:
            _eight_dots(
                matrix[i, :j], matrix[second, :j],
                matrix[j, :j], matrix[j + 1, :j], matrix[j + 2, :j], matrix[j + 3, :j], out,
            )  # fmt: skip
            for p in range(second - i + 1):
                row = matrix[i + p]
                for q in range(4):
                    total = out[p, q]
                    for r in range(q):
                        total += row[j + r] * matrix[j + q, j + r]
                    row[j + q] = (row[j + q] - total) * matrix[j + q, j + q]
            j += 4
        if not _finish_row(matrix, i, j):
            return False
        if second > i and not _finish_row(matrix, second, j):
            return False
    return True


@njit(**FAST_PART)
def _subtract(a, factor, b):
    for i in range(a.shape[0]):
        a[i] -= factor * b[i]


@kernel
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
