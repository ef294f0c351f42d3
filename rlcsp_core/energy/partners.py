"""Which elements go together in a shipped potential, and the neutral formulas they make; for a periodic table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from math import gcd

from ase.data import atomic_numbers

from rlcsp_core.crystal.composition import canonical_formula, composition_of, presets
from rlcsp_core.crystal.ions import Ion, ions_by_name, neutral_choices
from rlcsp_core.crystal.known import references
from rlcsp_core.energy.choice import candidates
from rlcsp_core.energy.potential import Potential
from rlcsp_core.energy.potential_file import load_potential, potential_names

Elements = frozenset[str]

MOST_ELEMENTS = 5  # of a formula that is offered
MOST_CATIONS, MOST_ANIONS = 3, 12  # of one element in a formula unit that is made up
OFFERED = 8  # formulas


@cache
def partners(chosen: Elements) -> dict[str, tuple[str, ...]]:
    """By element, the shipped potentials in which it goes together with the chosen ones; empty where none does."""
    potentials = [load_potential(name) for name in potential_names()]
    elements = sorted({element for potential in potentials for element in potential.elements})
    return {
        element: tuple(p.name for p in potentials if _covers(p, chosen | {element})) for element in elements
    }


def _covers(potential: Potential, elements: Elements) -> bool:
    """Whether a compound with all these elements, and one more if their charges are of one sign, has all its pairs."""
    ions = potential.ions
    options = [[kind for kind, ion in enumerate(ions) if ion.element == element] for element in elements]
    for kinds in product(*options):
        signs = {ions[kind].is_cation for kind in kinds}
        others = (
            [()] if len(signs) > 1 else [(k,) for k, ion in enumerate(ions) if ion.is_cation not in signs]
        )
        if any(not potential.missing((*kinds, *other)) for other in others):
            return True
    return False


@cache
def formulas_of(elements: Elements) -> tuple[str, ...]:
    """Formulas with exactly these elements that a shipped potential covers: known compounds first, then small ones."""
    if not 1 < len(elements) <= MOST_ELEMENTS or not elements <= ions_by_name().keys():
        return ()
    known = {*presets(), *(reference.formula for reference in references())}
    found = [f for f in known if elements == composition_of(f).as_dict.keys()]
    found += [formula for formula in dict.fromkeys(_neutral(elements)) if formula not in known]
    covered = [formula for formula in found if candidates(formula)]
    return tuple(
        sorted(covered, key=lambda f: (f not in presets(), f not in known, composition_of(f).n_atoms))[
            :OFFERED
        ]
    )


def _neutral(elements: Elements) -> Iterator[str]:
    """Small charge-neutral formulas, with one oxidation state for each element."""
    ions = [ion for potential in map(load_potential, potential_names()) for ion in potential.ions]
    mine: list[Ion] = [ion for ion in dict.fromkeys(ions) if ion.element in elements]
    names = sorted(elements)
    anions = {ion.element for ion in mine if not ion.is_cation}
    most = MOST_ANIONS if len(anions) == 1 else MOST_CATIONS
    ranges = [range(1, (most if name in anions else MOST_CATIONS) + 1) for name in names]
    for counts in product(*ranges):
        if gcd(*counts) == 1 and neutral_choices(
            {atomic_numbers[name]: n for name, n in zip(names, counts, strict=True)}, mine
        ):
            yield canonical_formula("".join(f"{name}{n}" for name, n in zip(names, counts, strict=True)))
