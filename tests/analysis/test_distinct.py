"""Distinct structures: what is found out in moments is what comparing all at once finds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from rlcsp_core.analysis.distinct import DistinctStructures
from rlcsp_core.crystal.identity import group_duplicates, references
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
    assert members == group_duplicates(crystals, energies) == [[0, 1, 3], [2], [4]]
    assert [group.best.number for group in compared.groups] == [0, 2, 4]
    assert [group.space_group for group in compared.groups][:2] == ["P4_2/mnm (136)", "I4_1/amd (141)"]


def test_one_reader_compares_at_a_time(crystals: list[Crystal]) -> None:
    found = [Found(number, float(number)) for number in range(len(crystals))]
    others = DistinctStructures(found, lambda each: crystals[each.number])

    def load(each: Found) -> Crystal:
        others.go_on(np.inf)  # at work: this one waits for its turn
        return crystals[each.number]

    compared = DistinctStructures(found, load)
    compared.go_on(np.inf)
    assert (compared.compared, others.compared) == (len(found), 0)
