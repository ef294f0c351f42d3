"""Crystals for tests of the engine."""

from __future__ import annotations

import pytest

from rlcsp_core.energy import load_potential
from tests.energy.gulp import structure


@pytest.fixture(scope="session")
def potential():
    return load_potential()


@pytest.fixture(scope="session")
def pyrochlore():
    """22 atoms of three elements, displaced."""
    return structure("Y2Ti2O7_pyrochlore_prim")


@pytest.fixture(scope="session")
def rutile():
    """12 atoms, displaced, in a skew cell."""
    return structure("TiO2_rutile_skew")
