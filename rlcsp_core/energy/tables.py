"""Tables the kernels read: pair energies against r², reciprocal weights against k², as piecewise cubics.

A cubic Hermite piece t ↦ c₀ + t(c₁ + t(c₂ + t c₃)), 0 ≤ t < 1, between knots that are equally spaced in r² (no square
root in the kernel) matches value and slope at both ends.  Energy and force come from the same cubic, so the force is
the exact derivative of the energy.  Shapes: S ions present, P = S² ordered pairs, K and M knots.  Units: eV, Å.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from rlcsp_core.energy.potential import Pair, Potential, pair_energy
from rlcsp_core.energy.split import Band, BandLimited, Split
from rlcsp_core.records import Array

KNOTS_PER_R2 = 64.0  # per Å²
RECIPROCAL_KNOTS = 768  # over [0, k_c²]
SLOPE_STEP = 1e-3  # of a knot distance, for slopes of the weights

SMALL_CELLS = Split(r_cut=6.0, k_cut=3.2)
LARGE_CELLS = Split(r_cut=9.0, k_cut=2.2)
LARGE_FROM = 200  # atoms in the cell: where the second becomes the cheaper


class Tables(NamedTuple):
    """What the kernels need to know of a potential: of the ions of one compound."""

    real: Array  # [P, K, 4] eV, s_ab against r²
    real_scale: float  # knots per Å²
    r_cut: float  # Å
    reciprocal: Array  # [P, M, 4] eV Å, k² W_ab against k²
    reciprocal_scale: float  # knots per Å⁻²
    k_cut: float  # Å⁻¹
    background: Array  # [P] eV Å³, W_ab without Coulomb at k = 0
    self_energy: Array  # [S] eV, ½ L_aa(0)


def hermite(value: Array, slope: Array) -> Array:
    """Coefficients [K-1, 4] of the cubics through K knots; `slope` per knot distance."""
    step = value[1:] - value[:-1]
    left, right = slope[:-1], slope[1:]
    return np.stack([value[:-1], left, 3 * step - 2 * left - right, left + right - 2 * step], axis=1)


@lru_cache(maxsize=16)
def build_tables(potential: Potential, kinds: tuple[int, ...], split: Split) -> Tables:
    """Tables of the ions `kinds` of a potential, in that order; the same bits whatever the number of BLAS threads."""
    # the rounding of the least-squares fits depends on how many threads share them, and records must not
    with threadpool_limits(1, user_api="blas"):
        return _build(potential.pairs(kinds), split)


def _build(pairs: tuple[tuple[Pair, ...], ...], split: Split) -> Tables:
    band = Band(split)
    r2 = np.arange(int(np.ceil(split.r_cut**2 * KNOTS_PER_R2)) + 1) / KNOTS_PER_R2
    r2[-1] = min(r2[-1], split.r_cut**2)
    waves = band.waves(np.sqrt(r2))
    count = len(pairs)
    real: list[Array] = [np.empty(0)] * count**2
    reciprocal = list(real)
    background, self_energy = np.zeros(count**2), np.zeros(count)
    for a in range(count):
        for b in range(a + 1):
            part = BandLimited(pairs[a][b], band)
            real[a * count + b] = real[b * count + a] = _real_table(pairs[a][b], part, r2, waves)
            reciprocal[a * count + b] = reciprocal[b * count + a] = _reciprocal_table(part, split)
            background[a * count + b] = background[b * count + a] = part.short_weight(np.zeros(1))[0]
            if a == b:
                self_energy[a] = 0.5 * waves[0][0] @ part.at_nodes()
    return Tables(
        real=np.ascontiguousarray(np.stack(real)),
        real_scale=KNOTS_PER_R2,
        r_cut=split.r_cut,
        reciprocal=np.ascontiguousarray(np.stack(reciprocal)),
        reciprocal_scale=(RECIPROCAL_KNOTS - 1) / split.k_cut**2,
        k_cut=split.k_cut,
        background=background,
        self_energy=self_energy,
    )


def _real_table(pair: Pair, part: BandLimited, r2: Array, waves: tuple[Array, Array]) -> Array:
    r = np.sqrt(r2)
    value, slope = pair_energy(pair, r)
    slope = slope / np.maximum(2 * r, r[1])  # d/d(r²); the guard's parabola in r has no slope in r² at 0
    weights = part.at_nodes()
    return hermite(value - waves[0] @ weights, (slope - waves[1] @ weights) / KNOTS_PER_R2)


def _reciprocal_table(part: BandLimited, split: Split) -> Array:
    knots = np.linspace(0.0, split.k_cut**2, RECIPROCAL_KNOTS)
    low, high = np.maximum(knots - _h(split), 0.0), np.minimum(knots + _h(split), split.k_cut**2)
    slope = (part.weight_k2(np.sqrt(high)) - part.weight_k2(np.sqrt(low))) / (high - low)
    return hermite(part.weight_k2(np.sqrt(knots)), slope * knots[1])


def _h(split: Split) -> float:
    return SLOPE_STEP * split.k_cut**2 / RECIPROCAL_KNOTS


def tables_for(potential: Potential, kinds: tuple[int, ...], n_atoms: int) -> Tables:
    """The tables of the split that is cheapest for a cell of so many atoms."""
    return build_tables(potential, kinds, SMALL_CELLS if n_atoms < LARGE_FROM else LARGE_CELLS)
