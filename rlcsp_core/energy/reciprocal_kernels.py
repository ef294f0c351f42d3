"""Compiled lattice sum of the part of finite band.

    E = 1/(2V) Σ_k Σ_ab W_ab(k) S_a(k) S_b(k)*,   S_a(k) = Σ_(i of species a) exp(i k·r_i),   |k| < k_c

Vectors k = h b₁ + k b₂ + l b₃ are visited in rows of constant (h, k), half of them (−k gives the conjugate), the
longest axis along the row.  A row is centred on l₀, the integer next to the middle of its chord of the sphere; with
φ_i = (h b₁ + k b₂ + l₀ b₃)·r_i, θ_i = b₃·r_i and m = 0 … M both l₀ + m and l₀ − m follow from four real sums

    Σ cos φ cos mθ,   Σ sin φ cos mθ,   Σ cos φ sin mθ,   Σ sin φ sin mθ

one multiplication and addition each: a third of the work of complex phases.  cos mθ and sin mθ are made once.  The
gradient runs the same loops backwards.  Shapes: N atoms, B species present, R rows.  Units: Å, Å⁻¹, eV.
"""

# mypy: disallow-untyped-defs=False
from __future__ import annotations

import math

import numpy as np
from numba import njit

from rlcsp_core.energy.lattice_kernels import invert

