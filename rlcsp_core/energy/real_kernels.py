"""Compiled lattice sum of the part of finite range, over a half neighbour list that is kept between evaluations.

    E = Σ_{pairs within r_c} s_ab(r²),   s_ab from a table of cubics in r²

A pair is an atom i of the home cell and a ghost, the image j + n of an atom; of a pair and its mirror only the one
with n lexicographically positive, or n = 0 and j > i, is listed.  Atoms are sorted by species, ghosts by atom, so the
neighbours of i come species by species and the inner loop reads one table.  Ghost gradients are folded back on their
atoms, and give the strain gradient: dE/dε = Σ_(atoms, ghosts) (dE/dx) xᵀ over that finite cluster.

Shapes: N atoms, B species present, G ghosts, Q listed pairs.  Units: Å, eV.
"""

# mypy: disallow-untyped-defs=False
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rlcsp_core.energy.lattice_kernels import invert
from rlcsp_core.kernel_cache import PART, kernel
from rlcsp_core.records import Array, IntArray


class Neighbours(NamedTuple):
    """Half neighbour list; valid while no pair has come nearer than r_c unlisted."""

    atom: NDArray[np.uint32]  # [G] atom a ghost is an image of, unsigned 32 bit
    image: Array  # [G, 3] cells it is away from it
    first: IntArray  # [N B + 1] neighbours of atom i of species b are first[i B + b] … first[i B + b + 1]
    ghost: NDArray[
        np.uint32
    ]  # [Q] ghost of each pair; unsigned 32 bit, which needs no check for negative indices


@njit(**PART)
def _ghosts(x, inverse, reach):
    """Images within `reach` of the box of atoms, of positive half-space; atom [G], image [G, 3], home atom or N [G]."""
    n = x.shape[0]
    frac = np.empty((n, 3))
    low, high = np.empty(3), np.empty(3)
    for a in range(3):
        low[a], high[a] = np.inf, -np.inf
    for i in range(n):
        for a in range(3):
            f = x[i, 0] * inverse[0, a] + x[i, 1] * inverse[1, a] + x[i, 2] * inverse[2, a]
            frac[i, a] = f
            low[a], high[a] = min(low[a], f), max(high[a], f)
    span = np.empty(3, dtype=np.int64)
    for a in range(3):
        # reach over the distance between the faces of the cell
        pad = reach * math.sqrt(inverse[0, a] ** 2 + inverse[1, a] ** 2 + inverse[2, a] ** 2)
        low[a] -= pad
        high[a] += pad
        span[a] = int(high[a] - low[a] - pad) + 1
    capacity = n * (span[0] + 1) * (2 * span[1] + 1) * (2 * span[2] + 1)
    atom = np.empty(capacity, dtype=np.uint32)
    home = np.empty(capacity, dtype=np.int32)
    image = np.empty((capacity, 3))
    count = 0
    for j in range(n):
        for p in range(span[0] + 1):
            f = frac[j, 0] + p
            if f > high[0]:
                continue
            for q in range(-span[1], span[1] + 1):
                f = frac[j, 1] + q
                if f < low[1] or f > high[1] or (p == 0 and q < 0):
                    continue
                for r in range(-span[2], span[2] + 1):
                    f = frac[j, 2] + r
                    if f < low[2] or f > high[2] or (p == 0 and q == 0 and r < 0):
                        continue
                    atom[count] = j
                    home[count] = j if p == 0 and q == 0 and r == 0 else n
                    image[count, 0], image[count, 1], image[count, 2] = p, q, r
                    count += 1
    return atom[:count], image[:count], home[:count]


@kernel
def place_ghosts(x, cell, atom, image, place):
    """Positions of ghosts, place [G, 3]."""
    ax, ay, az = cell[0, 0], cell[0, 1], cell[0, 2]
    bx, by, bz = cell[1, 0], cell[1, 1], cell[1, 2]
    cx, cy, cz = cell[2, 0], cell[2, 1], cell[2, 2]
    for g in range(atom.shape[0]):
        j = atom[g]
        p, q, r = image[g, 0], image[g, 1], image[g, 2]
        place[g, 0] = x[j, 0] + p * ax + q * bx + r * cx
        place[g, 1] = x[j, 1] + p * ay + q * by + r * cy
        place[g, 2] = x[j, 2] + p * az + q * bz + r * cz


@njit(**PART)
def _listed(x, y, z, i, limit, px, py, pz, home, near):
    """1 for ghosts that atom i at (x, y, z) has as neighbours, else 0."""
    for g in range(near.shape[0]):
        dx, dy, dz = px[g] - x, py[g] - y, pz[g] - z
        near[g] = (dx * dx + dy * dy + dz * dz < limit) & (home[g] > i)


@njit(**PART)
def _collect(near, offset, ghost, count):
    """Append the places of the ones; written always, counted only if a neighbour: no branch to mispredict."""
    for g in range(near.shape[0]):
        ghost[count] = offset + g
        count += near[g]
    return count


