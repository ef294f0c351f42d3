"""Space groups do not depend on how a crystal is written down."""

import numpy as np
import pytest
from ase.build import bulk, make_supercell
from ase.spacegroup import crystal as ase_crystal

from rlcsp_core.crystal.formats import from_ase, to_ase
from rlcsp_core.crystal.symmetry import (
    SpaceGroup,
    lattice_change,
    space_group,
    space_group_by_tolerance,
    symmetry,
)
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal


@pytest.fixture
def perovskite() -> Crystal:
    return from_ase(
        ase_crystal(
            ["Sr", "Ti", "O"],
            [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0)],
            spacegroup=221,
            cellpar=[3.9] * 3 + [90] * 3,
        )
    )


def test_perovskite_is_cubic(perovskite: Crystal) -> None:
    assert space_group(perovskite) == SpaceGroup(221, "Pm-3m")


def test_space_group_is_invariant_to_supercell_origin_and_order(perovskite: Crystal) -> None:
    rng = np.random.default_rng(2)
    big = make_supercell(to_ase(perovskite), [[1, 1, 0], [-1, 1, 0], [0, 0, 2]])
    big.translate(rng.random(3))
    big = big[rng.permutation(len(big))]
    assert space_group(from_ase(big)) == space_group(perovskite)
    assert symmetry(from_ase(big)).primitive.n_atoms == perovskite.n_atoms


def test_a_displacement_breaks_symmetry_below_its_size_only(perovskite: Crystal) -> None:
    moved = perovskite.positions.copy()
    moved[1] += [0.02, 0.013, 0.007]
    found = dict(space_group_by_tolerance(Crystal(perovskite.numbers, moved, perovskite.cell), (0.001, 0.1)))
    assert found[0.1] == SpaceGroup(221, "Pm-3m")
    assert found[0.001] is not None
    assert found[0.001].number < 221


def test_wyckoff_sites_of_perovskite(perovskite: Crystal) -> None:
    sites = {site.symbol: (site.multiplicity, site.letter) for site in symmetry(perovskite).sites}
    assert sites["O"] in {(3, "c"), (3, "d")}
    assert {sites["Sr"][0], sites["Ti"][0]} == {1}


def test_conventional_and_primitive_cells_of_rock_salt() -> None:
    found = symmetry(from_ase(bulk("SrO", "rocksalt", a=5.16)))
    assert (found.conventional.n_atoms, found.primitive.n_atoms) == (8, 2)
    assert found.conventional.volume == pytest.approx(4 * found.primitive.volume)


def test_coinciding_atoms_have_no_space_group() -> None:
    twice = Crystal(np.array([8, 8]), np.zeros((2, 3)), np.eye(3) * 4)
    assert space_group(twice) is None
    with pytest.raises(StructureError, match="tolerance"):
        symmetry(twice)


@pytest.mark.parametrize("strain", [(0.02, 0.02, 0.02), (0.0, 0.0, -0.03)])
@pytest.mark.parametrize("atoms", [bulk("MgO", "rocksalt", a=4.2), bulk("ZnO", "wurtzite", a=3.25, c=5.2)])
def test_edges_change_as_those_of_the_conventional_cell_do(atoms, strain) -> None:
    """Whatever cell describes the crystal, and whatever the strain does to its symmetry."""
    for cell in (atoms, atoms.repeat((2, 1, 1)), make_supercell(atoms, [[1, 1, 0], [0, 1, 0], [0, -1, 1]])):
        strained = cell.copy()
        strained.set_cell(cell.cell @ np.diag(1 + np.array(strain)), scale_atoms=True)
        found = lattice_change(from_ase(cell), from_ase(strained))
        cube = "Mg" in cell.symbols  # any of its edges may lie along z
        assert (sorted(found) if cube else found) == pytest.approx(sorted(strain) if cube else strain)


def test_edges_are_its_own_where_no_symmetry_can_be_found() -> None:
    cell = np.diag([3.0, 4.0, 5.0])
    twice = Crystal(np.array([8, 8]), np.zeros((2, 3)), cell)
    longer = Crystal(twice.numbers, twice.positions, cell * [[1.0], [1.1], [1.0]])
    assert lattice_change(twice, longer) == pytest.approx((0.0, 0.1, 0.0))
