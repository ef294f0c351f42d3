"""Compiled choice of sites for the ions of a symmetric crystal, and placing of their orbits.

Because every atom of an orbit has the same surroundings, it is enough to look at the contacts of its first atom: with
its own images under symmetry and lattice, and with the atoms placed before.
"""

# mypy: disable-error-code="no-untyped-def"
# the types are in the signature, for which the kernel is compiled when it is first used

from __future__ import annotations

import numpy as np
from numba import njit, typeof, types

from rlcsp_core.kernel_cache import PART, kernel

GENERATOR = typeof(np.random.default_rng(0))
INDICES = types.int64[::1]
CHOOSE_ORBITS = types.int64(
    INDICES, types.boolean[::1], types.float64[::1], INDICES, types.int64, GENERATOR, INDICES, INDICES
)
COINCIDENT = 1e-4  # of a cell: images of a special position that are one atom

PLACE_ORBITS = (
    "boolean(float64[:, :, ::1], float64[:, ::1], float64[:, ::1], float64[:, ::1], float64[:, :, ::1], int64[::1],"
    " int64[::1], float64[:, :, :, ::1], float64[:, ::1], float64[:, ::1], float64[:, ::1], int64[::1])"
)


@njit(**PART)
def _choose_site(multiplicities, weights, taken, count, rng):
    """Index of a position that is free and has at most `count` points, drawn by weight; -1 where there is none."""
    total = 0.0
    last = -1
    for i in range(multiplicities.shape[0]):
        if multiplicities[i] <= count and not taken[i]:
            total += weights[i]
            last = i
    if last < 0:
        return -1
    drawn = rng.random() * total
    passed = 0.0
    for i in range(multiplicities.shape[0]):
        if multiplicities[i] <= count and not taken[i]:
            passed += weights[i]
            if passed > drawn:
                return i
    return last


@kernel
def choose_orbits(multiplicities, fixed, weights, counts, tries, rng, chosen, ions):
    """Fill chosen and ions [≥ Σ counts] with positions whose multiplicities add up to the number of each ion.

    multiplicities, fixed, weights [M]: points of each position, whether it can be taken once only, and how readily it
    is drawn; counts [ions].  Returns the number of orbits, or -1 where none of the tries came out even.
    """
    for _ in range(tries):
        taken = np.zeros(multiplicities.shape[0], dtype=np.bool_)
        n = 0
        for ion in range(counts.shape[0]):
            left = counts[ion]
            while left > 0:
                site = _choose_site(multiplicities, weights, taken, left, rng)
                if site < 0:
                    break
                taken[site] = fixed[site]
                chosen[n], ions[n] = site, ion
                left -= multiplicities[site]
                n += 1
            if left > 0:
                break
        else:
            return n
    return -1


@njit(**PART)
def _shortest_image(u, v, w, cell, reach, is_self):
    """Squared distance [Å²] of the closest image at fractional offset (u, v, w); the offset 0 itself is left out."""
    best = np.inf
    for p in range(-reach[0], reach[0] + 1):
        for q in range(-reach[1], reach[1] + 1):
            for r in range(-reach[2], reach[2] + 1):
                if is_self and p == 0 and q == 0 and r == 0:
                    continue
                x = (u + p) * cell[0, 0] + (v + q) * cell[1, 0] + (w + r) * cell[2, 0]
                y = (u + p) * cell[0, 1] + (v + q) * cell[1, 1] + (w + r) * cell[2, 1]
                z = (u + p) * cell[0, 2] + (v + q) * cell[1, 2] + (w + r) * cell[2, 2]
                best = min(best, x * x + y * y + z * z)
    return best


@njit(**PART)
def _image_range(cell, farthest, reach):
    """How many cells away images within `farthest` [Å] of a wrapped offset can be, into reach [3]."""
    for i in range(3):
        a, b = cell[(i + 1) % 3], cell[(i + 2) % 3]
        nx = a[1] * b[2] - a[2] * b[1]
        ny = a[2] * b[0] - a[0] * b[2]
        nz = a[0] * b[1] - a[1] * b[0]
        height = abs(nx * cell[i, 0] + ny * cell[i, 1] + nz * cell[i, 2]) / np.sqrt(
            nx * nx + ny * ny + nz * nz
        )
        reach[i] = int(farthest / height + 0.5)


