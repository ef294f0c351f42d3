"""Formulas: what is read, what is refused, and the lengths that follow from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcsp_core.crystal.composition import canonical_formula, composition_of, formula_of, presets
from rlcsp_core.crystal.generate import possible_kinds, smallest_limit
from rlcsp_core.errors import FormulaError


@pytest.mark.parametrize(
    ("written", "formula", "counts"),
    [
        ("Y2O3", "Y2O3", {"Y": 2, "O": 3}),
        ("Y4O6", "Y2O3", {"Y": 2, "O": 3}),
        ("O3Y2", "Y2O3", {"Y": 2, "O": 3}),
        (" Y2O3", "Y2O3", {"Y": 2, "O": 3}),
        ("Y2O3()", "Y2O3", {"Y": 2, "O": 3}),
        ("Sr(TiO3)", "SrTiO3", {"Sr": 1, "Ti": 1, "O": 3}),
        ("O3TiSr", "SrTiO3", {"Sr": 1, "Ti": 1, "O": 3}),
        ("TiSrO3", "SrTiO3", {"Sr": 1, "Ti": 1, "O": 3}),
        ("2SrTiO3", "SrTiO3", {"Sr": 1, "Ti": 1, "O": 3}),
        ("Sr1Ti1O3", "SrTiO3", {"Sr": 1, "Ti": 1, "O": 3}),
        ("O4Sr1Y2", "SrY2O4", {"Sr": 1, "Y": 2, "O": 4}),
        ("TiY2O5", "Y2TiO5", {"Y": 2, "Ti": 1, "O": 5}),
        ("O7Ti2Y2", "Y2Ti2O7", {"Y": 2, "Ti": 2, "O": 7}),
        ("Sr4Ti3O10", "Sr4Ti3O10", {"Sr": 4, "Ti": 3, "O": 10}),
    ],
)
def test_formulas_are_reduced_and_named_as_published(written, formula, counts):
    composition = composition_of(written)
    assert composition == composition_of(formula)
    assert canonical_formula(written) == composition.formula == formula
    assert list(composition.as_dict.items()) == list(counts.items())


@pytest.mark.parametrize(
    ("numbers", "formula"),
    [([8, 22, 8, 38, 8], "SrTiO3"), ([8] * 6 + [39] * 4, "Y2O3"), ([8, 82, 22, 8, 8], "PbTiO3")],
)
def test_atoms_have_the_formula_of_their_compound(numbers, formula):
    assert formula_of(np.array(numbers)) == formula


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("YO", "add up to +1"),
        ("XeO4", "no ion of Xe"),
        ("Fe3O4", "not supported"),
        ("", "not a formula"),
        ("Y2O3; DROP TABLE runs", "not a formula"),
        ("Y2.5O", "not a formula"),
        ("Y0O2", "at least one"),
        ("Y", "add up to +3"),
        ("Y2O3" * 40, "not a formula"),
        ("Y2000O3000", "between 1 and"),
    ],
)
def test_what_is_no_neutral_formula_gets_a_sentence(formula, says):
    with pytest.raises(FormulaError, match=says.replace("+", r"\+")):
        composition_of(formula)


@given(
    st.permutations(["Sr", "Y", "Ti", "O"]),
    st.lists(st.integers(1, 9), min_size=4, max_size=4),
    st.integers(1, 9),
)
def test_a_formula_has_one_spelling(elements, counts, factor):
    formula = canonical_formula("".join(f"{e}{n}" for e, n in zip(elements, counts, strict=True)))
    turned = "".join(f"{e}{n * factor}" for e, n in reversed(list(zip(elements, counts, strict=True))))
    assert canonical_formula(turned) == canonical_formula(formula) == formula


@given(st.text(max_size=70))
def test_any_text_is_a_composition_or_a_formula_error(text):
    try:
        composition = composition_of(text)
    except FormulaError:
        return
    charges = sum(ion.charge * n for ion, n in zip(composition.ions, composition.counts, strict=True))
    assert charges == 0


def test_the_block_of_yttria_has_the_published_edge():
    assert composition_of("Y2O3").block_length == pytest.approx(4.741, abs=5e-4)  # SPEC; FUSE


@pytest.mark.parametrize("formula", list(presets()))
def test_presets_agree_with_their_own_formula(formula):
    preset, composition = presets()[formula], composition_of(formula)
    assert preset.cell % composition.n_atoms == 0
    assert preset.cell <= preset.max_atoms
    assert formula == composition.formula


@pytest.mark.parametrize("formula", ["SrO", "TiO2", "Y2O3", "SrTiO3", "Sr4Ti3O10"])
def test_the_smallest_limit_is_the_smallest(formula):
    composition = composition_of(formula)
    limit = smallest_limit(composition)
    assert possible_kinds(composition, limit)
    assert not possible_kinds(composition, limit - 1)
