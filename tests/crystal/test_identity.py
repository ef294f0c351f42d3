"""The same structure is recognised however it is written down; another is not."""

import numpy as np
import pytest
from ase.build import make_supercell

from rlcsp_core.crystal.formats import from_ase, to_ase
from rlcsp_core.crystal.identity import (
    are_duplicates,
    distance_between,
    in_setting_of,
    known_phases,
    references,
)
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


def test_a_crystal_written_another_way_is_a_duplicate(rng: np.random.Generator) -> None:
    rutile, anatase = (references()[NAMES.index(f"TiO2 {name}")].crystal for name in ("rutile", "anatase"))
    assert are_duplicates(rutile, rewritten(rutile, rng))
    assert not are_duplicates(rutile, rewritten(anatase, rng))


def test_polymorphs_are_different() -> None:
    rutile, anatase = (references()[NAMES.index(f"TiO2 {name}")].crystal for name in ("rutile", "anatase"))
    assert distance_between(rutile, anatase) is None


@pytest.mark.parametrize("name", ["Y2O3 bixbyite", "TiO2 rutile"])
def test_a_crystal_is_turned_until_it_lies_over_the_reference(name: str, rng: np.random.Generator) -> None:
    reference = references()[NAMES.index(name)].crystal
    laid = in_setting_of(reference, rewritten(reference, rng, strain=0.03))
    assert laid is not None
    assert np.allclose(laid.cell, 1.03 * reference.cell, atol=1e-4)
    ours, theirs = (c.positions @ np.linalg.inv(c.cell) for c in (laid, reference))
    apart = ours[:, None] - theirs[None]
    nearest = np.abs(apart - np.rint(apart)).max(axis=2)
    assert (nearest.min(axis=1) < 1e-3).all()
    assert (laid.numbers == reference.numbers[nearest.argmin(axis=1)]).all()


def test_another_structure_is_not_laid_over_a_reference() -> None:
    rutile, anatase = (references()[NAMES.index(f"TiO2 {name}")].crystal for name in ("rutile", "anatase"))
    assert in_setting_of(rutile, anatase) is None
