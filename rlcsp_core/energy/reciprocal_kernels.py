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
from rlcsp_core.kernel_cache import FAST_PART

ORIGIN = 1e-12  # Å⁻²: below, k is 0


@njit(**FAST_PART)
def _phases(frac, cosine, sine):
    """cos and sin of 2π f, [N], by Taylor series of an eighth of a turn: to 1e-16, and vector units can do it."""
    for i in range(frac.shape[0]):
        quarters = np.rint(4.0 * frac[i])
        a = 2.0 * math.pi * (frac[i] - 0.25 * quarters)
        b = a * a
        sin = a * (
            1
            + b
            * (
                -1 / 6
                + b
                * (
                    1 / 120
                    + b
                    * (
                        -1 / 5040
                        + b * (1 / 362880 + b * (-1 / 39916800 + b * (1 / 6227020800 - b / 1307674368000)))
                    )
                )
            )
        )
        cos = 1 + b * (-1 / 2 + b * (1 / 24 + b * (-1 / 720 + b * (1 / 40320 + b * (-1 / 3628800 + b * (
            1 / 479001600 - b / 87178291200))))))  # fmt: skip
        turn = quarters - 4.0 * np.floor(0.25 * quarters)  # 0, 1, 2 or 3
        odd = turn == 1.0 or turn == 3.0
        c = sin if odd else cos
        s = cos if odd else sin
        cosine[i] = -c if turn == 1.0 or turn == 2.0 else c
        sine[i] = -s if turn >= 2.0 else s


@njit(**FAST_PART)
def _times(ca, sa, cb, sb, sign, c, s):
    """c + i s = (ca + i sa) (cb ± i sb)."""
    for i in range(c.shape[0]):
        turned = sign * sb[i]
        cosine = ca[i] * cb[i] - sa[i] * turned
        s[i] = sa[i] * cb[i] + ca[i] * turned
        c[i] = cosine


@njit(**FAST_PART)
def _powers(frac, orders, cosine, sine):
    """cos and sin of 2π m f for m = 0 … orders; cosine, sine [orders + 1, N]."""
    for i in range(frac.shape[0]):
        cosine[0, i], sine[0, i] = 1.0, 0.0
    if orders > 0:
        _phases(frac, cosine[1], sine[1])
    for m in range(2, orders + 1):
        _times(cosine[m - 1], sine[m - 1], cosine[1], sine[1], 1.0, cosine[m], sine[m])


@njit(**FAST_PART)
def _sums_of_first(c, s, c1, s1, zero, one):
    """The four real sums of the header for m = 0 and m = 1."""
    n = c.shape[0]
    cc, sc, ccm, scm, csm, ssm = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        ci, si, cm, sm = c[i], s[i], c1[i], s1[i]
        cc += ci
        sc += si
        ccm += ci * cm
        scm += si * cm
        csm += ci * sm
        ssm += si * sm
    zero[0], zero[1], zero[2], zero[3] = cc, sc, 0.0, 0.0
    one[0], one[1], one[2], one[3] = ccm, scm, csm, ssm


@njit(**FAST_PART)
def _sums_of_two(c, s, c1, s1, c2, s2, one, two):
    """The four real sums of the header for two values of m: loading c and s once halves the traffic."""
    n = c.shape[0]
    cc, sc, cs, ss, cc2, sc2, cs2, ss2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        ci, si, cm, sm, cn, sn = c[i], s[i], c1[i], s1[i], c2[i], s2[i]
        cc += ci * cm
        sc += si * cm
        cs += ci * sm
        ss += si * sm
        cc2 += ci * cn
        sc2 += si * cn
        cs2 += ci * sn
        ss2 += si * sn
    one[0], one[1], one[2], one[3] = cc, sc, cs, ss
    two[0], two[1], two[2], two[3] = cc2, sc2, cs2, ss2


@njit(**FAST_PART)
def _start_gradient(w, p, q, p1, q1):
    """The share of m = 0 to the four polynomials in θ; w = (α, β, γ, δ) of that m."""
    al, ga = w[0], w[2]
    for i in range(p.shape[0]):
        p[i] = al
        q[i] = ga
        p1[i] = 0.0
        q1[i] = 0.0


@njit(**FAST_PART)
def _add_gradient(m, c1, s1, w, c2, s2, v, p, q, p1, q1):
    """Add the shares of m and m + 1, whose weights are w and v."""
    al, be, ga, de = w[0], w[1], w[2], w[3]
    al2, be2, ga2, de2 = v[0], v[1], v[2], v[3]
    mal, mbe, mga, mde = m * al, m * be, m * ga, m * de
    nal, nbe, nga, nde = (m + 1) * al2, (m + 1) * be2, (m + 1) * ga2, (m + 1) * de2
    for i in range(p.shape[0]):
        cm, sm, cn, sn = c1[i], s1[i], c2[i], s2[i]
        p[i] += cm * al + sm * be + cn * al2 + sn * be2
        q[i] += cm * ga + sm * de + cn * ga2 + sn * de2
        p1[i] += cm * mde - sm * mga + cn * nde - sn * nga
        q1[i] += sm * mal - cm * mbe + sn * nal - cn * nbe


