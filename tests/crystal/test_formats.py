"""Files to crystals and back: nothing is lost, and what cannot be used is refused with a sentence."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from rlcsp_core.crystal.formats import FORMATS, from_ase, parse_crystals, read_crystals, to_ase
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal


@pytest.fixture
def skewed() -> Crystal:
    """Six atoms in a triclinic cell, one of them outside it."""
    rng = np.random.default_rng(1)
    cell = np.array([[5.0, 0.0, 0.0], [1.0, 6.0, 0.0], [-0.5, 1.5, 7.0]])
    fractional = rng.random((6, 3))
    fractional[0] += 1.0
    return Crystal(np.array([39, 39, 8, 8, 8, 22]), fractional @ cell, cell)


def _distances(crystal: Crystal) -> np.ndarray:
    """All periodic distances of atoms ordered by element: free of cell orientation and origin."""
    atoms = to_ase(crystal)
    atoms = atoms[np.argsort(atoms.numbers, kind="stable")]
    return atoms.get_all_distances(mic=True)


def test_ase_round_trip_is_exact(skewed: Crystal) -> None:
    back = from_ase(to_ase(skewed))
    assert np.array_equal(back.numbers, skewed.numbers)
    assert np.array_equal(back.positions, skewed.positions)
    assert np.array_equal(back.cell, skewed.cell)


@pytest.mark.parametrize("name", FORMATS)
def test_written_files_hold_the_same_crystal(name: str, skewed: Crystal) -> None:
    text = FORMATS[name].write(skewed)
    [back] = parse_crystals("file" + FORMATS[name].suffix, text.encode())
    assert back.volume == pytest.approx(skewed.volume, rel=1e-5)
    assert np.allclose(_distances(back), _distances(skewed), atol=1e-3)


def test_every_frame_is_read(tmp_path) -> None:
    frames = [bulk("SrO", "rocksalt", a=5.0 + 0.1 * i) for i in range(3)]
    path = tmp_path / "three.extxyz"
    path.write_text("".join(FORMATS["extxyz"].write(from_ase(frame)) for frame in frames))
    assert [crystal.volume for crystal in read_crystals(path)] == pytest.approx(
        [f.get_volume() for f in frames]
    )


def _not_finite() -> Atoms:
    atoms = bulk("SrO", "rocksalt", a=5.1)
    atoms.positions[0, 0] = np.nan
    return atoms


REFUSED = {
    "no cell": (molecule("H2O"), "no cell"),
    "slab": (Atoms("Sr", cell=[4, 4, 20], pbc=[True, True, False]), "not periodic"),
    "flat": (Atoms("Sr", cell=[[4, 0, 0], [0, 4, 0], [4, 4, 0]], pbc=True), "no volume"),
    "empty": (Atoms(cell=[4, 4, 4], pbc=True), "no atoms"),
    "dummy": (Atoms("X", cell=[4, 4, 4], pbc=True), "dummy"),
    "not finite": (_not_finite(), "finite"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_crystal_is_refused(case: str) -> None:
    atoms, words = REFUSED[case]
    with pytest.raises(StructureError, match=words):
        from_ase(atoms)


CIF = """data_test
_cell_length_a 5.0
_cell_length_b 5.0
_cell_length_c 5.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
{label} Sr 0 0 0 {occupancy}
O1 O 0.5 0.5 0.5 1.0
"""


def test_partial_occupancy_is_refused() -> None:
    with pytest.raises(StructureError, match="partly occupied"):
        parse_crystals("a.cif", CIF.format(label="Sr1", occupancy=0.5).encode())


def test_labels_do_not_survive() -> None:
    text = CIF.format(label="<script>alert(1)</script>", occupancy=1.0)
    [crystal] = parse_crystals("a.cif", text.encode())
    assert list(crystal.numbers) == [38, 8]
    assert all("<" not in FORMATS[name].write(crystal) for name in FORMATS)


BAD_UPLOADS = {
    "prose.cif": (b"this is not a structure", "structure"),
    "empty.cif": (b"", "structure"),
    "prose.xyz": (b"<script>alert(1)</script>", "cannot be read"),
    "POSCAR": (b"\x89PNG\x00\xff", "not text"),
    "photo.png": (b"abc", "ending"),
    "molecule.xyz": (b"1\nwater\nO 0 0 0\n", "no cell"),
}


@pytest.mark.parametrize("name", BAD_UPLOADS)
def test_bad_uploads_get_a_sentence_without_markup(name: str) -> None:
    content, words = BAD_UPLOADS[name]
    with pytest.raises(StructureError, match=words) as caught:
        parse_crystals(name, content)
    assert "<" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".cif", ".extxyz"])
def test_too_many_atoms_are_refused(suffix: str, skewed: Crystal) -> None:
    [written] = [f.write(skewed) for f in FORMATS.values() if f.suffix == suffix]
    with pytest.raises(StructureError, match="more than 5"):
        parse_crystals("a" + suffix, written.encode(), max_atoms=5)


def test_a_file_is_named_in_the_complaint(tmp_path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing here")
    with pytest.raises(StructureError, match=r"notes\.txt"):
        read_crystals(path)
    with pytest.raises(StructureError, match="no such file"):
        read_crystals(tmp_path / "missing.cif")
