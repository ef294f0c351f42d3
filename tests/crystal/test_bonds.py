"""Bonds, polyhedra and pictures: right across cell boundaries, and the same for every choice of cell."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, make_supercell
from ase.spacegroup import crystal as ase_crystal

from rlcsp_core.crystal.bonds import (
    bond_valence_parameters,
    bond_valence_sums,
    coordination,
    find_bonds,
    polyhedra,
)
from rlcsp_core.crystal.formats import from_ase, to_ase
from rlcsp_core.crystal.ions import ions_in
from rlcsp_core.crystal.known import references
from rlcsp_core.crystal.scene import BEYOND, INSIDE, ON_BORDER, scene
from rlcsp_core.crystal.summary import sites
from rlcsp_core.energy import load_potential
from rlcsp_core.energy.potential_file import potential_names
from rlcsp_core.records import Array, Crystal

Y, SR, TI, OX = 39, 38, 22, 8


@pytest.fixture
def bixbyite() -> Crystal:
    """Y2O3 as measured: O'Connor & Valentine, Acta Cryst. B 25, 2140 (1969)."""
    sites = [(0.25, 0.25, 0.25), (-0.0327, 0, 0.25), (0.3907, 0.1520, 0.3804)]
    return from_ase(ase_crystal(["Y", "Y", "O"], sites, spacegroup=206, cellpar=[10.604] * 3 + [90] * 3))


@pytest.fixture
def perovskite() -> Crystal:
    sites = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0)]
    return from_ase(ase_crystal(["Sr", "Ti", "O"], sites, spacegroup=221, cellpar=[3.905] * 3 + [90] * 3))


@pytest.fixture
def random_oxide() -> Crystal:
    """Twelve ions anywhere, also outside a strongly skewed cell."""
    rng = np.random.default_rng(3)
    cell = np.array([[5.0, 0.0, 0.0], [2.3, 4.6, 0.0], [-1.9, 2.1, 5.5]])
    return Crystal(np.array([Y] * 2 + [SR, TI] + [OX] * 8), (4 * rng.random((12, 3)) - 2) @ cell, cell)


@pytest.mark.parametrize("elements", ["Na", "O", "YSr"])
def test_atoms_that_do_not_bond_to_each_other_are_drawn_without_bonds(elements: str) -> None:
    positions = [[k, k, k] for k in range(len(Atoms(elements)))]
    crystal = from_ase(Atoms(elements, positions=positions, cell=[4, 4, 4], pbc=True))
    assert len(find_bonds(crystal).i) == 0
    assert coordination(crystal, find_bonds(crystal)).tolist() == [0] * crystal.n_atoms
    picture = scene(crystal)
    assert len(picture.bonds) == len(picture.hulls) == 0
    assert len(picture.atoms) >= crystal.n_atoms


def _bond_lengths_the_slow_way(crystal: Crystal) -> Array:
    """Every cation–anion distance below the limit, by trying all cells around."""
    ions = ions_in(crystal.numbers)
    around = np.array(np.meshgrid(*[range(-6, 7)] * 3)).reshape(3, -1).T @ crystal.cell
    found = []
    for i, a in enumerate(crystal.numbers):
        for j, b in enumerate(crystal.numbers):
            if ions[a].is_cation != ions[b].is_cation:
                d = np.linalg.norm(crystal.positions[j] + around - crystal.positions[i], axis=1)
                found.extend(d[d < 1.25 * (ions[a].radius + ions[b].radius)])
    return np.sort(found)


def test_bonds_equal_the_slow_way(random_oxide: Crystal) -> None:
    bonds = find_bonds(random_oxide)
    assert np.allclose(np.sort(bonds.length), _bond_lengths_the_slow_way(random_oxide))
    ends = random_oxide.positions[bonds.j] + bonds.shift @ random_oxide.cell
    assert np.allclose(ends - random_oxide.positions[bonds.i], bonds.vector)


def test_bonds_do_not_depend_on_the_cell(random_oxide: Crystal) -> None:
    moved = make_supercell(to_ase(random_oxide), [[1, 1, 0], [0, 1, 0], [0, 0, 2]])
    moved.translate([0.3, -7.0, 2.2])
    doubled = from_ase(moved)
    once, twice = find_bonds(random_oxide), find_bonds(doubled)
    assert np.allclose(np.sort(twice.length), np.sort(np.tile(once.length, 2)))
    assert np.allclose(
        np.sort(bond_valence_sums(doubled, twice)),
        np.sort(np.tile(bond_valence_sums(random_oxide, once), 2)),
    )


def test_coordination_of_known_structures(bixbyite: Crystal, perovskite: Crystal) -> None:
    counts = coordination(bixbyite, find_bonds(bixbyite))
    assert set(counts[bixbyite.numbers == Y]) == {6}
    assert set(counts[bixbyite.numbers == OX]) == {4}
    counts = coordination(perovskite, find_bonds(perovskite))
    assert {int(z): int(counts[perovskite.numbers == z][0]) for z in (SR, TI, OX)} == {SR: 12, TI: 6, OX: 6}


def test_bond_valence_sums_are_near_the_charges(bixbyite: Crystal, perovskite: Crystal) -> None:
    for crystal in (bixbyite, perovskite):
        charges = {number: abs(ion.charge) for number, ion in ions_in(crystal.numbers).items()}
        sums = bond_valence_sums(crystal, find_bonds(crystal))
        assert np.allclose(sums, [charges[int(z)] for z in crystal.numbers], rtol=0.06)


