"""Rigid-ion potentials: sets of pair energies between ions, as the engine uses them.

    u_ab(r) = k_e q_a q_b / r + Σ_i A_i exp(-r/ρ_i) - C/r⁶ - E/r⁸ + B/r¹²

Below the guard radius of a pair, u_ab goes on as a parabola with the same value and slope, so that no pair of ions can
fall into the poles of Coulomb, -C/r⁶ and -E/r⁸.  The guard stands 0.1 Å outside of the innermost barrier of u_ab; a
pair without a barrier has it at the least radius, where no crystal has a contact.

`potential_file` reads potentials.  Shapes: S ions.  Units: eV, Å, e.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from rlcsp_core.crystal.ions import Ion, neutral_choices
from rlcsp_core.errors import FormulaError
from rlcsp_core.records import Array, IntArray

LEAST_GUARD = 0.8  # Å
GUARD_MARGIN = 0.1  # Å outside of the barrier
GUARD_DIGITS = 2  # decimals of a computed guard [Å]
CURVATURE = 20.0  # eV/Å², of the parabola
COULOMB = 14.3997584  # eV Å e⁻²; the value of GULP (Gale & Rohl, Mol. Simul. 2003, 29, 291), not CODATA
BARRIERS = np.arange(0.05, 4.0, 1e-3)  # Å, where barriers are looked for


@dataclass(frozen=True)
class Terms:
    """What two ions have beside Coulomb's law."""

    exponentials: tuple[tuple[float, float], ...] = ()  # (A eV, ρ Å)
    C: float = 0.0  # eV Å⁶
    E: float = 0.0  # eV Å⁸
    B: float = 0.0  # eV Å¹²
    guard: float | None = None  # Å; None: by the rule above

    def added_to(self, value: Array, slope: Array, r: Array) -> tuple[Array, Array]:
        """u(r) and du/dr where `value` and `slope` are those of Coulomb's law; r is [K] Å, above 0."""
        for A, rho in self.exponentials:
            repulsion = A * np.exp(-r / rho)
            value, slope = value + repulsion, slope - repulsion / rho
        for power, strength in ((6, -self.C), (8, -self.E), (12, self.B)):
            if strength:
                term = strength / r**power
                value, slope = value + term, slope - power * term / r
        return value, slope


@dataclass(frozen=True)
class Pair:
    """u_ab of two ions."""

    constant: float  # eV Å e⁻², k_e
    charges: tuple[float, float]  # e
    terms: Terms
    guard: float  # Å
    curvature: float  # eV/Å², below the guard

    @property
    def coulomb(self) -> float:
        """k_e q_a q_b [eV Å]."""
        return self.constant * self.charges[0] * self.charges[1]


NOTHING = Terms()


