"""Verdicts: a known crystal is named, something lower than experiment is never a discovery."""

from __future__ import annotations

import pytest

from rlcsp_core.analysis.verdict import verdict
from rlcsp_core.crystal.known import experiment, references
from rlcsp_core.energy import load_potential
from rlcsp_core.relax import relax

KNOWN = {(r.formula, r.name): r for r in references()}


@pytest.mark.parametrize(("potential", "formula", "name", "words"), [
    ("pmmcs", "Al2O3", "corundum", "this is corundum, as in experiment"),
    ("pmmcs", "TiO2", "rutile", "this is rutile, as in experiment"),
    ("pmmcs", "TiO2", "anatase", "experiment: rutile, 45 meV/atom lower; this is anatase"),
    ("lewis-catlow", "TiO2", "anatase", "experiment: rutile; this potential prefers anatase, 86 meV/atom lower"),
    ("ysrtio", "SrY2O4", "spinel", "experiment: calcium ferrite; this potential prefers spinel, 46 meV/atom lower"),
    (
        "lewis-catlow", "SiO2", "stishovite",
        "experiment: quartz, which this potential does not have; this is stishovite",
    ),
    ("ysrtio", "Y2TiO5", "ground state", "this is ground state"),
])  # fmt: skip
def test_the_words_say_what_it_is_beside_experiment(potential, formula, name, words):
    result = relax(KNOWN[formula, name].crystal, load_potential(potential))
    assert verdict(result.crystal, result.energy, potential).words == words


def test_an_unknown_structure_is_called_another_one():
    halite = KNOWN["NaCl", "halite"].crystal
    blende = KNOWN["ZnS", "sphalerite"].crystal
    swapped = type(blende)(halite.numbers, 1.05 * blende.positions, 1.05 * blende.cell)
    said = verdict(swapped, -3.9, "tosi-fumi")
    assert said.found is None
    assert said.words == "experiment: halite, 131 meV/atom lower; this is another structure"
    assert verdict(swapped, None, "tosi-fumi").difference is None


def test_compounds_with_several_crystals_have_one_of_experiment():
    assert {f: experiment(f).name for f in ("SiO2", "ZrO2", "Y2O3", "MgO")} == {
        "SiO2": "quartz", "ZrO2": "baddeleyite", "Y2O3": "bixbyite", "MgO": "periclase",
    }  # fmt: skip
    assert experiment("NbO2") is None