def test_unknown_elements_bond_but_have_no_valence() -> None:
    salt = from_ase(bulk("AuCl", "rocksalt", a=5.2))
    bonds = find_bonds(salt)
    assert set(coordination(salt, bonds)) == {6}
    assert np.isnan(bond_valence_sums(salt, bonds)).all()
    assert [site.valence for site in sites(salt)] == [None, None]


# octahedra and tetrahedra without strain, where the parameters were fitted: within a tenth
@pytest.mark.parametrize(("formula", "name"), [
    ("MgO", "periclase"), ("Al2O3", "corundum"), ("SiO2", "quartz"), ("CaF2", "fluorite"), ("NaCl", "halite"),
    ("ZnO", "zincite"), ("Fe2O3", "hematite"), ("MgAl2O4", "spinel"),
])  # fmt: skip
def test_known_crystals_have_the_valences_of_their_ions(formula, name) -> None:
    [crystal] = [r.crystal for r in references() if (r.formula, r.name) == (formula, name)]
    charges = {number: abs(ion.charge) for number, ion in ions_in(crystal.numbers).items()}
    sums = bond_valence_sums(crystal, find_bonds(crystal))
    assert np.allclose(sums, [charges[int(z)] for z in crystal.numbers], rtol=0.12)


def test_every_bond_of_the_potentials_has_parameters() -> None:
    for potential in map(load_potential, potential_names()):
        for a, b, _ in potential.terms:
            pair = {potential.ions[a], potential.ions[b]}
            if {ion.is_cation for ion in pair} == {True, False}:
                assert frozenset(ion.symbol for ion in pair) in bond_valence_parameters()


def test_polyhedra_of_bixbyite_are_distorted_octahedra(bixbyite: Crystal) -> None:
    shapes = polyhedra(bixbyite, find_bonds(bixbyite))
    assert len(shapes) == np.count_nonzero(bixbyite.numbers == Y)
    assert {(len(shape.vertices), len(shape.faces)) for shape in shapes} == {(6, 8)}
    lengths = [np.linalg.norm(shape.vertices, axis=1) for shape in shapes]
    assert max(np.ptp(d) for d in lengths) > 0.05  # three kinds of bonds around the Y on the twofold axis
    assert min(np.ptp(d) for d in lengths) < 1e-6  # and one around the Y on the centre


def test_polyhedra_are_closed_and_turned_outwards(random_oxide: Crystal) -> None:
    for shape in polyhedra(random_oxide, find_bonds(random_oxide)):
        a, b, c = (shape.vertices[shape.faces[:, k]] for k in range(3))
        area_vectors = np.cross(b - a, c - a)
        assert np.allclose(area_vectors.sum(axis=0), 0.0, atol=1e-9)
        middle = shape.vertices.mean(axis=0)
        assert (np.einsum("fk,fk->f", area_vectors, a - middle) > 0).all()


def test_four_neighbours_in_a_plane_make_no_polyhedron() -> None:
    square = from_ase(
        ase_crystal(["Ti", "O"], [(0, 0, 0), (0.5, 0, 0)], spacegroup=123, cellpar=[3.9, 3.9, 9, 90, 90, 90])
    )
    assert polyhedra(square, find_bonds(square)) == []


def test_picture_of_perovskite_is_the_one_of_the_textbook(perovskite: Crystal) -> None:
    drawn = scene(perovskite)
    shown = perovskite.numbers[drawn.atoms[drawn.places != BEYOND]]
    assert {z: int(np.count_nonzero(shown == z)) for z in (SR, TI, OX)} == {SR: 8, TI: 1, OX: 6}
    assert sum(perovskite.numbers[drawn.atoms[m]] == TI for m, _ in drawn.hulls) == 1


@pytest.mark.parametrize("repeats", [(1, 1, 1), (2, 1, 3)])
def test_every_drawn_cation_of_the_box_is_complete(
    random_oxide: Crystal, repeats: tuple[int, int, int]
) -> None:
    drawn = scene(random_oxide, repeats)
    counts = coordination(random_oxide, find_bonds(random_oxide))
    drawn_counts = np.bincount(drawn.bonds.ravel(), minlength=len(drawn.atoms))
    cation = (random_oxide.numbers[drawn.atoms] != OX) & (drawn.places != BEYOND)
    assert (drawn_counts[cation] == counts[drawn.atoms[cation]]).all()
    assert np.count_nonzero(drawn.places == INSIDE) == random_oxide.n_atoms * np.prod(repeats)


def test_picture_draws_each_place_and_bond_once(bixbyite: Crystal) -> None:
    drawn = scene(bixbyite)
    assert len(np.unique(drawn.positions.round(3), axis=0)) == len(drawn.positions)
    assert len(np.unique(np.sort(drawn.bonds, axis=1), axis=0)) == len(drawn.bonds)
    i, j = drawn.bonds.T
    lengths = np.linalg.norm(drawn.positions[i] - drawn.positions[j], axis=1)
    assert lengths.max() < find_bonds(bixbyite).length.max() + 1e-6


def test_copies_lie_on_far_faces(perovskite: Crystal) -> None:
    drawn = scene(perovskite)
    copies = drawn.positions[drawn.places == ON_BORDER] @ np.linalg.inv(perovskite.cell) + 0.5
    assert np.isclose(copies, 1.0).any(axis=1).all()
