"""Compositions: a charge-neutral formula unit of known ions.

Formulas are read by ASE; what they must satisfy is checked here: known ions only, whole numbers, Σ charge = 0 with one
oxidation state for each element.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import gcd, pi
from string import ascii_letters, digits
from types import MappingProxyType

import numpy as np

from rlcsp_core.crystal.ions import Ion, all_ions, code_of, ions_by_name, neutral_choices
from rlcsp_core.errors import FormulaError
from rlcsp_core.paths import DATA
from rlcsp_core.records import IntArray

FORMULA_CHARACTERS = frozenset(ascii_letters + digits + "()")
MAX_FORMULA_LENGTH = 60  # characters; a longer one is not a formula
MAX_FORMULA_ATOMS = 400  # of one formula unit


@dataclass(frozen=True)
class Composition:
    """One formula unit, reduced to its smallest whole numbers."""

    formula: str  # as `canonical_formula` writes it
    ions: tuple[Ion, ...]  # in the order of the formula
    counts: tuple[int, ...]  # of each ion in one formula unit

    @property
    def n_atoms(self) -> int:
        return sum(self.counts)

    @cached_property
    def codes_by_number(self) -> IntArray:
        """[119] code of the ion with that atomic number; 0 where there is none."""
        codes = np.zeros(119, dtype=np.int64)
        for ion in self.ions:
            codes[ion.number] = code_of(ion.symbol)
        return codes

    @property
    def as_dict(self) -> dict[str, int]:
        return {ion.element: n for ion, n in zip(self.ions, self.counts, strict=True)}

    @cached_property
    def ion_volume(self) -> float:
        """Summed volume of the ions' spheres in one formula unit [Å³]."""
        return sum(n * 4 / 3 * pi * ion.radius**3 for ion, n in zip(self.ions, self.counts, strict=True))

    @cached_property
    def block_length(self) -> float:
        """a_p = 2 (r̄_cation + r̄_anion) [Å], means over the ions of one formula unit (FUSE)."""
        return 2 * (self._mean_radius(cations=True) + self._mean_radius(cations=False))

    def _mean_radius(self, *, cations: bool) -> float:
        chosen = [
            (i.radius, n) for i, n in zip(self.ions, self.counts, strict=True) if i.is_cation == cations
        ]
        return sum(r * n for r, n in chosen) / sum(n for _, n in chosen)


@cache
def composition_of(formula: str, ions: tuple[Ion, ...] | None = None) -> Composition:
    """Read and check a formula such as "Y2O3" or "SrTiO3"; raises FormulaError with a sentence that says what to do.

    ions: those of a potential.  Without them, all of the table, the most common where several make it neutral."""
    counts = _reduced(_counts(formula))
    known = all_ions() if ions is None else ions
    by_element = {e: [ion for ion in known if ion.element == e] for e in counts}
    if unknown := [element for element, choices in by_element.items() if not choices]:
        raise FormulaError(
            f"there is no ion of {unknown[0]} for {formula!r}; use the elements "
            f"{', '.join(dict.fromkeys(ion.element for ion in known))}"
        )
    choices = neutral_choices({by_element[e][0].number: n for e, n in counts.items()}, known)
    if not choices:
        raise FormulaError(_not_neutral(formula, counts, by_element))
    if ions is not None and len(choices) > 1:
        options = "; ".join(" ".join(ion.symbol for ion in choice) for choice in choices)
        raise FormulaError(
            f"the oxidation states of {formula!r} are not decided: {options}; choose a potential that has one of "
            "these, or leave the other ions out of a potential of your own"
        )
    return Composition(_written(counts), choices[0], tuple(counts.values()))


