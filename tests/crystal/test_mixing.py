"""Formulas of phase fields: by hand, and for fields drawn at random."""

from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlcsp_core.crystal.composition import composition_of, counts_of
from rlcsp_core.crystal.mixing import MOST_FORMULAS, checked_members, mixtures
from rlcsp_core.errors import FormulaError

OXIDES = ("Y2O3", "SrO", "TiO2", "CaO", "Al2O3", "SiO2", "Li2O", "La2O3", "NaF", "CaF2")


def test_a_field_by_hand() -> None:
    found = mixtures(["SrO", "TiO2"], 2, 8)
    assert [(each.formula, each.units, each.n_atoms) for each in found] == [
        ("SrO", (1, 0), 2),
        ("TiO2", (0, 1), 3),
        ("SrTiO3", (1, 1), 5),
        ("Sr2TiO4", (2, 1), 7),
        ("SrTi2O5", (1, 2), 8),
    ]
    assert found[3].fractions == pytest.approx((2 / 3, 1 / 3))


def test_the_limits_are_of_units_and_of_atoms() -> None:
    assert [each.formula for each in mixtures(["SrO", "TiO2"], 1, 99)] == ["SrO", "TiO2", "SrTiO3"]
    assert [each.formula for each in mixtures(["SrO", "TiO2"], 9, 7)] == ["SrO", "TiO2", "SrTiO3", "Sr2TiO4"]


def test_a_formula_is_reduced_where_its_end_members_share_a_divisor() -> None:
    """Na2F2 and Ca2F4, were they given so, are NaF and CaF2; Al2O3 + Y2O3 makes AlYO3."""
    assert checked_members(["Na2F2", "Ca2F4"]) == ("NaF", "CaF2")
    (mixed,) = mixtures(["Y2O3", "Al2O3"], 1, 5)[2:]
    assert (mixed.formula, mixed.units, mixed.n_atoms) == ("YAlO3", (1, 1), 5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(OXIDES), min_size=2, max_size=3, unique=True),
    st.integers(1, 4),
    st.integers(6, 24),
)
def test_formulas_are_neutral_unlike_and_what_their_units_say(members, most_units, max_atoms) -> None:
    found = mixtures(checked_members(members), most_units, max_atoms)
    formulas = [each.formula for each in found]
    assert len(set(formulas)) == len(formulas)
    assert formulas[: len(members)] == list(checked_members(members))
    for each in found:
        charges = composition_of(each.formula)
        assert sum(ion.charge * n for ion, n in zip(charges.ions, charges.counts, strict=True)) == 0
        assert gcd(*each.units) == 1
        assert max(each.units) <= most_units
        assert each.n_atoms == sum(counts_of(each.formula).values()) <= max_atoms
        elements = {element for member in members for element in counts_of(member)}
        totals = [
            sum(n * counts_of(member).get(element, 0) for n, member in zip(each.units, members, strict=True))
            for element in sorted(elements)
        ]
        mine = [counts_of(each.formula).get(element, 0) for element in sorted(elements)]
        assert [total * each.n_atoms for total in totals] == [n * sum(totals) for n in mine]
        assert sum(each.fractions) == pytest.approx(1)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        (["SrO"], "2 or 3 end members, got 1"),
        (["Y2O3", "SrO", "TiO2", "CaO"], "got 4"),
        (["SrO", "SrO"], "make one another"),
        (["SrO", "TiO2", "SrTiO3"], "make one another"),
        (["SrO", "nonsense"], "is not a formula"),
    ],
)
def test_end_members_that_make_no_field_are_refused(members, sentence) -> None:
    with pytest.raises(FormulaError, match=sentence):
        checked_members(members)


def test_limits_that_no_field_can_have_are_refused() -> None:
    with pytest.raises(FormulaError, match="SrO has 2 atoms a formula unit: raise max_atoms"):
        mixtures(["SrO", "TiO2"], 2, 1)
    with pytest.raises(FormulaError, match=f"more than {MOST_FORMULAS} compositions: lower max_atoms"):
        mixtures(["Y2O3", "SrO", "TiO2"], 24, 400)
