"""Slow and obvious twins of the fast code: plain sums over images and reciprocal vectors in NumPy.

Lattice sums by Ewald with Gaussians (Coulomb) and Williams' convergence functions (-C/r⁶), both taken far beyond
convergence; pair energies straight from their formula.  Units: Å, eV.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

erfc = np.vectorize(math.erfc, otypes=[float])

ALPHA = 0.55  # Å⁻¹, splits both sums; η = α²
R_CUT = 11.0  # Å: erfc(α r) = 1e-17
K_CUT = 6.6  # Å⁻¹: exp(-k²/4α²) = 2e-16


def images(cell, reach):
    """All integer triples whose cell may hold a point within `reach` of the home cell, [M, 3]."""
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    spans = [range(-math.ceil(reach / h) - 1, math.ceil(reach / h) + 2) for h in heights]
    return np.array(list(itertools.product(*spans)))


def pairs(positions, cell, reach):
    """Every ordered pair within `reach`: i [P], j [P], vectors r_j + n·cell - r_i [P, 3]."""
    shifts = images(cell, reach) @ cell
    frac = positions @ np.linalg.inv(cell)
    home = (frac - np.floor(frac)) @ cell
    vectors = home[None, :, None] + shifts[None, None] - home[:, None, None]  # [N, N, M, 3]
    r = np.linalg.norm(vectors, axis=-1)
    i, j, m = np.nonzero((r < reach) & (r > 1e-12))
    return i, j, vectors[i, j, m]


def reciprocal_vectors(cell, reach):
    """All k ≠ 0 with |k| < reach, [K, 3] Å⁻¹."""
    reciprocal = 2 * math.pi * np.linalg.inv(cell).T
    spans = [range(-math.ceil(reach * v / 2 / math.pi), math.ceil(reach * v / 2 / math.pi) + 1)
             for v in np.linalg.norm(cell, axis=1)]  # fmt: skip
    k = np.array(list(itertools.product(*spans))) @ reciprocal
    length = np.linalg.norm(k, axis=1)
    return k[(length < reach) & (length > 1e-9)]


def coulomb(positions, cell, charges, constant):
    i, j, vectors = pairs(positions, cell, R_CUT)
    r = np.linalg.norm(vectors, axis=1)
    near = 0.5 * np.sum(charges[i] * charges[j] * erfc(ALPHA * r) / r)
    k = reciprocal_vectors(cell, K_CUT)
    k2 = (k**2).sum(axis=1)
    s = np.exp(1j * k @ positions.T) @ charges
    volume = abs(np.linalg.det(cell))
    far = 2 * math.pi / volume * np.sum(np.exp(-k2 / (4 * ALPHA**2)) / k2 * np.abs(s) ** 2)
    return constant * (near + far - ALPHA / math.sqrt(math.pi) * np.sum(charges**2))


def dispersion(positions, cell, C):
    """-½ Σ' C_ij / r⁶; C [N, N] eV Å⁶."""
    eta = ALPHA**2
    i, j, vectors = pairs(positions, cell, R_CUT)
    r2 = (vectors**2).sum(axis=1)
    x = eta * r2
    near = -0.5 * np.sum(C[i, j] * np.exp(-x) * (1 + x + x**2 / 2) / r2**3)
    k = reciprocal_vectors(cell, K_CUT)
    length = np.linalg.norm(k, axis=1)
    b = length / (2 * ALPHA)
    bracket = math.sqrt(math.pi) * erfc(b) + (1 / (2 * b**3) - 1 / b) * np.exp(-(b**2))
    phase = np.exp(1j * k @ positions.T)
    structure = np.real(np.einsum("ki,ij,kj->k", phase, C, phase.conj()))
    volume = abs(np.linalg.det(cell))
    far = -np.sum(math.pi**1.5 * length**3 / 12 * bracket * structure) / (2 * volume)
    zero = -(math.pi**1.5) / (6 * volume) * eta**1.5 * C.sum()
    return near + far + zero + eta**3 / 12 * np.trace(C)