@njit(**PART)
def _place_orbit(
    rotations,
    translations,
    to_primitive,
    point,
    basis,
    draws,
    cell,
    reach,
    frame,
    codes,
    n_placed,
    code,
    closest,
    size,
):
    """Append an orbit to frame [N, 3] and codes [N] at the first of the draws at which no contact is too short.

    rotations [K, 3, 3], translations [K, 3]: of the conventional cell; to_primitive [3, 3]: its fractional coordinates
    to those of the primitive cell; point [3] + draws [tries, 3] · basis [3, 3]: the site, rows of 0 for directions in
    which it cannot move; cell [3, 3] Å primitive; reach [3] of _image_range; closest [codes, codes] Å; size: atoms of
    the orbit.  Returns the new number of atoms, or -1.
    """
    n_ops = rotations.shape[0]
    own = closest[code, code]
    if _shortest_image(0.0, 0.0, 0.0, cell, reach, True) < own * own:
        return -1
    site = np.empty(3)
    image = np.empty(3)
    for attempt in range(draws.shape[0]):
        for c in range(3):
            site[c] = point[c]
            for k in range(basis.shape[0]):
                site[c] += draws[attempt, k] * basis[k, c]
        n = n_placed
        good = True
        for g in range(n_ops):
            for c in range(3):
                image[c] = translations[g, c]
                for k in range(3):
                    image[c] += rotations[g, c, k] * site[k]
            u = image[0] * to_primitive[0, 0] + image[1] * to_primitive[1, 0] + image[2] * to_primitive[2, 0]
            v = image[0] * to_primitive[0, 1] + image[1] * to_primitive[1, 1] + image[2] * to_primitive[2, 1]
            w = image[0] * to_primitive[0, 2] + image[1] * to_primitive[1, 2] + image[2] * to_primitive[2, 2]
            u -= np.floor(u)
            v -= np.floor(v)
            w -= np.floor(w)
            known = False
            for j in range(n_placed, n):
                du, dv, dw = u - frame[j, 0], v - frame[j, 1], w - frame[j, 2]
                du -= np.rint(du)
                dv -= np.rint(dv)
                dw -= np.rint(dw)
                if abs(du) < COINCIDENT and abs(dv) < COINCIDENT and abs(dw) < COINCIDENT:
                    known = True
                    break
            if known:
                continue
            if n == n_placed + size:  # a draw so close to a special position that rounding splits its atoms
                good = False
                break
            if n > n_placed:
                du, dv, dw = u - frame[n_placed, 0], v - frame[n_placed, 1], w - frame[n_placed, 2]
                du -= np.rint(du)
                dv -= np.rint(dv)
                dw -= np.rint(dw)
                if _shortest_image(du, dv, dw, cell, reach, False) < own * own:
                    good = False
                    break
            frame[n, 0], frame[n, 1], frame[n, 2] = u, v, w
            codes[n] = code
            n += 1
        if not good or n != n_placed + size:
            continue
        for j in range(n_placed):
            du = frame[j, 0] - frame[n_placed, 0]
            dv = frame[j, 1] - frame[n_placed, 1]
            dw = frame[j, 2] - frame[n_placed, 2]
            du -= np.rint(du)
            dv -= np.rint(dv)
            dw -= np.rint(dw)
            limit = closest[code, codes[j]]
            if _shortest_image(du, dv, dw, cell, reach, False) < limit * limit:
                good = False
                break
        if good:
            return n
    return -1


@kernel
def place_orbits(
    rotations,
    translations,
    to_primitive,
    points,
    bases,
    sizes,
    orbit_codes,
    draws,
    cell,
    closest,
    frame,
    codes,
):
    """Fill frame [N, 3] and codes [N] with all orbits; False where no attempt put them without short contacts.

    points [M, 3], bases [M, 3, 3], sizes [M], orbit_codes [M]: the orbits; draws [attempts, M, tries, 3].
    """
    farthest = 0.0
    for a in orbit_codes:
        for b in orbit_codes:
            farthest = max(farthest, closest[a, b])
    reach = np.empty(3, dtype=np.int64)
    _image_range(cell, farthest, reach)
    for attempt in range(draws.shape[0]):
        n = 0
        for m in range(sizes.shape[0]):
            n = _place_orbit(
                rotations,
                translations,
                to_primitive,
                points[m],
                bases[m],
                draws[attempt, m],
                cell,
                reach,
                frame,
                codes,
                n,
                orbit_codes[m],
                closest,
                sizes[m],
            )
            if n < 0:
                break
        if n >= 0:
            return True
    return False