FASTMATH = {"reassoc", "contract", "nsz"}  # sums in any order, as vector units want; NaN stays NaN


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _powers(frac, orders, cosine, sine):
    """cos and sin of 2π m f for m = 0 … orders; cosine, sine [orders + 1, N]."""
    n = frac.shape[0]
    for i in range(n):
        cosine[0, i], sine[0, i] = 1.0, 0.0
    if orders == 0:
        return
    c1, s1 = cosine[1], sine[1]
    for i in range(n):
        angle = 2.0 * math.pi * (frac[i] - np.rint(frac[i]))
        c1[i], s1[i] = math.cos(angle), math.sin(angle)
    for m in range(2, orders + 1):
        c, s, cp, sp = cosine[m], sine[m], cosine[m - 1], sine[m - 1]
        for i in range(n):
            c[i] = cp[i] * c1[i] - sp[i] * s1[i]
            s[i] = sp[i] * c1[i] + cp[i] * s1[i]


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _turn(cosine, sine, order, c, s):
    """Multiply c + i s by the phase of `order`, in place."""
    if order == 0:
        return
    cm, sm = cosine[abs(order)], sine[abs(order)]
    sign = 1.0 if order > 0 else -1.0
    for i in range(c.shape[0]):
        ci, si, st = c[i], s[i], sign * sm[i]
        c[i] = ci * cm[i] - si * st
        s[i] = si * cm[i] + ci * st


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _row_sums(c, s, cm, sm, low, high, out):
    """The four real sums of the header over atoms low … high."""
    cc, sc, cs, ss = 0.0, 0.0, 0.0, 0.0
    for i in range(low, high):
        ci, si, cmi, smi = c[i], s[i], cm[i], sm[i]
        cc += ci * cmi
        sc += si * cmi
        cs += ci * smi
        ss += si * smi
    out[0], out[1], out[2], out[3] = cc, sc, cs, ss


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _row_gradient(cm, sm, low, high, m, al, be, ga, de, p, q, p1, q1):
    """Add the share of ±m to the four polynomials in θ, for atoms low … high."""
    for i in range(low, high):
        ci, si = cm[i], sm[i]
        p[i] += ci * al + si * be
        q[i] += ci * ga + si * de
        p1[i] += m * (ci * de - si * ga)
        q1[i] += m * (si * al - ci * be)


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def reciprocal_space(x, cell, kinds, starts, tables, gradient, strain):
    """Energy [eV]; adds dE/dx to gradient [N, 3] and dE/dε to strain [3, 3].  The cell's third vector the longest."""
    n, species = x.shape[0], starts.shape[0] - 1
    elements = tables.self_energy.shape[0]
    inverse = np.empty((3, 3))
    volume = abs(invert(cell, inverse))
    limit = tables.k_cut * tables.k_cut
    reach = np.empty(3, dtype=np.int64)
    for a in range(3):
        length = math.sqrt(cell[a, 0] ** 2 + cell[a, 1] ** 2 + cell[a, 2] ** 2)
        reach[a] = int(tables.k_cut * length / (2.0 * math.pi)) + 1
    frac = np.empty((3, n))
    for i in range(n):
        for a in range(3):
            frac[a, i] = x[i, 0] * inverse[0, a] + x[i, 1] * inverse[1, a] + x[i, 2] * inverse[2, a]
    powers = np.empty((2 * (reach[0] + reach[1] + reach[2] + 3), n))
    o1 = reach[0] + 1
    o2 = 2 * o1
    o3 = o2 + reach[1] + 1
    o4 = o3 + reach[1] + 1
    o5 = o4 + reach[2] + 1
    c1, s1, c2, s2, c3, s3 = (
        powers[:o1],
        powers[o1:o2],
        powers[o2:o3],
        powers[o3:o4],
        powers[o4:o5],
        powers[o5:],
    )
    _powers(frac[0], reach[0], c1, s1)
    _powers(frac[1], reach[1], c2, s2)
    _powers(frac[2], reach[2], c3, s3)

    b = 2.0 * math.pi * inverse  # columns are reciprocal vectors
    b33 = b[0, 2] ** 2 + b[1, 2] ** 2 + b[2, 2] ** 2
    work = np.zeros((9, n))
    c, s, p, q, p1, q1 = work[0], work[1], work[2], work[3], work[4], work[5]
    gh, gk, gl = work[6], work[7], work[8]
    sums = np.empty((reach[2] + 2, species, 4))
    real, imag = np.empty((2, species)), np.empty((2, species))
    gr, gi = np.empty((2, species)), np.empty((2, species))
    energy = 0.0
    sxx, sxy, sxz, syy, syz, szz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for h in range(reach[0] + 1):
        for k in range(-reach[1] if h > 0 else 0, reach[1] + 1):
            kx = h * b[0, 0] + k * b[0, 1]
            ky = h * b[1, 0] + k * b[1, 1]
            kz = h * b[2, 0] + k * b[2, 1]
            along = -(kx * b[0, 2] + ky * b[1, 2] + kz * b[2, 2]) / b33
            chord = limit - (kx * kx + ky * ky + kz * kz - along * along * b33)
            if chord <= 0.0:
                continue
            half = math.sqrt(chord / b33)
            bottom, top = math.ceil(along - half), math.floor(along + half)
            if bottom > top:
                continue
            centre = int(np.floor((bottom + top) / 2))
            orders = int(max(top - centre, centre - bottom))
            kx += centre * b[0, 2]
            ky += centre * b[1, 2]
            kz += centre * b[2, 2]
            # the row through the origin is its own mirror image: every vector counts half
            share = 0.5 if h == 0 and k == 0 else 1.0
            for i in range(n):
                c[i], s[i] = c1[h, i], s1[h, i]
                p[i], q[i], p1[i], q1[i] = 0.0, 0.0, 0.0, 0.0
            _turn(c2, s2, k, c, s)
            _turn(c3, s3, centre, c, s)
            for m in range(orders + 1):
                for a in range(species):
                    _row_sums(c, s, c3[m], s3[m], starts[a], starts[a + 1], sums[m, a])
            for m in range(orders + 1):
                for a in range(species):
                    cc, sc, cs, ss = sums[m, a, 0], sums[m, a, 1], sums[m, a, 2], sums[m, a, 3]
                    real[0, a], imag[0, a] = cc - ss, sc + cs
                    real[1, a], imag[1, a] = cc + ss, sc - cs
                    gr[0, a], gi[0, a], gr[1, a], gi[1, a] = 0.0, 0.0, 0.0, 0.0
                for side in range(2 if m > 0 else 1):
                    sign = 1.0 - 2.0 * side
                    vx = kx + sign * m * b[0, 2]
                    vy = ky + sign * m * b[1, 2]
                    vz = kz + sign * m * b[2, 2]
                    k2 = vx * vx + vy * vy + vz * vz
                    if k2 >= limit or k2 < 1e-12:
                        continue
                    u = k2 * tables.reciprocal_scale
                    index = np.uint32(u)
                    t = u - index
                    inverse_k2 = share / k2
                    total, slope = 0.0, 0.0
                    for a in range(species):
                        for d in range(species):
                            piece = tables.reciprocal[kinds[a] * elements + kinds[d], index]
                            w = (piece[0] + t * (piece[1] + t * (piece[2] + t * piece[3]))) * inverse_k2
                            dw = (
                                piece[1] + t * (2.0 * piece[2] + t * 3.0 * piece[3])
                            ) * tables.reciprocal_scale
                            dw = dw * inverse_k2 - w / k2
                            product = real[side, a] * real[side, d] + imag[side, a] * imag[side, d]
                            total += w * product
                            slope += dw * product
                            gr[side, a] += w * real[side, d]
                            gi[side, a] += w * imag[side, d]
                    energy += total
                    slope *= -2.0
                    sxx += slope * vx * vx
                    sxy += slope * vx * vy
                    sxz += slope * vx * vz
                    syy += slope * vy * vy
                    syz += slope * vy * vz
                    szz += slope * vz * vz
                for a in range(species):
                    _row_gradient(
                        c3[m], s3[m], starts[a], starts[a + 1], float(m),
                        gi[0, a] + gi[1, a], gr[1, a] - gr[0, a], gr[0, a] + gr[1, a], gi[0, a] - gi[1, a],
                        p, q, p1, q1,
                    )  # fmt: skip
            for i in range(n):
                t0 = c[i] * p[i] - s[i] * q[i]
                t1 = c[i] * p1[i] - s[i] * q1[i]
                gh[i] += h * t0
                gk[i] += k * t0
                gl[i] += centre * t0 + t1
    norm = 2.0 / volume
    for i in range(n):
        for a in range(3):
            gradient[i, a] += norm * (gh[i] * b[a, 0] + gk[i] * b[a, 1] + gl[i] * b[a, 2])
    energy /= volume
    # k = 0: only what has no Coulomb pole; that of a neutral cell vanishes
    zero = 0.0
    for a in range(species):
        for d in range(species):
            pairs = float((starts[a + 1] - starts[a]) * (starts[d + 1] - starts[d]))
            zero += tables.background[kinds[a] * elements + kinds[d]] * pairs
    energy += zero / (2.0 * volume)
    strain[0, 0] += sxx / volume - energy
    strain[1, 1] += syy / volume - energy
    strain[2, 2] += szz / volume - energy
    strain[0, 1] += sxy / volume
    strain[0, 2] += sxz / volume
    strain[1, 2] += syz / volume
    strain[1, 0], strain[2, 0], strain[2, 1] = strain[0, 1], strain[0, 2], strain[1, 2]
    for a in range(species):
        energy -= tables.self_energy[kinds[a]] * (starts[a + 1] - starts[a])
    return energy
