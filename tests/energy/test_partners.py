"""What a periodic table offers: elements that some potential has together, and formulas that can be searched."""

from __future__ import annotations

import pytest

from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.energy.choice import candidates
from rlcsp_core.energy.partners import formulas_of, partners


def goes_with(*chosen: str) -> set[str]:
    return {element for element, potentials in partners(frozenset(chosen)).items() if potentials}


def test_at_first_every_element_of_a_potential_is_offered() -> None:
    assert {"Mg", "O", "Na", "Cl", "Zn", "S", "F", "U"} <= goes_with()
    assert not {"Au", "H", "C", "Ne"} & goes_with()


def test_what_no_potential_has_together_is_not_offered() -> None:
    assert not {"Cl", "S", "F"} & goes_with("Ti")
    assert {"O", "Ca", "Sr", "Y"} <= goes_with("Ti")
    assert goes_with("Na", "Cl") == {"Na", "Cl"}  # parameters of a salt hold in it only
    assert "O" in goes_with("Fe")  # two oxidation states


@pytest.mark.parametrize(("elements", "first"), [
    ("Al O", "Al2O3"), ("Mg Al O", "MgAl2O4"), ("Ca Ti O", "CaTiO3"), ("Na Cl", "NaCl"), ("Fe O", "FeO"),
    ("Sr Y O", "SrY2O4"),
])  # fmt: skip
def test_formulas_begin_with_the_known_compound(elements: str, first: str) -> None:
    chosen = frozenset(elements.split())
    formulas = formulas_of(chosen)
    assert formulas[0] == first
    for formula in formulas:  # each can be searched
        assert candidates(formula)
        assert composition_of(formula).as_dict.keys() == chosen


@pytest.mark.parametrize("elements", ["", "O", "Mg Ca", "Ag Cl", "Na K Cl", "Xx O", "Ca Al Si Y Sr O"])
def test_nothing_is_offered_where_nothing_is_neutral_or_covered(elements: str) -> None:
    assert formulas_of(frozenset(elements.split())) == ()
