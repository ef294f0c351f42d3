"""What is said of a phase field agrees with its hulls, and says what is missing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rlcsp_core.analysis.phase_field import IONS, PhaseField, phase_field
from rlcsp_core.analysis.phase_field_minima import second_look_at
from rlcsp_core.analysis.phase_field_words import (
    by_height,
    doubt_in_words,
    first_word,
    hull_map,
    known_in_words,
    listed,
    next_in_words,
    place_in_words,
    result_in_words,
    stable_compounds,
)
from rlcsp_core.analysis.second_look import in_a_sentence
from rlcsp_core.store import Store, open_store
from tests.fields import definition, fill

FIELD = definition(("SrO", "TiO2"), units=4, max_atoms=17, seeds=2)
STABLE = ["SrTiO3", "Sr4Ti3O10", "Sr3Ti2O7", "Sr2TiO4"]  # by the model
MISSING = "SrTi2O5"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_store(str(tmp_path_factory.mktemp("field") / "runs.sqlite"))
    fill(store, FIELD, without=[MISSING])
    yield store
    store.close()


@pytest.fixture(scope="module")
def field(searched: Store) -> PhaseField:
    return phase_field(searched, FIELD)


def test_the_result_names_what_is_stable_by_each_energy(field: PhaseField) -> None:
    assert [point.formula for point in stable_compounds(field, "diep")] == STABLE
    assert result_in_words(field, "diep") == (
        "By DIEP 4 of 9 compounds so far (10 in the field) are stable: "
        "SrTiO3, Sr4Ti3O10, Sr3Ti2O7 and Sr2TiO4; on ions 3 of 9 so far."
    )
    assert result_in_words(field, IONS).endswith("SrTiO3, Sr3Ti2O7 and Sr2TiO4; by DIEP 4 of 9 so far.")
    above = 1000 * next(p for p in field.points if p.formula == "Sr4Ti3O10").hulls[IONS].above
    said = known_in_words(field, IONS)
    assert said == f"Of 4 known compounds 3 are on the hull; above it (meV/atom): Sr4Ti3O10 {above:.1f}."


def test_a_known_compound_of_another_structure_is_said_to_be_one(field: PhaseField) -> None:
    """Also of an end member, which lies on every hull whatever it is."""
    tio2 = next(point for point in field.points if point.formula == "TiO2")
    assert tio2.found[IONS] == "rutile"
    assert "known compound: rutile;" in place_in_words(field, tio2, IONS)
    other = replace(tio2, found={})
    changed = replace(field, points=tuple(other if point is tio2 else point for point in field.points))
    said = known_in_words(changed, IONS)
    assert said is not None
    assert said.endswith("The lowest structure found on ions is not that of experiment for TiO2 (rutile).")
    words = "known compound: rutile, but its lowest structure on ions is another"
    assert words in place_in_words(changed, other, IONS)


def test_a_field_begins_with_the_model_once_it_has_most_of_the_energies(
    field: PhaseField, store: Store
) -> None:
    assert first_word(field) == "diep"
    fill(store, FIELD, again=["SrO", "TiO2", "SrTiO3"])
    assert phase_field(store, FIELD).last_word == "diep"
    assert first_word(phase_field(store, FIELD)) == IONS


def test_what_is_in_doubt_and_what_is_missing_is_said(field: PhaseField) -> None:
    """Every third composition, the first among them, was found by one seed only."""
    once = [each.formula for each in FIELD.mixtures[::3]]
    doubtful = [point.formula for point in field.points if point.stable("diep") and point.formula in once]
    assert doubtful
    assert doubt_in_words(field, "diep") == (
        f"On the hull, but found by one seed only: {listed(doubtful)}. A longer search may find something lower."
    )
    assert (MISSING, "not yet searched") in next_in_words(field)
    last = by_height(field, "diep")[-1]
    assert last.formula == MISSING
    assert place_in_words(field, last, "diep").startswith("No energy yet")


def test_without_an_end_member_the_missing_hull_is_the_result(store: Store) -> None:
    small = definition(("SrO", "TiO2"), units=1, seeds=1)
    fill(store, small, without=["TiO2"])
    field = phase_field(store, small)
    assert result_in_words(field, "diep") == "No hull by DIEP: TiO2 has no energy yet."
    assert known_in_words(field, "diep") is None
    assert doubt_in_words(field, "diep") is None
    assert all(mark.above is None for mark in hull_map(field, "diep").marks)


def test_the_map_has_each_point_and_the_edges_of_the_hull(field: PhaseField) -> None:
    drawn = hull_map(field, "diep")
    assert [mark.formula for mark in drawn.marks] == [point.formula for point in field.points]
    hull = sorted((mark for mark in drawn.marks if mark.stable), key=lambda mark: mark.x)
    places = [drawn.marks.index(mark) for mark in hull]
    pairs = {tuple(sorted(pair)) for pair in itertools.pairwise(places)}
    assert set(drawn.edges) == pairs
    srtio3 = drawn.marks[[mark.formula for mark in drawn.marks].index("SrTiO3")]
    assert (srtio3.x, srtio3.formation) == pytest.approx((3 / 5, -283.0))


def test_minima_of_a_composition_are_ranked_by_both_energies(searched: Store, field: PhaseField) -> None:
    point = next(point for point in field.points if point.formula == "SrTiO3")
    look = second_look_at(searched, point, "diep")
    assert [(row.rank, row.second_rank) for row in look.rows] == [(1, 1), (2, 2)]
    assert (
        in_a_sentence(look, "DIEP") == "First on ions and by DIEP: perovskite, which is the known structure."
    )


def test_many_formulas_are_cut(field: PhaseField) -> None:
    assert listed(["A"]) == "A"
    assert listed(["A", "B", "C"]) == "A, B and C"
    assert listed([point.formula for point in field.points] * 2).endswith("and 12 more")