def short_ranged(positions, cell, species, terms):
    """Σ_pairs of what falls off fast; species [N] rows of terms [B][B].  Exponentials to 24 Å; -E/r⁸ and B/r¹² too, and
    beyond as an integral over evenly spread ions."""
    reach = 24.0
    i, j, vectors = pairs(positions, cell, reach)
    r = np.linalg.norm(vectors, axis=1)
    volume, total = abs(np.linalg.det(cell)), 0.0
    counts = np.bincount(species, minlength=len(terms))
    for a, row in enumerate(terms):
        for b, term in enumerate(row):
            d = r[(species[i] == a) & (species[j] == b)]
            total += sum(0.5 * A * np.exp(-d / rho).sum() for A, rho in term.exponentials)
            total += 0.5 * np.sum(term.B / d**12 - term.E / d**8)
            spread = 4 * math.pi * counts[a] * counts[b] / volume / 2
            total += spread * (term.B / (9 * reach**9) - term.E / (5 * reach**5))
    return total


def species_of(crystal, potential):
    """The ions present [B], their pairs [B][B], and for each atom which of them it is [N]."""
    present, species = np.unique(potential.kinds(crystal.numbers), return_inverse=True)
    kinds = tuple(present.tolist())
    return kinds, potential.pairs(kinds), species


def lattice_energy(crystal, potential):
    """Energy [eV] of a crystal without contacts inside of the guard."""
    kinds, table, species = species_of(crystal, potential)
    terms = [[pair.terms for pair in row] for row in table]
    C = np.array([[term.C for term in row] for row in terms])[np.ix_(species, species)]
    x, cell = np.asarray(crystal.positions), np.asarray(crystal.cell)
    charges = potential.charges[list(kinds)][species]
    return (
        coulomb(x, cell, charges, potential.coulomb_constant)
        + (dispersion(x, cell, C) if C.any() else 0.0)
        + short_ranged(x, cell, species, terms)
    )


def bare_pair_energy(pair, r):
    """u_ab(r) of one pair, one distance above 0, without the guard; and its slope."""
    q, terms = pair.constant * pair.charges[0] * pair.charges[1], pair.terms
    value = q / r - terms.C / r**6 - terms.E / r**8 + terms.B / r**12
    slope = -q / r**2 + 6 * terms.C / r**7 + 8 * terms.E / r**9 - 12 * terms.B / r**13
    for A, rho in terms.exponentials:
        value += A * math.exp(-r / rho)
        slope -= A / rho * math.exp(-r / rho)
    return value, slope


def guarded_pair_energy(pair, r):
    """u_ab(r) of one pair, one distance."""
    value, slope = bare_pair_energy(pair, max(r, pair.guard))
    inside = min(r - pair.guard, 0.0)
    return value + slope * inside + pair.curvature / 2 * inside**2


def table_value(table, scale, r2):
    """A piecewise cubic at one point."""
    u = r2 * scale
    t = u - math.floor(u)
    return float(np.polynomial.polynomial.polyval(t, table[math.floor(u)]))


def real_part(crystal, potential, tables):
    """Sum of the tabulated part of finite range over all ordered pairs, halved."""
    kinds, _, species = species_of(crystal, potential)
    i, j, vectors = pairs(np.asarray(crystal.positions), np.asarray(crystal.cell), tables.r_cut)
    rows = species[i] * len(kinds) + species[j]
    r2 = (vectors**2).sum(axis=1)
    return 0.5 * sum(
        table_value(tables.real[row], tables.real_scale, s) for row, s in zip(rows, r2, strict=True)
    )


def reciprocal_part(crystal, potential, tables):
    """Sum of the tabulated part of finite band over all vectors within k_c, with k = 0 and self energy."""
    kinds, _, species = species_of(crystal, potential)
    rows = species[:, None] * len(kinds) + species[None, :]
    k = reciprocal_vectors(np.asarray(crystal.cell), tables.k_cut)
    total = tables.background[rows].sum()
    for vector in k:
        k2 = vector @ vector
        phase = np.exp(1j * np.asarray(crystal.positions) @ vector)
        weight = np.array([table_value(t, tables.reciprocal_scale, k2) / k2 for t in tables.reciprocal])[rows]
        total += np.real(phase @ weight @ phase.conj())
    return total / (2 * crystal.volume) - tables.self_energy[species].sum()