@njit(**PART)
def _first_ghosts(atom, starts):
    """First ghost of each species, [B + 1]; np.searchsorted would do, and take a second to compile."""
    bounds = np.empty(starts.shape[0], dtype=np.int64)
    g = 0
    for b in range(starts.shape[0]):
        while g < atom.shape[0] and atom[g] < starts[b]:
            g += 1
        bounds[b] = g
    return bounds


@kernel
def list_neighbours(x, cell, starts, reach):
    """Pairs within `reach`; x [N, 3] wrapped and sorted by species, starts [B + 1] first atom of each species."""
    n, species = x.shape[0], starts.shape[0] - 1
    inverse = np.empty((3, 3))
    invert(cell, inverse)
    atom, image, home = _ghosts(x, inverse, reach)
    total = atom.shape[0]
    place = np.empty((total, 3))
    place_ghosts(x, cell, atom, image, place)
    bounds = _first_ghosts(atom, starts)
    columns = np.empty((3, total))
    px, py, pz = columns[0], columns[1], columns[2]
    for g in range(total):
        px[g], py[g], pz[g] = place[g, 0], place[g, 1], place[g, 2]
    near = np.empty(total, dtype=np.uint8)
    first = np.empty(n * species + 1, dtype=np.int64)
    ghost = np.empty(n * 64 + total, dtype=np.uint32)
    count = np.int64(0)
    limit = reach * reach
    for i in range(n):
        if count + total > ghost.shape[0]:
            larger = np.empty(2 * ghost.shape[0] + total, dtype=np.uint32)
            for p in range(count):
                larger[p] = ghost[p]
            ghost = larger
        xi, yi, zi = x[i, 0], x[i, 1], x[i, 2]
        for b in range(species):
            first[i * species + b] = count
            lo, hi = bounds[b], bounds[b + 1]
            _listed(xi, yi, zi, i, limit, px[lo:hi], py[lo:hi], pz[lo:hi], home[lo:hi], near[lo:hi])
            count = _collect(near[lo:hi], lo, ghost, count)
    first[n * species] = count
    return Neighbours(atom, image, first, ghost[:count])


@njit(**PART)
def real_space(x, cell, kinds, starts, tables, neighbours, gradient, strain):
    """Energy [eV]; adds dE/dx to gradient [N, 3] and dE/dε to strain [3, 3].  kinds [B] are rows of the tables."""
    n, species = x.shape[0], starts.shape[0] - 1
    elements = tables.self_energy.shape[0]
    atom, first = neighbours.atom, neighbours.first
    total = atom.shape[0]
    place, force = np.empty((total, 3)), np.zeros((total, 3))
    place_ghosts(x, cell, atom, neighbours.image, place)
    scale = tables.real_scale
    limit = tables.r_cut * tables.r_cut
    energy = 0.0
    sxx, sxy, sxz, syy, syz, szz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    a = 0
    for i in range(n):
        while i >= starts[a + 1]:
            a += 1
        xi, yi, zi = x[i, 0], x[i, 1], x[i, 2]
        gx, gy, gz = 0.0, 0.0, 0.0
        for b in range(species):
            table = tables.real[kinds[a] * elements + kinds[b]]
            near = neighbours.ghost[first[i * species + b] : first[i * species + b + 1]]
            for p in range(near.shape[0]):
                g = near[p]
                dx, dy, dz = place[g, 0] - xi, place[g, 1] - yi, place[g, 2] - zi
                r2 = dx * dx + dy * dy + dz * dz
                if r2 < limit:
                    u = r2 * scale
                    m = np.uint32(u)
                    t = u - m
                    c1, c2, c3 = table[m, 1], table[m, 2], table[m, 3]
                    energy += table[m, 0] + t * (c1 + t * (c2 + t * c3))
                    f = (c1 + t * (2.0 * c2 + t * 3.0 * c3)) * 2.0 * scale
                    dx *= f
                    dy *= f
                    dz *= f
                    gx -= dx
                    gy -= dy
                    gz -= dz
                    force[g, 0] += dx
                    force[g, 1] += dy
                    force[g, 2] += dz
        gradient[i, 0] += gx
        gradient[i, 1] += gy
        gradient[i, 2] += gz
        sxx += gx * xi
        sxy += gx * yi
        sxz += gx * zi
        syy += gy * yi
        syz += gy * zi
        szz += gz * zi
    for g in range(total):
        j = atom[g]
        fx, fy, fz = force[g, 0], force[g, 1], force[g, 2]
        gradient[j, 0] += fx
        gradient[j, 1] += fy
        gradient[j, 2] += fz
        sxx += fx * place[g, 0]
        sxy += fx * place[g, 1]
        sxz += fx * place[g, 2]
        syy += fy * place[g, 1]
        syz += fy * place[g, 2]
        szz += fz * place[g, 2]
    strain[0, 0] += sxx
    strain[0, 1] += sxy
    strain[0, 2] += sxz
    strain[1, 1] += syy
    strain[1, 2] += syz
    strain[2, 2] += szz
    strain[1, 0], strain[2, 0], strain[2, 1] = strain[0, 1], strain[0, 2], strain[1, 2]
    return energy
