"""Every setting of every space group is read as it is meant, however a CIF names it.

The other side is spglib: its operators of the 530 settings of the International Tables, applied atom by atom.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import gemmi
import numpy as np
import pytest
import spglib

from rlcsp_core.crystal.formats import parse_crystals, parse_structures
from rlcsp_core.crystal.formats.spacegroups import settings_named
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Array, Crystal

SETTINGS = list(zip(range(1, 531), gemmi.spacegroup_table_itb(), strict=True))
SPECIAL = (0, 1 / 8, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4)  # coordinates of sites on symmetry elements
SAME = 0.02  # Å


def cell_for(rotations: Array, rng: np.random.Generator) -> Array:
    """A random cell of that symmetry: the mean of a random metric over the group."""
    edges = np.diag(rng.uniform(6, 9, 3)) + rng.uniform(-1.5, 1.5, (3, 3))
    metric = np.mean([r.T @ edges @ edges.T @ r for r in rotations], axis=0)
    return np.linalg.cholesky(metric)


def distance(a: Array, b: Array, cell: Array) -> Array:
    away = (a - b + 0.5) % 1 - 0.5
    return np.linalg.norm(away @ cell, axis=-1)


def all_images(
    sites: list[tuple[int, Array]], operators: dict, cell: Array
) -> list[tuple[int, Array]] | None:
    """One atom after the other; None where two come so near that merging them would be a choice."""
    numbers: list[int] = []
    places = np.empty((0, 3))
    for number, site in sites:
        for r, t in zip(operators["rotations"], operators["translations"], strict=True):
            nearest = distance(r @ site + t, places, cell).min(initial=np.inf)
            if SAME < nearest < 1.0:
                return None
            if nearest >= 1.0:
                numbers.append(number)
                places = np.vstack([places, r @ site + t])
    return list(zip(numbers, places, strict=True))


@cache
def example(hall: int) -> tuple[Array, list[tuple[int, Array]], list[tuple[int, Array]]]:
    """Cell, distinct sites and all atoms of a random structure."""
    rng = np.random.default_rng(hall)
    operators = spglib.get_symmetry_from_database(hall)
    while True:
        cell = cell_for(operators["rotations"], rng)
        sites = [(39, np.round(rng.random(3), 4)), (8, rng.choice(SPECIAL, 3))]
        atoms = all_images(sites, operators, cell)
        if atoms is not None:
            return cell, sites, atoms


def cif(cell: Array, sites: list[tuple[int, Array]], symmetry: str) -> bytes:
    lengths = np.linalg.norm(cell, axis=1)
    a, b, c = cell / lengths[:, None]
    angles = np.degrees(np.arccos([b @ c, c @ a, a @ b]))
    lines = ["data_x", *(f"_cell_length_{n} {x:.5f}" for n, x in zip("abc", lengths, strict=True))]
    lines += [f"_cell_angle_{n} {x:.4f}" for n, x in zip(("alpha", "beta", "gamma"), angles, strict=True)]
    lines += [symmetry, "loop_", "_atom_site_type_symbol", *(f"_atom_site_fract_{n}" for n in "xyz")]
    lines += [f"{gemmi.Element(z).name} " + " ".join(f"{x:.5f}" for x in site) for z, site in sites]
    return "\n".join(lines).encode()


def assert_same(crystal: Crystal, atoms: list[tuple[int, Array]], cell: Array) -> None:
    assert sorted(crystal.numbers.tolist()) == sorted(number for number, _ in atoms)
    fractional = crystal.positions @ np.linalg.inv(crystal.cell)
    for number in set(crystal.numbers.tolist()):
        there = np.array([place for z, place in atoms if z == number])
        here = fractional[crystal.numbers == number]
        assert distance(here[:, None], there[None], cell).min(axis=1).max() < SAME


def triplet(rotation: Array, translation: Array) -> str:
    """ "-y+1/2,x,z" from an operation."""
    parts = []
    for row, shift in zip(rotation, translation, strict=True):
        words = "".join(f"{'+' if n > 0 else '-'}{axis}" for n, axis in zip(row, "xyz", strict=True) if n)
        offset = Fraction(float(shift)).limit_denominator(24)
        parts.append(words.lstrip("+") + (f"+{offset}" if offset else ""))
    return ",".join(parts)


def listed(hall: int) -> str:
    found = spglib.get_symmetry_from_database(hall)
    pairs = zip(found["rotations"], found["translations"], strict=True)
    return "loop_\n_space_group_symop_operation_xyz\n" + "\n".join(f"'{triplet(r, t)}'" for r, t in pairs)


def hall_symbol(hall: int) -> str:
    symbol = spglib.get_spacegroup_type(hall).hall_symbol
    return (
        f"_space_group_name_Hall {chr(10)};{symbol}{chr(10)};"
        if '"' in symbol
        else f"_space_group_name_Hall '{symbol}'"
    )


def full_name(hall: int) -> str:
    return f"_space_group_name_H-M_alt '{SETTINGS[hall - 1][1].xhm()}'"


def name_and_number(hall: int) -> str:
    group = SETTINGS[hall - 1][1]
    letter = {"1": " S", "2": " Z", "H": " H", "R": " R"}.get(group.ext, "")
    return f"_symmetry_space_group_name_H-M '{group.hm.upper()}{letter}'\n_symmetry_Int_Tables_number {group.number}"


@pytest.mark.slow
@pytest.mark.parametrize("said", [listed, hall_symbol, full_name, name_and_number])
def test_every_setting_is_expanded_as_spglib_does(said) -> None:
    for hall, _ in SETTINGS:
        cell, sites, atoms = example(hall)
        [crystal] = parse_crystals("a.cif", cif(cell, sites, said(hall)))
        assert_same(crystal, atoms, cell)


@pytest.mark.slow
def test_a_number_alone_is_right_or_refused() -> None:
    """Right where there is one setting that the cell can have; else it would be a guess."""
    refused = set()
    for hall, group in SETTINGS:
        cell, sites, atoms = example(hall)
        text = cif(cell, sites, f"_space_group_IT_number {group.number}")
        [entry] = parse_structures("a.cif", text)
        if entry.crystal is None:
            assert "several settings" in str(entry.problem)
            refused.add(group.number)
        else:
            assert_same(entry.crystal, atoms, cell)
    several = {
        group.number for _, group in SETTINGS if sum(g.number == group.number for _, g in SETTINGS) > 1
    }
    assert refused <= several
    assert {14, 62, 129, 141, 227} <= refused
    assert not {146, 148, 155, 160, 161, 166, 167} & refused  # axes are seen by the cell


def key(group: gemmi.SpaceGroup) -> frozenset[str]:
    return frozenset(op.triplet() for op in group.operations())


def test_spellings_of_a_name() -> None:
    for hall, group in SETTINGS:
        known = spglib.get_spacegroup_type(hall)
        suffix = f":{group.ext}" if group.ext in "12HR" else ""
        spellings = {group.hm.replace(" ", ""), group.xhm().upper()}
        spellings |= {known.international_full, known.international_full.replace(" ", "").replace("_", "")}
        if group.number >= 195:
            old = {group.hm, known.international_full}  # F m 3 m, F 4/m 3 2/m
            spellings |= {name.replace("-3", "3") for name in old}
        for name in spellings:
            found = settings_named(name + suffix * (":" not in name))
            assert {each.number for each in found} == {group.number}, name
            # e: a plane that glides both ways, which is one name for two settings
            assert key(group) in map(key, found) or (name[0] == "C" and "e" in name), name


def test_short_monoclinic_names_mean_the_axis_that_the_cell_has() -> None:
    for name, angles in (("P 21/n", (90, 101, 90)), ("P 21/b", (90, 90, 101)), ("P 21/n", (90, 90, 90))):
        group = {"P 21/n": "P 1 21/n 1", "P 21/b": "P 1 1 21/b"}[name]
        cell = np.array(gemmi.UnitCell(5, 6, 7, *angles).orth.mat.tolist()).T
        sites = [(39, np.array([0.11, 0.23, 0.37]))]
        short, long = (
            parse_crystals("a.cif", cif(cell, sites, f"_symmetry_space_group_name_H-M '{each}'"))[0]
            for each in (name, group)
        )
        assert np.allclose(short.positions, long.positions)


CUBE = np.eye(3) * 5.1
CONTRADICTIONS = {
    "number": ("_symmetry_space_group_name_H-M 'P n m a'\n_symmetry_Int_Tables_number 61", "contradict"),
    "Hall symbol": (
        "_symmetry_space_group_name_H-M 'P n m a'\n_space_group_name_Hall '-P 2c 2ab'",
        "contradicts",
    ),
    "two names": (
        "_symmetry_space_group_name_H-M 'P n m a'\n_space_group_name_H-M_alt 'P b n m'",
        "contradict",
    ),
    "origin": (
        "_symmetry_space_group_name_H-M 'F d -3 m'",
        "several settings: write F d -3 m:1 or F d -3 m:2",
    ),
    "no group": ("_symmetry_Int_Tables_number 231", "no space group"),
    "unknown": ("_symmetry_space_group_name_H-M 'P q r s'", "not known"),
    "open list": ("loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n-x,-y,z\n-x,y,-z", "not complete"),
    "open screw": (
        "loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n-x,-y,z+1/4",
        "not complete: x,y,z\\+1/2 follows",
    ),
    "open centring": ("loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\nx+1/3,y,z", "not complete"),
    "half": ("loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\nx/2,y,z", "cannot be applied"),
    "projection": ("loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\nx,x,z", "cannot be applied"),
    "words": ("loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n'<b>,y,z'", "cannot be applied"),
    "a mirror less": ("_symmetry_space_group_name_Hall '-Q 4'", "Hall symbol '-Q 4' cannot be read"),
    "axes": ("_symmetry_space_group_name_H-M 'R -3 c:H'", "cell does not have the symmetry"),
    "no centring": (
        "_symmetry_space_group_name_H-M 'C 1 m 1'\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\nx,-y,z",
        "lack the centring",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_what_is_ambiguous_or_contradicts_itself_is_refused(case: str) -> None:
    symmetry, words = CONTRADICTIONS[case]
    with pytest.raises(StructureError, match=words) as caught:
        parse_crystals("a.cif", cif(CUBE, [(38, np.zeros(3)), (8, np.full(3, 0.5))], symmetry))
    assert "<" not in str(caught.value)