def _not_neutral(formula: str, counts: dict[str, int], known: dict[str, list[Ion]]) -> str:
    states = ", ".join(f"{e} {' or '.join(f'{ion.charge:+d}' for ion in known[e])}" for e in counts)
    if all(len(choices) == 1 for choices in known.values()):
        charge = sum(known[e][0].charge * n for e, n in counts.items())
        return (
            f"{formula!r} is not charge neutral: its charges ({states}) add up to {charge:+d}; "
            "change the numbers of atoms until they add up to 0, as in Y2O3"
        )
    return (
        f"{formula!r} is not charge neutral with one oxidation state for each element ({states}); change the numbers "
        "of atoms; two states of one element in one compound, as in Fe3O4, are not supported"
    )


@cache
def canonical_formula(text: str) -> str:
    """The one spelling of a compound: "SrTiO3" for "O3TiSr" and "2SrTiO3".  FormulaError if it is no formula."""
    return _written(_reduced(_counts(text)))


@cache
def atoms_of_unit(text: str) -> int:
    """Atoms of one formula unit, reduced; FormulaError if it is no formula."""
    return sum(_reduced(_counts(text)).values())


@cache
def counts_of(text: str) -> Mapping[str, int]:
    """Atoms of each element in one formula unit, reduced; FormulaError if it is no formula."""
    return MappingProxyType(_reduced(_counts(text)))


def formula_of(numbers: IntArray) -> str:
    """The same for atoms, of any elements, by their atomic numbers."""
    from ase.data import chemical_symbols

    return _written(_reduced(Counter(chemical_symbols[z] for z in numbers)))


def _written(counts: Mapping[str, int]) -> str:
    return "".join(f"{element}{n if n > 1 else ''}" for element, n in counts.items())


def _reduced(counts: Mapping[str, int]) -> dict[str, int]:
    """Smallest whole numbers, in the order that formulas are written in.

    Cations by rising charge, heavier ones first: Sr4Ti3O10, ZrSiO4; then elements that are no ions of ours, metals
    first; then anions by rising charge, lighter ones first: LaOF."""
    from ase.formula import non_metals

    ions = ions_by_name()

    def place(element: str) -> tuple[int, int, int, str]:
        ion = ions.get(element)
        if ion is None:
            return 1, element in non_metals, 0, element
        return (0, ion.charge, -ion.number, "") if ion.is_cation else (2, ion.charge, ion.number, "")

    divisor = gcd(*counts.values())
    return {element: counts[element] // divisor for element in sorted(counts, key=place)}


def _counts(formula: str) -> dict[str, int]:
    from ase.formula import Formula  # imported here: a search never needs the rest of ASE

    text = formula.strip()
    if not text or len(text) > MAX_FORMULA_LENGTH or not FORMULA_CHARACTERS.issuperset(text):
        raise FormulaError(
            f"{formula[:80]!r} is not a formula; write element symbols and numbers, as in Y2O3"
        )
    try:
        counts = Formula(text, strict=True).count()
    except (ValueError, KeyError, AssertionError):
        raise FormulaError(
            f"{formula!r} is not a formula; write element symbols and numbers, as in Y2O3 or SrTiO3"
        ) from None
    if not counts or min(counts.values()) < 1 or sum(counts.values()) > MAX_FORMULA_ATOMS:
        raise FormulaError(
            f"{formula!r} must have between 1 and {MAX_FORMULA_ATOMS} atoms, of each element at least one"
        )
    return counts


@dataclass(frozen=True)
class Preset:
    """A composition with the lowest known minimum of a potential; see data/compositions.toml."""

    formula: str
    target: float  # eV/atom
    volume: float  # Å³/atom
    space_group: int
    symbol: str  # Hermann–Mauguin
    name: str
    cell: int  # atoms in the primitive cell of the minimum
    max_atoms: int  # limit of its searches
    potential: str = "ysrtio"


@cache
def presets() -> dict[str, Preset]:
    """Compositions with a known minimum by formula; the five of RL-CSP come first."""
    table = tomllib.loads((DATA / "compositions.toml").read_text(encoding="utf-8"))
    return {formula: Preset(formula=formula, **row) for formula, row in table.items()}
