"""Lattice constants of relaxed crystals: those computed independently before, and those the shipped table says."""

from __future__ import annotations

import csv

import pytest

from rlcsp_core.crystal.known import references
from rlcsp_core.energy import load_potential
from rlcsp_core.energy.choice import MEASURED, best_for, measurements, median_error
from rlcsp_core.energy.potential_file import potential_names
from rlcsp_core.relax.validation import Outcome, covered, validate

KNOWN = {(r.formula, r.name): r for r in references()}
# Å; found before, from the same parameters, by a patched copy of the program without the analytic tails
EARLIER = [
    ("MgO", "periclase", "pmmcs", (4.240,)), ("CaO", "lime", "lewis-catlow", (4.808,)),
    ("NiO", "bunsenite", "pmmcs", (4.190,)),
    ("CdO", "monteponite", "lewis-catlow", (4.689,)), ("CeO2", "cerianite", "lewis-catlow", (5.452,)),
    ("Al2O3", "corundum", "pmmcs", (4.711, 13.012)), ("Al2O3", "corundum", "bush", (4.821, 13.007)),
    ("TiO2", "rutile", "pmmcs", (4.572, 3.005)), ("TiO2", "anatase", "pmmcs", (3.761, 9.682)),
    ("SiO2", "quartz", "pmmcs", (4.924, 5.433)), ("SiO2", "stishovite", "pmmcs", (4.274, 2.743)),
    ("CaTiO3", "perovskite", "pmmcs", (5.452, 7.649, 5.388)), ("MgAl2O4", "spinel", "pmmcs", (8.072,)),
    ("Y2O3", "bixbyite", "lewis-catlow", (10.510,)), ("La2O3", "A type", "lewis-catlow", (3.892, 6.319)),
    ("ZnO", "zincite", "pmmcs", (3.246, 5.097)), ("BeO", "bromellite", "pmmcs", (2.698, 4.335)),
    ("ZrO2", "baddeleyite", "pmmcs", (5.207, 5.214, 5.279)), ("Na2O", "antifluorite", "pmmcs", (5.321,)),
    ("CaF2", "fluorite", "fluoride", (5.428,)), ("LaF3", "tysonite", "fluoride", (7.226, 7.344)),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "name", "potential", "axes"), EARLIER)
def test_lattice_constants_agree_with_earlier_ones(formula, name, potential, axes):
    outcome = validate(KNOWN[formula, name], load_potential(potential))
    assert outcome.kept
    assert outcome.relaxed_axes == pytest.approx(axes, rel=1e-3)


def test_a_structure_that_the_potential_does_not_have_goes_to_another_group():
    outcome = validate(KNOWN["SiO2", "quartz"], load_potential("lewis-catlow"))
    assert not outcome.kept
    assert outcome.errors == ()
    assert outcome.relaxed_group.symbol == "P6_422"
    assert outcome.volume_change == pytest.approx(10, abs=1)


@pytest.mark.parametrize(("potential", "lower", "higher", "difference"), [
    ("pmmcs", ("TiO2", "rutile"), ("TiO2", "anatase"), 45),
    ("lewis-catlow", ("TiO2", "anatase"), ("TiO2", "rutile"), 86),
    ("pmmcs", ("SiO2", "quartz"), ("SiO2", "stishovite"), 259),
    ("pmmcs", ("CaTiO3", "perovskite"), ("CaTiO3", "cubic"), 30),
    ("pmmcs", ("ZrO2", "baddeleyite"), ("ZrO2", "fluorite type"), 13),
])  # fmt: skip
def test_polymorphs_stand_in_the_order_found_earlier(potential, lower, higher, difference):
    first, second = (validate(KNOWN[crystal], load_potential(potential)) for crystal in (lower, higher))
    assert 1000 * (second.energy - first.energy) == pytest.approx(difference, abs=1)


def test_the_shipped_table_holds_every_covered_crystal():
    shipped = {(row.potential, row.formula, row.crystal) for row in measurements()}
    wanted = covered([load_potential(name) for name in potential_names()])
    assert shipped == {(potential.name, crystal.formula, crystal.name) for crystal, potential in wanted}


def test_the_errors_of_the_sets_are_those_of_their_crystals():
    errors = {
        name: median_error([r for r in measurements() if r.potential == name]) for name in potential_names()
    }
    assert errors["pmmcs"] < 0.7
    assert errors["lewis-catlow"] < 1.2
    assert all(error is not None and error < 3 for error in errors.values())


@pytest.mark.parametrize(("formula", "potential"), [
    ("CaO", "lewis-catlow"), ("TiO2", "pmmcs"), ("SiO2", "pmmcs"), ("LaAlO3", "bush"), ("KF", "tosi-fumi"),
])  # fmt: skip
def test_the_potential_with_the_smallest_measured_error_is_chosen(formula, potential):
    best = best_for(formula)
    assert best.potential.name == potential
    assert "%" in best.reason


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in (1, 2))])
def test_the_shipped_table_is_what_relaxing_gives(part):
    with open(MEASURED, encoding="utf-8", newline="") as file:
        shipped = {(row["potential"], row["formula"], row["crystal"]): row for row in csv.DictReader(file)}
    for crystal, potential in list(covered([load_potential(name) for name in potential_names()]))[part::3]:
        outcome = validate(crystal, potential)
        assert isinstance(outcome, Outcome)
        row = shipped[potential.name, crystal.formula, crystal.name]
        assert outcome.energy == pytest.approx(float(row["energy"]), abs=2e-5)
        assert outcome.relaxed_axes == pytest.approx(
            [float(x) for x in row["relaxed_axes"].split()], rel=1e-3
        )
