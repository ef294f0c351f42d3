"""Symmetry and occupancies that are stated in an unusual place: understood or refused, never read as something else."""

from __future__ import annotations

import pytest

from rlcsp_core.crystal.formats import parse_crystals
from rlcsp_core.errors import StructureError

CELL = """data_SrO
_cell_length_a {a}
_cell_length_b 5.3
_cell_length_c 5.5
_cell_angle_alpha 90
_cell_angle_beta {beta}
_cell_angle_gamma {gamma}
"""
SITES = """loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
{column}
Sr1 0.1 0.2 0.3 {value}
O1 0.6 0.7 0.4 {value}
"""
SHELX = """TITL SrO
CELL 1 5.16 5.16 5.16 90 90 90
LATT -1
SFAC Sr O
UNIT 1 1
{before}
Sr1 1 0.0 0.0 0.0 11.0
{between}
O1 2 0.5 0.5 {z} 11.0
{after}
END
"""


def cif(symmetry, *, a=5.1, beta=90.0, gamma=90.0, column="_atom_site_thermal_displace_type", value="Uiso"):
    text = (
        CELL.format(a=a, beta=beta, gamma=gamma) + symmetry + "\n" + SITES.format(column=column, value=value)
    )
    return parse_crystals("some.cif", text.encode())[0]


def shelx(tmp_path, *, before="", between="", after="", z="0.5"):
    from rlcsp_core.crystal.formats import read_crystals

    path = tmp_path / "some.res"
    path.write_text(SHELX.format(before=before, between=between, after=after, z=z))
    return read_crystals(path)[0]


def code(name, axes):
    return f"_symmetry_space_group_name_H-M '{name}'\n_space_group_IT_coordinate_system_code {axes}"


def test_a_code_of_axes_that_contradicts_the_name_is_refused():
    assert cif(code("P 21/c", "b1"), beta=99.0).n_atoms == 8
    with pytest.raises(StructureError, match="contradicts the space group 'P 21/c'"):
        cif(code("P 21/c", "b2"), beta=99.0)


def test_a_code_of_axes_decides_for_a_number():
    by_code = cif("_symmetry_Int_Tables_number 14\n_space_group_IT_coordinate_system_code b2", beta=99.0)
    by_name = cif("_symmetry_space_group_name_H-M 'P 1 21/n 1'", beta=99.0)
    assert by_code.positions == pytest.approx(by_name.positions)


def test_the_angle_that_is_not_right_tells_the_unique_axis():
    """β = 90° exactly and γ = 90.2°: the axis is c, though b would fit within the tolerance."""
    short = cif("_symmetry_space_group_name_H-M 'P 21/m'", gamma=90.2)
    full = cif("_symmetry_space_group_name_H-M 'P 1 1 21/m'", gamma=90.2)
    assert short.positions == pytest.approx(full.positions)


@pytest.mark.parametrize(
    "item",
    [
        "_space_group_name_H-M_ref 'F m -3 m'",
        "_space_group_name_H-M 'F m -3 m'",
        "_symmetry_space_group_name_H-M_ 'F m -3 m'",
        "_space_group_crystal_system cubic",
        "_symmetry_cell_setting orthorhombic",
        "_parent_space_group.IT_number 225",
        "_space_group_ssg_name 'Pnma(0b0)000'",
    ],
)
def test_symmetry_that_is_hinted_at_is_refused(item):
    with pytest.raises(StructureError, match="does not tell the operators"):
        cif(item)


@pytest.mark.parametrize("item", ["_space_group_crystal_system triclinic", "_space_group_name_H-M_ref 'P 1'"])
def test_no_symmetry_may_be_hinted_at(item):
    assert cif(item).n_atoms == 2


def test_an_occupancy_under_another_name_is_one():
    assert cif("", column="_atom_site_occupation", value="1.0").n_atoms == 2
    with pytest.raises(StructureError, match="not every site holds one atom"):
        cif("", column="_atom_site_occupation", value="0.5")


def test_alternative_positions_of_shelx_are_refused(tmp_path):
    assert shelx(tmp_path, between="PART 0").n_atoms == 2
    with pytest.raises(StructureError, match="alternative positions"):
        shelx(tmp_path, between="PART 2 0.5")


def test_a_free_variable_of_shelx_is_refused(tmp_path):
    with pytest.raises(StructureError, match="free variable"):
        shelx(tmp_path, before="FVAR 1.0 0.5", z="20.5")


def test_a_fragment_of_shelx_holds_no_atoms_of_the_crystal(tmp_path):
    fragment = "FRAG 17 1 1 1 90 90 90\nO9 2 0.1 0.2 0.3\nFEND"
    assert shelx(tmp_path, before=fragment).n_atoms == 2


def test_operators_of_pdb_for_atoms_not_listed_are_refused(tmp_path):
    from rlcsp_core.crystal.formats import read_crystals

    lines = [
        "CRYST1    5.160    5.160    5.160  90.00  90.00  90.00 P 1           1",
        *(
            f"MTRIX{i}   2 {' '.join(f'{float(j == i):9.6f}' for j in (1, 2, 3))}        2.58000"
            for i in (1, 2, 3)
        ),
        "HETATM    1 SR    SR A   1       0.000   0.000   0.000  1.00  0.00          SR",
        "HETATM    2  O     O A   2       2.580   2.580   2.580  1.00  0.00           O",
        "END",
    ]
    path = tmp_path / "some.pdb"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(StructureError, match="MTRIX"):
        read_crystals(path)


def test_an_occupancy_of_extended_xyz_may_have_any_name():
    frame = '2\nLattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:site_occ:R:1\nSr 0 0 0 {0}\nO 2 2 2 {0}\n'
    assert parse_crystals("some.xyz", frame.format("1.0").encode())[0].n_atoms == 2
    with pytest.raises(StructureError, match="occupied"):
        parse_crystals("some.xyz", frame.format("0.5").encode())
