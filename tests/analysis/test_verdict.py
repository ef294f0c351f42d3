"""Verdicts: a known crystal is named, something lower than experiment is never a discovery."""

from __future__ import annotations

import tomllib

import pytest

from rlcsp_core.analysis.verdict import verdict
from rlcsp_core.crystal.known import experiment, references
from rlcsp_core.energy import load_potential
from rlcsp_core.energy.choice import measurements
from rlcsp_core.energy.potential_file import FOLDER
from rlcsp_core.relax import relax

KNOWN = {(r.formula, r.name): r for r in references()}


@pytest.mark.parametrize(("potential", "formula", "name", "words"), [
    ("pmmcs", "Al2O3", "corundum", "This is corundum, the known structure."),
    ("pmmcs", "TiO2", "rutile", "This is rutile, the known structure."),
    ("pmmcs", "TiO2", "anatase", "This is anatase; rutile, the experimental structure, is 45 meV/atom lower."),
    ("lewis-catlow", "TiO2", "anatase", "Experiment: rutile; this potential prefers anatase, 86 meV/atom lower."),
    ("ysrtio", "SrY2O4", "spinel", "Experiment: calcium ferrite; this potential prefers spinel, 46 meV/atom lower."),
    (
        "lewis-catlow", "SiO2", "stishovite",
        "This is stishovite; the experimental structure is quartz, which this potential does not have.",
    ),
    (
        "ysrtio", "Y2TiO5", "ground state",
        "This is the ground state, known from earlier searches; no experimental structure of this compound is stored "
        "here to compare with.",
    ),
])  # fmt: skip
def test_the_words_say_what_it_is_beside_experiment(potential, formula, name, words):
    result = relax(KNOWN[formula, name].crystal, load_potential(potential))
    assert verdict(result.crystal, result.energy, potential).words == words


def test_an_unknown_structure_is_named_by_its_group():
    halite = KNOWN["NaCl", "halite"].crystal
    blende = KNOWN["ZnS", "sphalerite"].crystal
    swapped = type(blende)(halite.numbers, 1.05 * blende.positions, 1.05 * blende.cell)
    said = verdict(swapped, -3.9, "tosi-fumi")
    assert said.found is None
    assert (
        said.words
        == "This is a structure of space group F-43m (216); halite, the experimental structure, is 131 meV/atom lower."
    )
    assert verdict(swapped, None, "tosi-fumi").difference is None


def test_a_crystal_of_experiment_of_another_energy_is_not_passed_off_as_it():
    rutile = KNOWN["TiO2", "rutile"].crystal
    level = next(r.energy for r in measurements() if (r.potential, r.crystal) == ("pmmcs", "rutile"))
    said = verdict(rutile, level - 0.013, "pmmcs")
    assert not said.is_experiment
    assert said.words == (
        "Experiment: rutile; this potential prefers a distortion of it, P4_2/mnm (136), 13 meV/atom lower."
    )
    higher = verdict(rutile, level + 0.013, "pmmcs").words
    assert higher == (
        "This is a distortion of rutile, P4_2/mnm (136); rutile, the experimental structure, is 13 meV/atom lower."
    )
    assert (
        verdict(rutile, -1.0, None).words == "This is rutile, the known structure."
    )  # no potential, no energies


def test_in_a_potential_of_ones_own_experiment_is_relaxed_there():
    table = tomllib.loads((FOLDER / "pmmcs.toml").read_text()) | {"name": "mine"}
    anatase = relax(KNOWN["TiO2", "anatase"].crystal, load_potential(table))
    said = verdict(anatase.crystal, anatase.energy, table)
    assert said.words == "This is anatase; rutile, the experimental structure, is 45 meV/atom lower."


def test_compounds_with_several_crystals_have_one_of_experiment():
    assert {f: experiment(f).name for f in ("SiO2", "ZrO2", "Y2O3", "MgO")} == {
        "SiO2": "quartz", "ZrO2": "baddeleyite", "Y2O3": "bixbyite", "MgO": "periclase",
    }  # fmt: skip
    assert experiment("NbO2") is None
