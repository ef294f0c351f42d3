"""The same structure is recognised however it is written down; another is not."""

import numpy as np
import pytest
from ase.build import make_supercell

from rlcsp_core.crystal.formats import from_ase, to_ase
from rlcsp_core.crystal.identity import distance_between, group_duplicates, known_phases, references
from rlcsp_core.records import Crystal

NAMES = [f"{phase.formula} {phase.name}" for phase in references()]


def rewritten(crystal: Crystal, rng: np.random.Generator, strain: float = 0.0) -> Crystal:
    """The same crystal: another cell, origin, orientation and order of atoms; expanded by `strain`."""
    atoms = make_supercell(to_ase(crystal), [[1, 1, 0], [0, 1, 0], [0, -1, 1]])
    atoms.rotate(73, (1, 2, 3), rotate_cell=True)
    atoms.translate(rng.normal(size=3))
    atoms.set_cell(atoms.cell * (1 + strain), scale_atoms=True)
    return from_ase(atoms[rng.permutation(len(atoms))])


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_is_recognised_as_itself_only(name: str, rng: np.random.Generator) -> None:
    phase = references()[NAMES.index(name)]
    matches = known_phases(rewritten(phase.crystal, rng, strain=0.02))
    assert [match.reference for match in matches] == [phase]
    assert matches[0].distance < 1e-3
    assert matches[0].volume_ratio == pytest.approx(1.02**3)


def test_references_say_what_they_are() -> None:
    for phase in references():
        assert phase.name
        assert phase.source
        assert phase.crystal.n_atoms > 0


def test_distance_is_what_is_left_after_the_best_translation() -> None:
    crystal = references()[NAMES.index("SrTiO3 perovskite")].crystal
    d, n = 0.1, crystal.n_atoms
    moved = crystal.positions.copy()
    moved[1] += [0.0, 0.0, d]
    found = distance_between(crystal, Crystal(crystal.numbers, moved, crystal.cell))
    assert found == pytest.approx(d * np.sqrt((n - 1) / n**2), rel=1e-3)


def test_polymorphs_are_different() -> None:
    rutile, anatase = (references()[NAMES.index(f"TiO2 {name}")].crystal for name in ("rutile", "anatase"))
    assert distance_between(rutile, anatase) is None


def test_duplicates_are_merged_and_ranked_by_energy(rng: np.random.Generator) -> None:
    rutile, anatase = (references()[NAMES.index(f"TiO2 {name}")].crystal for name in ("rutile", "anatase"))
    crystals = [anatase, rutile, rewritten(anatase, rng), rewritten(rutile, rng), rewritten(anatase, rng)]
    energies = [-2.0, -3.0, -2.000001, -2.999999, -2.000002]
    assert group_duplicates(crystals, energies) == [[1, 3], [4, 2, 0]]


def test_equal_energy_does_not_make_two_structures_one() -> None:
    rutile, anatase = (references()[NAMES.index(f"TiO2 {name}")].crystal for name in ("rutile", "anatase"))
    assert sorted(group_duplicates([rutile, anatase, rutile], [-1.0, -1.0, -1.0])) == [[0, 2], [1]]


def test_far_energies_are_never_one_structure() -> None:
    rutile = references()[NAMES.index("TiO2 rutile")].crystal
    assert group_duplicates([rutile, rutile], [-1.0, -1.1]) == [[1], [0]]
