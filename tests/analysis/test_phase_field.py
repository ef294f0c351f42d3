"""Hulls by hand, against pymatgen's elements and a linear program; points from runs in a database."""

import numpy as np
import pytest
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from rlcsp_core.analysis.hull import hull_of
from rlcsp_core.analysis.phase_field import IONS, n_hits, phase_field
from rlcsp_core.analysis.phase_field_definition import FieldDefinition
from rlcsp_core.analysis.phase_field_next import search_next
from rlcsp_core.crystal.composition import counts_of
from rlcsp_core.crystal.formats import from_ase
from rlcsp_core.crystal.mixing import mixtures
from rlcsp_core.records import Crystal, PopulationRecord
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import Refinement, RunState, Source, StructureKey

MEMBERS = ("Y2O3", "SrO", "TiO2")
FIELD = mixtures(MEMBERS, 2, 13)


def test_a_hull_by_hand() -> None:
    """SrO −1, TiO2 −2 eV/atom: SrTiO3 of (2·−1 + 3·−2)/5 = −1.6 and 0.2 less; Sr2TiO4 by −1.6 + 10/7 = −6/35."""
    energies = {"SrO": -1.0, "TiO2": -2.0, "SrTiO3": -1.8, "Sr2TiO4": -1.6, "SrTi2O5": -1.0}
    hulls, facets = hull_of(dict(enumerate(energies.items())), ["SrO", "TiO2"])
    assert [hulls[i].energy for i in range(5)] == list(energies.values())
    assert [hulls[i].formation for i in range(5)] == pytest.approx([0, 0, -0.2, -6 / 35, 0.75])
    # SrTi2O5 beside SrTiO3 (5 atoms) and TiO2 (3): (5·−1.8 + 3·−2)/8 = −1.875
    assert [hulls[i].above for i in range(5)] == pytest.approx([0, 0, 0, 0, 0.875])
    assert sorted(facets) == [(0, 3), (1, 2), (2, 3)]


def test_a_triangle_without_compounds_is_one_simplex() -> None:
    hulls, facets = hull_of({7: ("Y2O3", -1.0), 3: ("SrO", -2.0), 5: ("TiO2", -3.0)}, MEMBERS)
    assert facets == ((3, 5, 7),)
    assert all(hull.above == 0 for hull in hulls.values())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-0.4, 0.2), min_size=len(FIELD) - 3, max_size=len(FIELD) - 3))
def test_no_mixture_lies_below_the_hull(deviations) -> None:
    """E_hull(c) = min Σ λ_i E_i over mixtures of the same atoms, a linear program."""
    amounts = np.array(
        [[counts_of(e.formula).get(z, 0) for z in ("Y", "Sr", "Ti", "O")] for e in FIELD], float
    )
    atoms = amounts.sum(axis=1)
    ends = np.array([-9.0, -7.0, -11.0])  # eV/atom
    units = np.array([each.units for each in FIELD], float)
    ideal = units @ (ends * atoms[:3]) / (units @ atoms[:3])
    energies = ideal + np.array([0.0, 0.0, 0.0, *deviations])
    hulls, facets = hull_of({i: (e.formula, energies[i]) for i, e in enumerate(FIELD)}, MEMBERS)
    for i in range(len(FIELD)):
        lowest = linprog(energies * atoms, A_eq=amounts.T, b_eq=amounts[i]).fun / atoms[i]
        assert hulls[i].above == pytest.approx(energies[i] - lowest, abs=1e-6)
        assert hulls[i].formation == pytest.approx(energies[i] - ideal[i], abs=1e-9)
    assert all(hulls[i].above < 1e-6 for facet in facets for i in facet)


def test_hits_are_ends_at_the_lowest_energy() -> None:
    assert n_hits([-2.0, -2.0 + 5e-5, -1.9, None], -2.0) == 2
    assert n_hits([None], None) == 0


# from a database ----------------------------------------------------------------------------------------------------


def definition(**fields) -> FieldDefinition:
    values = {
        "name": "field",
        "title": "SrO–TiO2",
        "end_members": ("SrO", "TiO2"),
        "mixtures": tuple(mixtures(["SrO", "TiO2"], 2, 7)),
        "potential": "ysrtio",
        "model": "diep",
        "n_seeds": 2,
    }
    return FieldDefinition(**{**values, **fields})


@pytest.fixture
def add(store):
    """add(formula, energies of the members, seed) -> the id of a search of the field that has found these."""

    def added(formula, energies, seed=1, crystal=None, end=RunState.FINISHED, **settings):
        config = SearchConfig(composition=formula, seed=seed, steps=1, **settings).as_dict()
        mine = store.create_claimed(config, name=formula, experiment="field")
        atoms = crystal or toy(formula)
        records = [
            PopulationRecord(
                i, 1, energy, None if energy else "collapse", 10, 0.01, atoms, atoms if energy else None
            )
            for i, energy in enumerate(energies)
        ]
        store.append(mine, records, None)
        store.end(mine, end, "steps")
        return mine.run_id

    return added


def toy(formula: str) -> Crystal:
    from ase.data import atomic_numbers

    numbers = [atomic_numbers[e] for e, n in counts_of(formula).items() for _ in range(n)]
    positions = np.arange(3.0 * len(numbers)).reshape(-1, 3) % 7.0
    return Crystal(np.array(numbers), positions, 8.0 * np.eye(3))


def refine(store, run_id, energy, reason=None, crystal=None, number=0, model="diep") -> None:
    key = StructureKey(run_id, Source.POPULATION, number)
    formula = store.run(run_id).composition
    made = None if energy is None else crystal or toy(formula)
    store.add_refinement(Refinement(key, model, "1", energy, reason, 3, 0.1, made))