@njit(**FAST_PART)
def _turn(c, s, p, q, p1, q1):
    """Multiply the polynomials by the phase of the row: p becomes dE/dφ, q becomes dE/dθ, but for 2/V."""
    for i in range(c.shape[0]):
        t0 = c[i] * p[i] - s[i] * q[i]
        q[i] = c[i] * p1[i] - s[i] * q1[i]
        p[i] = t0


@njit(**FAST_PART)
def _fold(h, k, centre, p, q, gh, gk, gl):
    """Add the gradient of one row in units of the reciprocal vectors."""
    for i in range(p.shape[0]):
        gh[i] += h * p[i]
        gk[i] += k * p[i]
        gl[i] += centre * p[i] + q[i]


@njit(**FAST_PART)
def reciprocal_space(x, cell, kinds, starts, tables, gradient, strain):
    """Energy [eV]; adds dE/dx to gradient [N, 3] and dE/dε to strain [3, 3].  The cell's third vector the longest."""
    n, species = x.shape[0], starts.shape[0] - 1
    elements = tables.self_energy.shape[0]
    inverse = np.empty((3, 3))
    volume = abs(invert(cell, inverse))
    limit = tables.k_cut * tables.k_cut
    scale = tables.reciprocal_scale
    weights = tables.reciprocal
    reach = np.empty(3, dtype=np.int64)
    for a in range(3):
        length = math.sqrt(cell[a, 0] ** 2 + cell[a, 1] ** 2 + cell[a, 2] ** 2)
        reach[a] = int(tables.k_cut * length / (2.0 * math.pi)) + 2  # pairs of orders may reach one beyond
    o1 = reach[0] + 1
    o2 = 2 * o1
    o3 = o2 + reach[1] + 1
    o4 = o3 + reach[1] + 1
    o5 = o4 + reach[2] + 1
    rows = o5 + reach[2] + 1
    work = np.empty((rows + 12, n))
    c1, s1, c2, s2, c3, s3 = work[:o1], work[o1:o2], work[o2:o3], work[o3:o4], work[o4:o5], work[o5:rows]
    c, s, p, q = work[rows], work[rows + 1], work[rows + 2], work[rows + 3]
    p1, q1, gh, gk, gl = work[rows + 4], work[rows + 5], work[rows + 6], work[rows + 7], work[rows + 8]
    f0, f1, f2 = work[rows + 9], work[rows + 10], work[rows + 11]
    for i in range(n):
        xi, yi, zi = x[i, 0], x[i, 1], x[i, 2]
        f0[i] = xi * inverse[0, 0] + yi * inverse[1, 0] + zi * inverse[2, 0]
        f1[i] = xi * inverse[0, 1] + yi * inverse[1, 1] + zi * inverse[2, 1]
        f2[i] = xi * inverse[0, 2] + yi * inverse[1, 2] + zi * inverse[2, 2]
        gh[i], gk[i], gl[i] = 0.0, 0.0, 0.0
    _powers(f0, reach[0], c1, s1)
    _powers(f1, reach[1], c2, s2)
    _powers(f2, reach[2], c3, s3)

    b = 2.0 * math.pi * inverse  # columns are reciprocal vectors
    b0x, b0y, b0z = b[0, 0], b[1, 0], b[2, 0]
    b1x, b1y, b1z = b[0, 1], b[1, 1], b[2, 1]
    b2x, b2y, b2z = b[0, 2], b[1, 2], b[2, 2]
    b22 = b2x * b2x + b2y * b2y + b2z * b2z
    sums = np.zeros((reach[2] + 2, species, 4))
    share_of = np.zeros((reach[2] + 2, species, 4))  # (α, β, γ, δ) of ±m
    real, imag = np.empty((2, species)), np.empty((2, species))
    gr, gi = np.empty((2, species)), np.empty((2, species))
    energy = 0.0
    sxx, sxy, sxz, syy, syz, szz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for h in range(reach[0]):
        for k in range(-reach[1] + 1 if h > 0 else 0, reach[1]):
            kx, ky, kz = h * b0x + k * b1x, h * b0y + k * b1y, h * b0z + k * b1z
            along = -(kx * b2x + ky * b2y + kz * b2z) / b22
            chord = limit - (kx * kx + ky * ky + kz * kz - along * along * b22)
            if chord <= 0.0:
                continue
            half = math.sqrt(chord / b22)
            bottom, top = math.ceil(along - half), math.floor(along + half)
            if bottom > top:
                continue
            centre = math.floor(0.5 * (bottom + top))
            orders = int(max(top - centre, centre - bottom))
            kx += centre * b2x
            ky += centre * b2y
            kz += centre * b2z
            # the row through the origin is its own mirror image: every vector counts half
            share = 0.5 if h == 0 and k == 0 else 1.0
            _times(c1[h], s1[h], c2[abs(k)], s2[abs(k)], 1.0 if k > 0 else -1.0, c, s)
            if centre != 0:
                _times(c, s, c3[abs(centre)], s3[abs(centre)], 1.0 if centre > 0 else -1.0, c, s)
            for a in range(species):
                lo, hi = starts[a], starts[a + 1]
                ca, sa = c[lo:hi], s[lo:hi]
                _sums_of_first(ca, sa, c3[1, lo:hi], s3[1, lo:hi], sums[0, a], sums[1, a])
                for m in range(2, orders + 1, 2):
                    _sums_of_two(
                        ca, sa, c3[m, lo:hi], s3[m, lo:hi], c3[m + 1, lo:hi], s3[m + 1, lo:hi],
                        sums[m, a], sums[m + 1, a],
                    )  # fmt: skip
            for m in range(orders + 1):
                for a in range(species):
                    cc, sc, cs, ss = sums[m, a, 0], sums[m, a, 1], sums[m, a, 2], sums[m, a, 3]
                    real[0, a], imag[0, a] = cc - ss, sc + cs
                    real[1, a], imag[1, a] = cc + ss, sc - cs
                    gr[0, a], gi[0, a], gr[1, a], gi[1, a] = 0.0, 0.0, 0.0, 0.0
                for side in range(2 if m > 0 else 1):
                    step = m if side == 0 else -m
                    vx, vy, vz = kx + step * b2x, ky + step * b2y, kz + step * b2z
                    k2 = vx * vx + vy * vy + vz * vz
                    if k2 >= limit or k2 < ORIGIN:
                        continue
                    u = k2 * scale
                    index = np.uint32(u)
                    t = u - index
                    inverse_k2 = 1.0 / k2
                    factor = share * inverse_k2
                    total, slope = 0.0, 0.0
                    for a in range(species):
                        for d in range(a, species):
                            row = np.uint32(kinds[a] * elements + kinds[d])
                            w0, w1 = weights[row, index, 0], weights[row, index, 1]
                            w2, w3 = weights[row, index, 2], weights[row, index, 3]
                            w = (w0 + t * (w1 + t * (w2 + t * w3))) * factor
                            dw = (w1 + t * (2.0 * w2 + t * 3.0 * w3)) * scale * factor - w * inverse_k2
                            twice = 1.0 if a == d else 2.0
                            product = twice * (real[side, a] * real[side, d] + imag[side, a] * imag[side, d])
                            total += w * product
                            slope += dw * product
                            gr[side, a] += w * real[side, d]
                            gi[side, a] += w * imag[side, d]
                            if a != d:
                                gr[side, d] += w * real[side, a]
                                gi[side, d] += w * imag[side, a]
                    energy += total
                    slope *= -2.0
                    sxx += slope * vx * vx
                    sxy += slope * vx * vy
                    sxz += slope * vx * vz
                    syy += slope * vy * vy
                    syz += slope * vy * vz
                    szz += slope * vz * vz
                for a in range(species):
                    share_of[m, a, 0] = gi[0, a] + gi[1, a]
                    share_of[m, a, 1] = gr[1, a] - gr[0, a]
                    share_of[m, a, 2] = gr[0, a] + gr[1, a]
                    share_of[m, a, 3] = gi[0, a] - gi[1, a]
            for a in range(species):
                for f in range(4):
                    share_of[orders + 1, a, f] = 0.0
                lo, hi = starts[a], starts[a + 1]
                pa, qa, p1a, q1a = p[lo:hi], q[lo:hi], p1[lo:hi], q1[lo:hi]
                _start_gradient(share_of[0, a], pa, qa, p1a, q1a)
                for m in range(1, orders + 1, 2):
                    _add_gradient(
                        float(m), c3[m, lo:hi], s3[m, lo:hi], share_of[m, a],
                        c3[m + 1, lo:hi], s3[m + 1, lo:hi], share_of[m + 1, a], pa, qa, p1a, q1a,
                    )  # fmt: skip
            _turn(c, s, p, q, p1, q1)
            _fold(float(h), float(k), float(centre), p, q, gh, gk, gl)
    norm = 2.0 / volume
    for i in range(n):
        gradient[i, 0] += norm * (gh[i] * b0x + gk[i] * b1x + gl[i] * b2x)
        gradient[i, 1] += norm * (gh[i] * b0y + gk[i] * b1y + gl[i] * b2y)
        gradient[i, 2] += norm * (gh[i] * b0z + gk[i] * b1z + gl[i] * b2z)
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
