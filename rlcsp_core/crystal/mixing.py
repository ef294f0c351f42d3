"""Compounds of a phase field: a·A + b·B (+ c·C) of its end members, a, b, c whole numbers.

End members are neutral formulas, so each sum is: Y2O3, SrO and TiO2 give SrTiO3 (0, 1, 1) and Y2Ti2O7 (1, 0, 2).
Shapes: M end members, 2 or 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product
from math import gcd
from typing import NamedTuple

import numpy as np

from rlcsp_core.crystal.composition import atoms_of_unit, canonical_formula, counts_of
from rlcsp_core.errors import FormulaError

MEMBERS = (2, 3)  # a line or a triangle
MOST_UNITS = 24  # of one end member
MOST_FORMULAS = 200  # of a field, each of which is searched several times


class Mixture(NamedTuple):
    """One composition of a field."""

    formula: str  # as `canonical_formula` writes it
    units: tuple[int, ...]  # [M] formula units of each end member, without a common divisor
    n_atoms: int  # of a formula unit

    @property
    def fractions(self) -> tuple[float, ...]:
        """[M] moles of each end member, of 1."""
        return tuple(n / sum(self.units) for n in self.units)


def checked_members(formulas: Sequence[str]) -> tuple[str, ...]:
    """Two or three end members, none of which the others make; FormulaError otherwise."""
    members = tuple(canonical_formula(formula) for formula in formulas)
    if len(members) not in MEMBERS:
        raise FormulaError(f"a phase field has 2 or 3 end members, got {len(members)}")
    elements = sorted({element for member in members for element in counts_of(member)})
    amounts = [[counts_of(member).get(element, 0) for element in elements] for member in members]
    if np.linalg.matrix_rank(np.array(amounts)) < len(members):
        raise FormulaError(
            f"the end members {', '.join(members)} make one another: choose such that none is made of the others"
        )
    return members


def mixtures(members: Sequence[str], most_units: int, max_atoms: int) -> list[Mixture]:
    """All with at most `most_units` of each end member and `max_atoms` atoms a formula unit.

    The end members come first, then mixtures of two, then of three, each kind by atoms and formula."""
    for member in members:
        if atoms_of_unit(member) > max_atoms:
            raise FormulaError(
                f"the end member {member} has {atoms_of_unit(member)} atoms a formula unit: raise max_atoms to that"
            )
    found = {}
    for units in product(range(most_units + 1), repeat=len(members)):
        if gcd(*units) != 1:
            continue
        made = mixture(members, units)
        if made.n_atoms <= max_atoms:
            found[made.formula] = made
        if len(found) > MOST_FORMULAS:
            raise FormulaError(
                f"these limits give more than {MOST_FORMULAS} compositions: lower max_atoms or most_units"
            )
    return sorted(found.values(), key=_place)


def mixture(members: Sequence[str], units: Sequence[int]) -> Mixture:
    total: Counter[str] = Counter()
    for member, n in zip(members, units, strict=True):
        total.update({element: n * count for element, count in counts_of(member).items()})
    divisor = gcd(*total.values())
    formula = canonical_formula("".join(f"{e}{n // divisor}" for e, n in total.items() if n))
    return Mixture(formula, tuple(units), sum(total.values()) // divisor)


def _place(each: Mixture) -> tuple[int, tuple[int, ...], int, str]:
    pure = each.units if max(each.units) == sum(each.units) else ()
    return sum(n > 0 for n in each.units), tuple(-n for n in pure), each.n_atoms, each.formula