def test_points_are_what_the_searches_found(store, add) -> None:
    rock_salt = from_ase(bulk("SrO", "rocksalt", a=5.16))
    first = add("SrO", [-1.0, -0.5], crystal=rock_salt)
    second = add("SrO", [-1.0 + 1e-5], seed=2, crystal=rock_salt)
    add("TiO2", [-2.0])
    add("SrTiO3", [-1.8], seed=3)
    add("SrTiO3", [-1.7], seed=1)
    add("SrTiO3", [-9.0], seed=9, potential="bush")  # another potential: another scale
    add("MgO", [-9.0], potential="bush")
    field = phase_field(store, definition())
    assert [point.formula for point in field.points] == ["SrO", "TiO2", "SrTiO3", "Sr2TiO4"]
    sro, _, srtio3, sr2tio4 = field.points
    assert (sro.n_runs, sro.n_finished, sro.hits, sro.runs) == (2, 2, 2, (first, second))
    assert sro.repeats == {IONS: 2}
    assert sro.best == StructureKey(first, Source.POPULATION, 0)
    assert (sro.known, sro.found) == ("rock salt", {IONS: "rock salt"})
    assert srtio3.hulls[IONS] == pytest.approx((-1.8, -0.2, 0.0))
    assert (srtio3.n_runs, srtio3.hits, srtio3.known, srtio3.found) == (2, 1, "perovskite", {})
    assert (sr2tio4.reason, sr2tio4.hulls, sr2tio4.best) == ("not yet searched", {}, None)
    assert field.facets == {IONS: ((0, 2), (1, 2))}
    assert field.last_word == IONS
    assert (field.n_searches, field.n_wanted, field.n_searched) == (5, 8, 3)
    assert sro.reasons == {"diep": "not yet relaxed by DIEP"}
    assert [(each.point.formula, each.why) for each in search_next(field)] == [
        ("Sr2TiO4", "not yet searched"),
        ("TiO2", "on the hull, and 1 of 1 searches found its minimum that is lowest on ions"),
        ("SrTiO3", "on the hull, and 1 of 2 searches found its minimum that is lowest on ions"),
    ]


def test_two_energies_make_two_hulls_and_are_never_mixed(store, add) -> None:
    runs = {
        formula: add(formula, [energy])
        for formula, energy in zip(
            ("SrO", "TiO2", "SrTiO3", "Sr2TiO4"), (-1.0, -2.0, -1.5, -1.6), strict=True
        )
    }
    refine(store, runs["SrO"], -101.0)
    refine(store, runs["TiO2"], -100.0)
    unfinished = phase_field(store, definition())
    assert unfinished.energies == (IONS, "diep")
    assert unfinished.last_word == "diep"
    refine(store, runs["SrTiO3"], -101.0)
    refine(store, runs["Sr2TiO4"], None, "the model burst")
    field = phase_field(store, definition())
    srtio3, sr2tio4 = field.points[2:]
    assert not srtio3.stable(IONS)
    assert srtio3.stable("diep")
    assert srtio3.hulls["diep"] == pytest.approx((-101.0, -101.0 + (2 * 101 + 3 * 100) / 5, 0.0))
    assert "diep" not in sr2tio4.hulls
    assert sr2tio4.reasons == {"diep": "the model burst"}
    assert sr2tio4.stable(IONS)
    assert field.facets["diep"] == ((0, 2), (1, 2))


def test_a_minimum_that_only_the_model_prefers_is_in_doubt_until_it_is_found_twice(store, add):
    for formula, energy in (("SrO", -1.0), ("TiO2", -2.0)):
        refine(store, add(formula, [energy]), -100.0)
        add(formula, [energy], seed=2)
    first = add("SrTiO3", [-1.8, -1.7])
    add("SrTiO3", [-1.8], seed=2)
    refine(store, first, -100.2)
    definite = phase_field(store, definition(mixtures=tuple(mixtures(["SrO", "TiO2"], 1, 5))))
    assert definite.points[2].repeats == {IONS: 2, "diep": 2}
    assert search_next(definite) == []
    refine(store, first, -100.5, number=1)  # second on ions, first by the model, found once
    doubtful = phase_field(store, definition(mixtures=tuple(mixtures(["SrO", "TiO2"], 1, 5))))
    assert (doubtful.points[2].hits, doubtful.points[2].repeats) == (2, {IONS: 2, "diep": 1})
    assert [each.why for each in search_next(doubtful)] == [
        "on the hull, and 1 of 2 searches found its minimum that is lowest by DIEP"
    ]


def test_without_an_end_member_there_is_no_hull_and_it_is_said(store, add) -> None:
    run_id = add("SrTiO3", [-1.8])
    refine(store, run_id, -5.0)
    add("SrO", [None])
    field = phase_field(store, definition())
    assert field.facets == {}
    assert field.without_hull == {
        IONS: "No hull on ions: SrO, TiO2 have no energy yet.",
        "diep": "No hull by DIEP: SrO, TiO2 have no energy yet.",
    }
    assert field.points[2].energies == {IONS: -1.8, "diep": -5.0}
    assert field.points[2].hulls == {}
    assert field.points[0].reason == "its search ended without a minimum"
    assert field.last_word == IONS
    first, *_ = search_next(field)
    assert (first.point.formula, first.why) == (
        "SrO",
        "its search ended without a minimum; without it there is no hull",
    )


def test_a_field_nobody_has_searched_is_empty(store) -> None:
    field = phase_field(store, definition(model=None))
    assert (field.n_searches, field.n_searched, field.facets) == (0, 0, {})
    assert [each.point.formula for each in search_next(field)] == ["SrO", "TiO2", "SrTiO3", "Sr2TiO4"]
    assert {point.reasons[IONS] for point in field.points} == {"not yet searched"}
