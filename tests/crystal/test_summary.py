"""Displacements leave out what is not one: a strain, a common shift, another image."""

import numpy as np

from rlcsp_core.crystal.identity import references
from rlcsp_core.crystal.summary import displacements
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
