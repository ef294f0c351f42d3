"""The known crystals: the group they say, neighbours where chemistry has them, one name each."""

from __future__ import annotations

import tomllib
from collections import Counter

import gemmi
import numpy as np
import pytest

from rlcsp_core.crystal.bonds import find_bonds
from rlcsp_core.crystal.composition import canonical_formula, formula_of
from rlcsp_core.crystal.identity import known_phases
from rlcsp_core.crystal.ions import ions_in
from rlcsp_core.crystal.known import references
from rlcsp_core.crystal.symmetry import space_group
from rlcsp_core.paths import DATA
from rlcsp_core.records import Crystal

TABLE = tomllib.loads((DATA / "crystals.toml").read_text(encoding="utf-8"))
KNOWN = {(r.formula, r.name): r for r in references()}


def named(formula: str, name: str):
    return KNOWN[formula, name].crystal


def rows():
    for row in (*TABLE["crystals"], *TABLE["minima"]):
        if "formula" in row:
            yield row["formula"], row["name"], row["group"]
        for formula, name, *_ in row.get("members", []):
            yield formula, name, TABLE["types"][row["type"]]["group"]


def test_about_a_hundred_crystals_have_a_name_and_a_source_each():
    assert len(references()) >= 100
    assert max(Counter((r.formula, r.name) for r in references()).values()) == 1
    assert all(r.source for r in references())


@pytest.mark.parametrize(("formula", "name", "group"), rows())
def test_a_crystal_has_its_formula_and_its_group(formula, name, group):
    crystal = named(formula, name)
    assert canonical_formula(formula) == formula == formula_of(crystal.numbers)
    assert space_group(crystal, 1e-3).number == gemmi.SpaceGroup(group).number


@pytest.mark.parametrize("reference", references(), ids=lambda r: f"{r.formula}-{r.name}")
def test_every_ion_has_neighbours_at_the_distance_of_its_radius(reference):
    crystal = reference.crystal
    bonds, ions = find_bonds(crystal), ions_in(crystal.numbers)
    for i in range(crystal.n_atoms):
        nearest = bonds.length[bonds.i == i].min()
        partner = crystal.numbers[bonds.j[bonds.i == i][bonds.length[bonds.i == i].argmin()]]
        radii = ions[int(crystal.numbers[i])].radius + ions[int(partner)].radius
        assert 0.8 * radii < nearest < 1.15 * radii


# Å, published: Levien 1980 (quartz), Abrahams & Bernstein 1971 (rutile), Newnham & de Haan 1962 (corundum)
@pytest.mark.parametrize(("formula", "name", "pair", "shortest", "longest"), [
    ("SiO2", "quartz", (14, 8), 1.605, 1.614), ("TiO2", "rutile", (22, 8), 1.949, 1.980),
    ("Al2O3", "corundum", (13, 8), 1.855, 1.971), ("ZrSiO4", "zircon", (14, 8), 1.622, 1.622),
])  # fmt: skip
def test_bond_lengths_are_the_published_ones(formula, name, pair, shortest, longest):
    crystal = named(formula, name)
    bonds = find_bonds(crystal)
    mine = (crystal.numbers[bonds.i] == pair[0]) & (crystal.numbers[bonds.j] == pair[1])
    assert bonds.length[mine].min() == pytest.approx(shortest, abs=0.008)
    assert bonds.length[mine].max() == pytest.approx(longest, abs=0.008)


@pytest.mark.parametrize(("formula", "name"), [("Al2O3", "corundum"), ("SiO2", "quartz"), ("NaCl", "halite")])
def test_a_shaken_crystal_is_recognised(formula, name, rng):
    crystal = named(formula, name)
    shifts = rng.normal(scale=0.02, size=(crystal.n_atoms, 3))
    moved = Crystal(crystal.numbers, 1.02 * crystal.positions + shifts, 1.02 * crystal.cell)
    first = known_phases(moved)[0]
    assert (first.reference.formula, first.reference.name) == (formula, name)
    assert first.volume_ratio == pytest.approx(1.02**3, abs=1e-6)


def test_what_is_known_of_other_compounds_is_not_compared():
    assert all(match.reference.formula == "MgO" for match in known_phases(named("MgO", "periclase")))
    assert np.isfinite(named("MgO", "periclase").cell).all()
