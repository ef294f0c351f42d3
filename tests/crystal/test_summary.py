"""Displacements leave out what is not one: a strain, a common shift, another image; sites that are alike are one."""

import numpy as np

from rlcsp_core.crystal.identity import references
from rlcsp_core.crystal.summary import displacements, distinct_sites
from rlcsp_core.records import Crystal

QUARTZ = next(phase.crystal for phase in references() if phase.name == "quartz")


def test_strain_shift_and_other_images_are_no_displacement(rng: np.random.Generator) -> None:
    strained = np.eye(3) + rng.uniform(-0.1, 0.1, (3, 3))
    images = rng.integers(-2, 3, QUARTZ.positions.shape) @ QUARTZ.cell
    after = Crystal(
        QUARTZ.numbers, (QUARTZ.positions + images + [0.4, -0.3, 0.2]) @ strained, QUARTZ.cell @ strained
    )
    np.testing.assert_allclose(displacements(QUARTZ, after), 0, atol=1e-12)


def test_an_atom_that_moved_is_where_its_arrow_ends() -> None:
    by = np.zeros_like(QUARTZ.positions)
    by[4] = [0.3, 0.1, -0.2]
    found = displacements(QUARTZ, Crystal(QUARTZ.numbers, QUARTZ.positions + by, QUARTZ.cell))
    np.testing.assert_allclose(found, by - by.mean(axis=0), atol=1e-12)


def test_bixbyite_has_the_sites_of_the_tables() -> None:
    """Y in 8b and 24d, O in 48e of Ia-3 (Pauling and Shappell 1930)."""
    crystal = next(
        phase.crystal for phase in references() if phase.name == "bixbyite" and phase.formula == "Y2O3"
    )
    found = distinct_sites(crystal)
    assert sum(count for count, _ in found) == crystal.n_atoms
    share = 80 / crystal.n_atoms
    assert sorted((site.symbol, count * share) for count, site in found) == [("O", 48), ("Y", 8), ("Y", 24)]
    assert {site.coordination for _, site in found if site.symbol == "Y"} == {6}


def test_without_symmetry_every_atom_is_a_site_of_its_own(rng: np.random.Generator) -> None:
    moved = QUARTZ.positions + rng.normal(0, 0.2, QUARTZ.positions.shape)
    assert [n for n, _ in distinct_sites(Crystal(QUARTZ.numbers, moved, QUARTZ.cell))] == [1] * QUARTZ.n_atoms
