"""Wyckoff positions against the tables and spglib; random symmetric crystals against their promises."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
import spglib
from ase.neighborlist import neighbor_list

from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.formats import to_ase
from rlcsp_core.crystal.ions import ions_by_name
from rlcsp_core.crystal.symmetric import (
    _closest,
    _placed,
    _random_cell,
    _random_orbits,
    random_symmetric_crystal,
)
from rlcsp_core.crystal.wyckoff import _table, group
from tools.derive_wyckoff import derive_positions

OXIDE = _closest(ions_by_name()["O2-"].radius)  # Å, shortest contacts of an oxide
POSITIONS_IN_ITA = 1731  # Wyckoff positions of the 230 groups, International Tables for Crystallography A


def test_there_are_as_many_positions_as_in_the_tables():
    assert len(_table()) == 230
    assert sum(len(entry["positions"]) for entry in _table().values()) == POSITIONS_IN_ITA


@pytest.mark.parametrize("number", [2, 14, 62, 155, 206])
def test_the_shipped_table_is_the_derived_one(number):
    entry = _table()[str(number)]
    assert [list(p) for p in derive_positions(entry["hall"])] == entry["positions"]


@pytest.mark.parametrize("number", [1, 5, 43, 62, 88, 122, 146, 166, 194, 206, 221, 225, 227, 230])
def test_an_orbit_has_the_multiplicity_of_its_position(number, rng):
    space_group = group(number)
    for size, point, basis in zip(
        space_group.multiplicities, space_group.points, space_group.bases, strict=True
    ):
        site = point + rng.random(3) @ basis
        images = (space_group.rotations @ site + space_group.translations) @ space_group.to_primitive
        distinct = {tuple(np.round(x % 1.0, 6) % 1.0) for x in images}
        assert len(distinct) == size


def test_ia3_holds_bixbyite():
    """Y on 8a or 8b and 24d, O on 48e; half of each in the primitive cell."""
    assert group(206).multiplicities.tolist() == [4, 4, 8, 12, 24]


def test_random_crystals_have_their_group_their_content_and_no_short_contacts(rng):
    composition = composition_of("SrY2O4")
    made = Counter()
    while made.total() < 40:
        number = int(rng.integers(2, 231))
        orbits = _random_orbits(group(number), composition, 2, rng)
        if orbits is None:
            continue
        crystal = _placed(
            group(number), orbits, _random_cell(group(number), 2 * composition.ion_volume, rng), OXIDE, rng
        )
        if crystal is None:
            continue
        made[number] += 1
        assert Counter(crystal.numbers.tolist()) == {38: 2, 39: 4, 8: 8}
        assert_no_short_contacts(crystal)
        fractional = crystal.positions @ np.linalg.inv(crystal.cell)
        found = spglib.get_symmetry((crystal.cell, fractional, crystal.numbers), symprec=1e-4)
        space_group = group(number)
        # the crystal may have more symmetry than was asked for, never less
        assert len(found["rotations"]) % len(space_group.rotations) == 0
    assert len(made) > 10


RADIUS = {8: 1.3820, 38: 1.2933, 39: 0.9885}  # Å, Shannon's, averaged over coordinations


def assert_no_short_contacts(crystal) -> None:
    """Anion–anion 0.8 and cation–anion 0.75 of the sum of radii; two cations as far as over an anion between them."""
    factor = {(8, 8): 0.8, (8, 38): 0.75, (8, 39): 0.75}
    bound = {
        (a, b): factor[a, b] * (RADIUS[a] + RADIUS[b]) if a == 8 else (RADIUS[a] + RADIUS[b]) / 2 + RADIUS[8]
        for a, b in itertools.combinations_with_replacement(RADIUS, 2)
    }
    first, second, distance = neighbor_list("ijd", to_ase(crystal), max(bound.values()))
    for a, b, d in zip(crystal.numbers[first], crystal.numbers[second], distance, strict=True):
        assert d >= bound[min(a, b), max(a, b)] - 1e-4


def test_the_same_seed_makes_the_same_crystals():
    composition = composition_of("Y2O3")
    runs = [
        [random_symmetric_crystal(composition, 2, g) for _ in range(60)]
        for g in (np.random.default_rng(5), np.random.default_rng(5))
    ]
    assert sum(crystal is not None for crystal in runs[0]) > 5
    for a, b in zip(*runs, strict=True):
        assert (a is None) == (b is None)
        assert a is None or np.array_equal(a.positions, b.positions)