@dataclass(frozen=True, eq=False)
class Potential:
    """A set of ions with their charges and pair energies."""

    name: str
    ions: tuple[Ion, ...]  # [S]
    charges: Array  # [S] e
    # by indices into `ions`, a ≥ b, and the salt they are for: parameters of some sets hold in one compound only
    terms: Mapping[tuple[int, int, frozenset[int] | None], Terms]
    coulomb_constant: float = COULOMB  # eV Å e⁻²
    least_guard: float = LEAST_GUARD  # Å
    curvature: float = CURVATURE  # eV/Å², below the guards
    about: Mapping[str, Any] = field(default_factory=dict)  # form, paper, note, second_hand
    table: Mapping[str, Any] = field(
        default_factory=dict
    )  # as read; what a run with a file of its own records

    @property
    def elements(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ion.element for ion in self.ions))

    def kinds(self, numbers: IntArray) -> IntArray:
        """Index into `ions` of every atom, [N]: of an element with several ions the one that makes all neutral."""
        present, inverse, counts = np.unique(
            np.asarray(numbers, dtype=np.int64), return_inverse=True, return_counts=True
        )
        if not len(present):
            return np.zeros(0, dtype=np.int64)
        divisor = int(np.gcd.reduce(counts))
        return _choice(self, tuple(present.tolist()), tuple((counts // divisor).tolist()))[inverse]

    def missing(self, kinds: tuple[int, ...]) -> list[str]:
        """Pairs that a compound of these ions needs and this set lacks, as "Ca–F".

        Of one sign, cations may do with Coulomb's law alone; a set with parameters by salt has all pairs of each."""
        salt, ions = self._salt(kinds), self.ions
        needed = [
            (max(a, b), min(a, b))
            for i, a in enumerate(kinds)
            for b in kinds[: i + 1]
            if salt is not None or not (ions[a].is_cation and ions[b].is_cation)
        ]
        lacking = [pair for pair in needed if (*pair, salt) not in self.terms]
        anywhere = {(a, b) for a, b, _ in self.terms}
        named = [pair for pair in lacking if pair not in anywhere] or lacking
        return [f"{ions[a].element}–{ions[b].element}" for a, b in named]

    def pairs(self, kinds: tuple[int, ...]) -> tuple[tuple[Pair, ...], ...]:
        """[B, B] pair energies of a compound of the ions `kinds` [B]; FormulaError where the set does not cover it."""
        return _pairs(self, kinds)

    def _salt(self, kinds: tuple[int, ...]) -> frozenset[int] | None:
        return frozenset(kinds) if any(salt is not None for *_, salt in self.terms) else None


@lru_cache(maxsize=256)
def _choice(potential: Potential, present: tuple[int, ...], counts: tuple[int, ...]) -> IntArray:
    """Index into the ions of each atomic number."""
    from ase.data import chemical_symbols

    index = {ion: kind for kind, ion in enumerate(potential.ions)}
    options = [[ion for ion in potential.ions if ion.number == number] for number in present]
    for number, ions in zip(present, options, strict=True):
        if not ions:
            raise FormulaError(
                f"the potential {potential.name!r} does not cover {chemical_symbols[number]}; "
                f"it knows {', '.join(potential.elements)}"
            )
    if all(len(ions) == 1 for ions in options):
        return np.array([index[ions[0]] for ions in options], dtype=np.int64)
    choices = neutral_choices(dict(zip(present, counts, strict=True)), potential.ions)
    if len(choices) == 1:
        return np.array([index[ion] for ion in choices[0]], dtype=np.int64)
    several = ", ".join(ion.symbol for ions in options if len(ions) > 1 for ion in ions)
    raise FormulaError(
        f"the potential {potential.name!r} has {several}, and "
        + ("more than one choice of them makes" if choices else "no choice of one for each element makes")
        + " the structure neutral; two oxidation states of one element in one compound, as in Fe3O4, are not supported"
    )


@lru_cache(maxsize=64)
def _pairs(potential: Potential, kinds: tuple[int, ...]) -> tuple[tuple[Pair, ...], ...]:
    if lacking := potential.missing(kinds):
        raise FormulaError(
            f"the potential {potential.name!r} has no parameters for {', '.join(lacking)} here"
        )
    salt = potential._salt(kinds)
    return tuple(tuple(_pair(potential, max(a, b), min(a, b), salt) for b in kinds) for a in kinds)


def _pair(potential: Potential, a: int, b: int, salt: frozenset[int] | None) -> Pair:
    terms = potential.terms.get((a, b, salt), NOTHING)
    constant, charges = potential.coulomb_constant, (float(potential.charges[a]), float(potential.charges[b]))
    guard = terms.guard
    if guard is None:
        guard = max(potential.least_guard, guard_by_rule(constant * charges[0] * charges[1], terms))
    return Pair(constant, charges, terms, guard, potential.curvature)


def guard_by_rule(coulomb: float, terms: Terms) -> float:
    """0.1 Å outside of the innermost maximum of the pair energy; 0 where there is none [Å]."""
    slope = _bare(coulomb, terms, BARRIERS)[1]
    tops = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0))
    if not len(tops):
        return 0.0
    low, high = BARRIERS[tops[0]], BARRIERS[tops[0] + 1]
    share = slope[tops[0]] / (slope[tops[0]] - slope[tops[0] + 1])
    return round(float(low + share * (high - low)) + GUARD_MARGIN, GUARD_DIGITS)


def pair_energy(pair: Pair, r: Array) -> tuple[Array, Array]:
    """u_ab(r) with its guard, and du_ab/dr; r is [K] Å, may contain 0."""
    value, slope = _bare(pair.coulomb, pair.terms, np.maximum(r, pair.guard))
    inside = np.minimum(r - pair.guard, 0.0)  # 0 outside of the guard
    kappa = pair.curvature
    return value + slope * inside + 0.5 * kappa * inside**2, slope + kappa * inside


def _bare(coulomb_strength: float, terms: Terms, r: Array) -> tuple[Array, Array]:
    coulomb = coulomb_strength / r
    return terms.added_to(coulomb, -coulomb / r, r)
