"""Distinct structures: what is found out in moments is what comparing all at once finds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from rlcsp_core.analysis.distinct import DistinctStructures
from rlcsp_core.crystal.identity import references
from rlcsp_core.records import Crystal


class Found(NamedTuple):
    number: int
    energy: float


def moved(crystal: Crystal, by: float) -> Crystal:
    return Crystal(crystal.numbers, crystal.positions + by, crystal.cell)


@pytest.fixture(scope="module")
def crystals() -> list[Crystal]:
    rutile, anatase = (
        next(phase.crystal for phase in references() if phase.name == name) for name in ("rutile", "anatase")
    )
    return [rutile, moved(rutile, 0.3), anatase, moved(rutile, 1.7), moved(anatase, 0.1)]


def test_moments_find_what_comparing_at_once_finds(crystals: list[Crystal]) -> None:
    energies = [-30.0, -30.0 + 1e-7, -30.0 + 2e-7, -30.0 + 3e-7, -29.0]  # the last too high to be the same
    found = [Found(number, energy) for number, energy in enumerate(energies)]
    compared = DistinctStructures(found, lambda each: crystals[each.number])
    seen = []
    while not compared.done:
        compared.go_on(0)
        seen.append(sum(len(group.members) for group in compared.groups))
    assert seen == [1, 2, 3, 4, 5]
    members = [[each.number for each in group.members] for group in compared.groups]
    assert members == [[0, 1, 3], [2], [4]]
    assert [group.best.number for group in compared.groups] == [0, 2, 4]
    assert [group.space_group for group in compared.groups][:2] == ["P4_2/mnm (136)", "I4_1/amd (141)"]


def grouped(crystals: list[Crystal], energies: list[float]) -> list[list[int]]:
    """Which of them are one structure, by number."""
    found = sorted((Found(*each) for each in enumerate(energies)), key=lambda each: each.energy)
    compared = DistinctStructures(found, lambda each: crystals[each.number])
    compared.go_on(np.inf)
    return [[each.number for each in group.members] for group in compared.groups]


def test_duplicates_are_merged_and_ranked_by_energy(crystals: list[Crystal]) -> None:
    _, rutile, anatase, rutile_too, anatase_too = crystals
    mixed = [anatase, rutile, anatase_too, rutile_too, moved(anatase, 0.4)]
    assert grouped(mixed, [-2.0, -3.0, -2.000001, -2.999999, -2.000002]) == [[1, 3], [4, 2, 0]]


def test_equal_energy_does_not_make_two_structures_one(crystals: list[Crystal]) -> None:
    rutile, _, anatase, *_ = crystals
    assert sorted(grouped([rutile, anatase, rutile], [-1.0, -1.0, -1.0])) == [[0, 2], [1]]


def test_far_energies_are_never_one_structure(crystals: list[Crystal]) -> None:
    rutile = crystals[0]
    assert grouped([rutile, rutile], [-1.0, -1.1]) == [[1], [0]]


def test_one_reader_compares_at_a_time(crystals: list[Crystal]) -> None:
    found = [Found(number, float(number)) for number in range(len(crystals))]
    others = DistinctStructures(found, lambda each: crystals[each.number])

    def load(each: Found) -> Crystal:
        others.go_on(np.inf)  # at work: this one waits for its turn
        return crystals[each.number]

    compared = DistinctStructures(found, load)
    compared.go_on(np.inf)
    assert (compared.compared, others.compared) == (len(found), 0)
