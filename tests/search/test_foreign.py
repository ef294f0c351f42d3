"""Searches with a calculator of one's own: elements that no potential covers, limits of its own."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.calculator import Calculator

from rlcsp_core.outside import VARIABLE
from rlcsp_core.records import StopRecord
from rlcsp_core.search import Search, SearchConfig

SPRING = 0.5  # eV/Å³, how stiff the toy is against a change of volume
ATOM_VOLUME = 12.0  # Å³


@pytest.fixture(autouse=True)
def trusted(monkeypatch):
    monkeypatch.setenv(VARIABLE, f"{__name__}:Bag")


class Bag(Calculator):
    """A toy: the energy depends on the volume alone, lowest at ATOM_VOLUME an atom."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012

    def calculate(self, atoms=None, properties=("energy",), changes=()) -> None:
        super().calculate(atoms, properties, changes)
        n, volume = len(self.atoms), self.atoms.get_volume()
        off = volume / n - ATOM_VOLUME
        self.results = {
            "energy": 0.5 * SPRING * n * off**2 / ATOM_VOLUME,
            "forces": np.zeros((n, 3)),
            "stress": SPRING * off / ATOM_VOLUME * np.array([1.0, 1, 1, 0, 0, 0]),
        }


def test_elements_without_a_potential_are_searched_by_a_calculator_of_ones_own():
    config = SearchConfig(
        composition="LiNbO3",
        calculator=f"{__name__}:Bag",
        steps=2,
        population=2,
        max_atoms=10,
        actions="extended",
    )
    again = SearchConfig.from_dict(config.as_dict())
    *records, stop = Search(again)
    assert isinstance(stop, StopRecord)
    assert [record.reason for record in records] == [None] * 4
    assert all(record.energy < 0.01 for record in records)


def test_the_limits_of_a_relaxation_are_settings_of_the_run():
    config = SearchConfig(
        composition="LiNbO3",
        calculator=f"{__name__}:Bag",
        steps=1,
        population=1,
        max_atoms=10,
        relax_evaluations=1,
    )
    first = next(iter(Search(config)))
    assert (first.energy, first.reason, first.evaluations) == (None, "evaluation limit", 2)
