"""Split of a pair energy into a part of finite range and a part of finite band.

    u(r) = s(r) + L(r),   s(r) ≈ 0 for r > r_c,   L(r) = 1/(2π²) ∫_0^{k_c} k² W(k) sin(kr)/(kr) dk

so that the lattice sum of s runs over neighbours within r_c and that of L over reciprocal vectors within k_c, exactly:
the only error is the tail of s.  Ewald's Gaussians need r_c k_c ≈ 32 for a tail of 1e-7; with

    Coulomb     W = 4π k_e q_a q_b ψ(k/k_c) / k²,   ψ the prolate spheroidal wave function of bandwidth c = r_c k_c,
                the function of finite band that leaves least outside of a finite range
                (Slepian & Pollak, Bell Syst. Tech. J. 1961, 40, 43),
    dispersion  W of the Gaussian sums of -C/r⁶ and -E/r⁸ (Williams, Acta Cryst. A 1971, 27, 452), cut at k_c,
    A exp(-r/ρ) where ρ is large, κ = 1/ρ:  W = -A d/dκ [4π / (k² + κ²) · ψ(k/k_c) / ψ(iκ/k_c)].  A Yukawa tail smeared
                with ψ is outside of the smearing the same tail times ψ(iκ/k_c), so nothing is left beyond r_c; with
                ψ = 1 this is the plain transform 8πρ³/(1 + k²ρ²)²,
    the rest    an even polynomial in k, fitted so that it cancels what is left of all tails, that of the repulsion
                too, at r > r_c, and with W(k_c) = 0 so that the energy is continuous as vectors enter the sphere,

r_c k_c ≈ 18 is enough.  Both ranges shrink by √(18/32), the number of terms by (18/32)^(3/2) = 0.42.
Units: Å, Å⁻¹, eV, W in eV Å³.  Shapes: K values of k, R values of r.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

from rlcsp_core.energy.potential import Pair
from rlcsp_core.records import Array

QUADRATURE_NODES = 240  # Gauss-Legendre on [0, k_c]: exact to rounding for r below ~60 Å
PROLATE_TERMS = 40  # Legendre polynomials of even degree in ψ
FIT_TERMS = 18  # even Legendre polynomials in the fitted part of W
FIT_RANGE = 40.0  # Å beyond r_c over which tails are cancelled
FIT_POINTS = 1000
TAIL_POWER = 1.5  # tails are weighted by r to this power: lattice sums grow with r
EDGE_WEIGHT = 30.0  # of W(k_c) = W'(k_c) = 0 against the tail, in the least squares
EDGE_STEP = 1e-3  # of k_c, for the slope at the edge
SERIES_BELOW = 1e-3  # of kr: series of sin(kr)/(kr) instead of the quotient
FIT_CUTOFF = 1e-11  # relative singular value below which a direction is left alone
SLOW = (
    0.37  # Å: exponentials of larger ρ are not left to the fit, which could not follow them to 1e-6 eV/atom
)


@dataclass(frozen=True)
class Split:
    """Where the two lattice sums end."""

    r_cut: float  # Å
    k_cut: float  # Å⁻¹


def prolate(c: float) -> Array:
    """ψ(x)/ψ(0), |x| ≤ 1: eigenfunction of lowest order of d/dx (1-x²) d/dx - c²x², as a Legendre series."""
    n = 2 * np.arange(PROLATE_TERMS)
    diagonal = n * (n + 1) + (2 * n * (n + 1) - 1) / ((2.0 * n + 3) * (2 * n - 1)) * c * c
    m = n[:-1]
    off = (m + 2) * (m + 1) / ((2 * m + 3) * np.sqrt((2.0 * m + 1) * (2 * m + 5))) * c * c
    _, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1))
    series = np.zeros(2 * PROLATE_TERMS)
    series[::2] = vectors[:, 0] * np.sqrt(n + 0.5)
    series /= legendre.legval(0.0, series)
    return series


def dispersion_weight(k: Array, eta: float) -> Array:
    """W of the Gaussian sum of 1/r⁶ with splitting parameter η [Å⁻²]; the limit π^(3/2) η^(3/2) / 3 at k = 0."""
    b = np.maximum(k, 1e-9) / (2 * math.sqrt(eta))
    erfc = np.array([math.erfc(v) for v in np.atleast_1d(b)])
    bracket = b**3 * math.sqrt(math.pi) * erfc + (0.5 - b**2) * np.exp(-(b**2))
    return (2 * math.sqrt(eta)) ** 3 * math.pi**1.5 / 12 * bracket


def eighth_power_weight(k: Array, eta: float) -> Array:
    """The same of 1/r⁸, by parts from that of 1/r⁶."""
    quarter = k**2 / 4
    sixth = dispersion_weight(k, eta) * 2 / math.pi**1.5  # ∫_0^η √t exp(-k²/4t) dt
    return math.pi**1.5 / 15 * (eta**2.5 * np.exp(-quarter / eta) - quarter * sixth)


class Band:
    """Functions of band k_c: quadrature over k, and the least-squares problem of their tails, shared by all pairs."""

    def __init__(self, split: Split) -> None:
        c = split.r_cut * split.k_cut
        nodes, weights = legendre.leggauss(QUADRATURE_NODES)
        self.split = split
        self._psi = prolate(c)
        self.eta = split.k_cut**2 / (2 * c)  # Å⁻²: the Gaussian with the same tail at r_c and at k_c
        self.k = split.k_cut * (nodes + 1) / 2  # [K]
        self.mass = self.k**2 * weights * split.k_cut / 2 / (2 * math.pi**2)  # [K]
        self.tail_r = np.linspace(split.r_cut, split.r_cut + FIT_RANGE, FIT_POINTS)
        self.tail_scale = self.tail_r**TAIL_POWER
        self.tail_waves = (
            np.sinc(np.outer(self.tail_r, self.k) / math.pi) * self.mass * self.tail_scale[:, None]
        )
        polynomials = np.stack([_even(n, self.k / split.k_cut) for n in range(FIT_TERMS)], axis=1)
        self.edge = split.k_cut * np.array([1.0, 1.0 - EDGE_STEP])
        edge = np.stack([_even(n, self.edge / split.k_cut) for n in range(FIT_TERMS)], axis=1)
        self.edge_rows = EDGE_WEIGHT * np.array([[1.0, 0.0], [1 / EDGE_STEP, -1 / EDGE_STEP]]) * self.edge**2
        self.fit = np.linalg.pinv(
            np.vstack([self.tail_waves @ polynomials, self.edge_rows @ edge]), rcond=FIT_CUTOFF
        )

    def psi(self, k: Array) -> Array:
        """ψ(k/k_c)."""
        return _legendre(self._psi, k / self.split.k_cut)

    def slow_weight(self, k: Array, rho: float) -> Array:
        """W of exp(-r/ρ) [Å³]."""
        kappa = 1 / rho
        at = 1j * kappa / self.split.k_cut
        smeared = float(legendre.legval(at, self._psi).real)  # ψ(iκ/k_c)
        slope = float((legendre.legval(at, legendre.legder(self._psi)) * 1j / self.split.k_cut).real)
        pole = k**2 + kappa**2
        return 4 * math.pi * self.psi(k) / smeared * (2 * kappa / pole + slope / smeared) / pole

    def waves(self, r: Array) -> tuple[Array, Array]:
        """Matrices [R, K] that turn W at the nodes into L(r) and dL/d(r²)."""
        kr = np.outer(r, self.k)
        small = kr < SERIES_BELOW
        safe = np.where(small, 1.0, kr)
        sinc = np.where(small, 1.0 - kr**2 / 6, np.sin(safe) / safe)
        slope = np.where(small, -1.0 / 6, (np.cos(safe) - sinc) / (2 * safe**2))  # d sinc / d(kr)²
        return sinc * self.mass, slope * (self.mass * self.k**2)


class BandLimited:
    """L_ab(r) and W_ab(k) of one pair of ions."""

    def __init__(self, pair: Pair, band: Band) -> None:
        self._band = band
        self._coulomb = 4 * math.pi * pair.constant * pair.charges[0] * pair.charges[1]
        self._terms = pair.terms
        self._even = np.zeros(1)
        r = band.tail_r
        coulomb = self._coulomb / (4 * math.pi * r)
        tail, _ = pair.terms.added_to(coulomb, -coulomb / r, r)
        left = band.tail_scale * tail - band.tail_waves @ self.at_nodes()
        edge = band.edge_rows @ (self.weight_k2(band.edge) / band.edge**2)
        series = band.fit @ np.append(left, -edge)
        self._even = np.zeros(2 * FIT_TERMS)
        self._even[::2] = series

    def weight_k2(self, k: Array) -> Array:
        """k² W(k), finite at k = 0."""
        return self._coulomb * self._band.psi(k) + k**2 * self.short_weight(k)

    def short_weight(self, k: Array) -> Array:
        """W(k) without the Coulomb term, finite at k = 0."""
        weight = _legendre(self._even, k / self._band.split.k_cut)
        for A, rho in self._terms.exponentials:
            if rho > SLOW:
                weight = weight + A * self._band.slow_weight(k, rho)
        if self._terms.C:
            weight = weight - self._terms.C * dispersion_weight(k, self._band.eta)
        if self._terms.E:
            weight = weight - self._terms.E * eighth_power_weight(k, self._band.eta)
        return weight

    def at_nodes(self) -> Array:
        """W(k) at the nodes of the band, [K]."""
        return self.weight_k2(self._band.k) / self._band.k**2


def _legendre(series: Array, x: Array) -> Array:
    return np.asarray(legendre.legval(x, series), dtype=np.float64)


def _even(n: int, x: Array) -> Array:
    return _legendre(np.eye(2 * n + 1)[-1], x)
