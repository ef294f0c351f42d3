"""Which potentials cover a formula, and which of them is the best for it.

A composition with a known minimum is searched with the potential of that.  For any other formula it is the covering
potential with the smallest measured error: the mean error of the axes of the known crystals, relaxed, that consist of
ions of the formula only, or where there are none, of those that have a cation and an anion of it.  A crystal that is
not even a minimum counts as LOST.  The measurements are made by `validate`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from statistics import mean, median
from typing import NamedTuple

import numpy as np

from rlcsp_core.crystal.composition import Composition, composition_of, formula_of, presets
from rlcsp_core.energy.potential import Potential
from rlcsp_core.energy.potential_file import load_potential, potential_names
from rlcsp_core.errors import FormulaError
from rlcsp_core.paths import DATA
from rlcsp_core.records import IntArray

MEASURED = DATA / "validation.csv"
LOST = 10.0  # %, error of a crystal that relaxes into another


class Measured(NamedTuple):
    """One known crystal relaxed in one potential."""

    potential: str
    formula: str
    crystal: str  # "corundum"
    ions: frozenset[str]  # symbols
    errors: tuple[float, ...]  # %, of each free axis
    kept: bool  # its structure
    energy: float  # eV/atom, relaxed

    @property
    def error(self) -> float:
        """%"""
        return mean(abs(error) for error in self.errors) if self.kept else LOST


class Candidate(NamedTuple):
    """A potential that covers a formula."""

    potential: Potential
    composition: Composition
    error: float | None  # %, see above; None where nothing was measured
    crystals: tuple[str, ...]  # on which it was measured, as "corundum Al2O3"

    @property
    def reason(self) -> str:
        """In words, after the name of the potential."""
        known = presets().get(self.composition.formula)
        own = known is not None and known.potential == self.potential.name
        minimum = "that of the known minimum; " if own else ""
        if self.error is None:
            return f"{minimum}no known crystal of these ions was relaxed in it"
        named = ", ".join(self.crystals[:4]) + (" …" if len(self.crystals) > 4 else "")
        return f"{minimum}lattice constants of {named} within {self.error:.1f} % on average"


@cache
def measurements() -> tuple[Measured, ...]:
    """All that `validate` has measured and written down."""
    if not MEASURED.exists():
        return ()
    with open(MEASURED, encoding="utf-8", newline="") as file:
        return tuple(
            Measured(
                row["potential"],
                row["formula"],
                row["crystal"],
                frozenset(row["ions"].split()),
                tuple(float(error) for error in row["errors_percent"].split()),
                row["kept"] == "yes",
                float(row["energy"]),
            )
            for row in csv.DictReader(file)
        )


def composition_in(formula: str, potential: Potential) -> Composition:
    """The composition with the ions of a potential; FormulaError that names others where it does not cover it."""
    composition = composition_of(formula)
    if lacking := lacks(composition, potential):
        others = [c.potential.name for c in candidates(formula) if c.potential is not potential]
        raise FormulaError(
            f"the potential {potential.name!r} does not cover {composition.formula}: it has no {lacking}; "
            + (f"choose {' or '.join(others)}" if others else _uncovered(composition))
        )
    return composition_of(formula, potential.ions)


def lacks(composition: Composition, potential: Potential) -> str:
    """What the potential has not: elements, or pairs as "Ca–F"; empty where it covers the composition."""
    elements = [ion.element for ion in composition.ions if ion.element not in potential.elements]
    if elements:
        return ", ".join(elements)
    try:
        own = composition_of(composition.formula, potential.ions)
    except FormulaError:
        return (
            ", ".join(ion.symbol for ion in composition.ions if ion not in potential.ions)
            or "one choice of ions"
        )
    return ", ".join(potential.missing(tuple(potential.ions.index(ion) for ion in own.ions)))


@cache
def candidates(formula: str) -> tuple[Candidate, ...]:
    """The shipped potentials that cover a formula, the best first; empty where none does."""
    composition = composition_of(formula)
    covering = [
        _candidate(composition_of(formula, potential.ions), potential)
        for potential in map(load_potential, potential_names())
        if not lacks(composition, potential)
    ]
    known = presets().get(composition.formula)
    return tuple(
        sorted(
            covering,
            key=lambda c: (
                known is None or c.potential.name != known.potential,
                c.error is None,
                c.error,
                c.potential.name,
            ),
        )
    )


def best_for(formula: str) -> Candidate:
    """The first of `candidates`; FormulaError that names the missing pair where there is none."""
    if found := candidates(formula):
        return found[0]
    composition = composition_of(formula)
    raise FormulaError(f"no potential covers {composition.formula}: {_uncovered(composition)}")


def potential_for(numbers: IntArray) -> Potential:
    """That of a structure of which nothing more is known, by its atomic numbers [N].

    The one of its known minimum, else of the published searches where it covers it, else the best."""
    formula, default = formula_of(numbers), load_potential()
    covered = set(np.asarray(numbers).tolist()) <= {ion.number for ion in default.ions}
    return default if covered and formula not in presets() else best_for(formula).potential


def _uncovered(composition: Composition) -> str:
    """Which pair no potential has, or what each of the nearest lacks."""
    potentials = [load_potential(name) for name in potential_names()]
    symbols = [ion.symbol for ion in composition.ions]
    known = {symbol: [p for p in potentials if symbol in _symbols(p)] for symbol in symbols}
    if unknown := [symbol for symbol in symbols if not known[symbol]]:
        return f"there are no parameters for {', '.join(unknown)} in any of {', '.join(potential_names())}"
    ions = composition.ions
    apart = [
        f"{a.element}–{b.element}"
        for i, a in enumerate(ions)
        for b in ions[i:]
        if not (a.is_cation and b.is_cation) and not any(_has(p, a.symbol, b.symbol) for p in potentials)
    ]
    if apart:
        return f"no potential has the pair {', '.join(apart)}"
    shared = [sum(symbol in _symbols(p) for symbol in symbols) for p in potentials]
    nearest = [
        f"{p.name} lacks {lacks(composition, p)}"
        for p, n in zip(potentials, shared, strict=True)
        if n == max(shared)
    ]
    return f"each of its pairs is in some potential, but all are in none: {'; '.join(nearest)}"


def _symbols(potential: Potential) -> list[str]:
    return [ion.symbol for ion in potential.ions]


def _has(potential: Potential, a: str, b: str) -> bool:
    symbols = _symbols(potential)
    if a not in symbols or b not in symbols:
        return False
    places = sorted((symbols.index(a), symbols.index(b)), reverse=True)
    return any([x, y] == places for x, y, _ in potential.terms)


def _candidate(composition: Composition, potential: Potential) -> Candidate:
    error, crystals = measured_error(composition, potential.name)
    return Candidate(potential, composition, error, crystals)


def measured_error(composition: Composition, potential: str) -> tuple[float | None, tuple[str, ...]]:
    """The error of a potential for a composition [%], and the known crystals it was measured on."""
    ions = frozenset(ion.symbol for ion in composition.ions)
    cations = frozenset(ion.symbol for ion in composition.ions if ion.is_cation)
    mine = [row for row in measurements() if row.potential == potential]
    used = [row for row in mine if row.ions <= ions]
    if not used:
        used = [row for row in mine if row.ions & cations and row.ions & (ions - cations)]
    if not used:
        return None, ()
    return mean(row.error for row in used), tuple(f"{row.crystal} {row.formula}" for row in used)


def median_error(rows: Sequence[Measured]) -> float | None:
    """Median of the errors of all axes of the crystals that stay what they are [%]."""
    errors = [abs(error) for row in rows if row.kept for error in row.errors]
    return median(errors) if errors else None
