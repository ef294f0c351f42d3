"""The calculator speaks ASE's units and signs."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress

from rlcsp_core.energy import IonicCalculator
from rlcsp_core.errors import StructureError


@pytest.fixture
def atoms(rutile):
    atoms = Atoms(rutile.numbers, positions=rutile.positions, cell=rutile.cell, pbc=True)
    atoms.calc = IonicCalculator()
    return atoms


def test_forces_and_stress_are_ases_numerical_ones(atoms):

    force = calculate_numerical_forces(atoms, eps=1e-4, iatoms=[3, 7])
    assert np.abs(force - atoms.get_forces()[[3, 7]]).max() < 1e-4
    assert np.abs(calculate_numerical_stress(atoms, eps=1e-5) - atoms.get_stress()).max() < 1e-5


def test_a_change_of_positions_is_noticed(atoms):
    before = atoms.get_potential_energy()
    atoms.rattle(0.05, seed=1)
    assert atoms.get_potential_energy() != before


def test_a_molecule_is_refused(rutile):
    atoms = Atoms(rutile.numbers, positions=rutile.positions, cell=rutile.cell, pbc=(True, True, False))
    atoms.calc = IonicCalculator()
    with pytest.raises(StructureError, match="periodic"):
        atoms.get_potential_energy()
