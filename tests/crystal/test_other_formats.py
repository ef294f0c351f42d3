"""SHELX, PDB, XYZ, POSCAR and what ASE reads: symmetry is applied or refused, disorder refused, frames stand alone."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from rlcsp_core.crystal.formats import FORMATS, from_ase, parse_structures, read_crystals, read_structures
from rlcsp_core.crystal.symmetry import space_group
from rlcsp_core.errors import StructureError

ROCK_SALT = bulk("SrO", "rocksalt", a=5.16, cubic=True)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


RUTILE = """TITL rutile in P42/mnm
CELL 0.71 4.594 4.594 2.958 90 90 90
ZERR 2 0.001 0.001 0.001 0 0 0
LATT 1
SYMM -X, -Y, Z
SYMM 0.5-Y, 0.5+X, 0.5+Z
SYMM 0.5+Y, 0.5-X, 0.5+Z
SYMM 0.5-X, 0.5+Y, 0.5-Z
SYMM 0.5+X, 0.5-Y, 0.5-Z
SYMM Y, X, -Z
SYMM -Y, -X, -Z
SFAC Ti O
UNIT 2 4
  a line of comment
FVAR 0.5
Ti1 1 0.000000 0.000000 0.000000 {titanium} 0.00532 =
      0.00532 0.00300 0.00000 0.00000 0.00010
O1 2 0.305000 0.305000 10.000000 {oxygen} 0.005
HKLF 4
Q1 1 0.1 0.1 0.1 11.0 0.05 0.5
END
"""


@pytest.mark.parametrize(("titanium", "oxygen"), [("10.12500", "10.25000"), ("0.125", "0.25"), ("11", "1.0")])
def test_shelx_occupancies_count_the_site_symmetry(tmp_path: Path, titanium: str, oxygen: str) -> None:
    [crystal] = read_crystals(written(tmp_path, "a.res", RUTILE.format(titanium=titanium, oxygen=oxygen)))
    assert crystal.n_atoms == 6
    assert space_group(crystal).number == 136


@pytest.mark.parametrize(
    ("titanium", "oxygen", "reason"),
    [
        ("10.0625", "10.25", "only partly occupied"),
        ("10.125", "10.2", "only partly occupied"),
        ("10.125", "21.25", "refers to a free variable"),
    ],
)
def test_shelx_disorder_is_refused(tmp_path: Path, titanium: str, oxygen: str, reason: str) -> None:
    with pytest.raises(StructureError, match=reason):
        read_crystals(written(tmp_path, "a.res", RUTILE.format(titanium=titanium, oxygen=oxygen)))


BAD_RES = {
    "no LATT": (RUTILE.replace("LATT 1", ""), "LATT"),
    "no operator": (RUTILE.replace("SYMM Y, X, -Z", "SYMM Y, X"), "cannot be applied"),
    "an operator less": (RUTILE.replace("SYMM Y, X, -Z\n", ""), "not complete"),
    "no cell": (RUTILE.replace("CELL", "REM CELL"), "no cell"),
    "no element": (RUTILE.replace("SFAC Ti O", "SFAC Ti"), "line of 'O1'"),
    "a word": (RUTILE.replace("0.305000", "O.305"), "cannot be read as a number"),
}


@pytest.mark.parametrize("case", BAD_RES)
def test_damaged_shelx_files(tmp_path: Path, case: str) -> None:
    text, words = BAD_RES[case]
    with pytest.raises(StructureError, match=words):
        read_crystals(written(tmp_path, "a.res", text.format(titanium="10.125", oxygen="10.25")))


def test_several_shelx_files_in_one(tmp_path: Path) -> None:
    good, bad = (RUTILE.format(titanium=t, oxygen="0.25") for t in ("0.125", "0.5"))
    entries = read_structures(written(tmp_path, "a.res", good + bad + good))
    assert [entry.problem is None for entry in entries] == [True, False, True]


PDB = """CRYST1    5.160    5.160    5.160  90.00  90.00  90.00 {group:<11s}   4
{first}ATOM      1 SR    SR A   1       0.000   0.000   0.000  1.00  0.00          SR
ATOM      2 O      O A   2       2.580   2.580   2.580  {occupancy}  0.00           O
{last}END
"""


@pytest.mark.parametrize(
    ("group", "occupancy", "atoms"),
    [("P 1", "1.00", 2), ("F m -3 m", "1.00", 8), ("F 2 3", "1.00", 8), ("", "1.00", 2)],
)
def test_pdb_symmetry_is_applied(tmp_path: Path, group: str, occupancy: str, atoms: int) -> None:
    text = PDB.format(group=group, occupancy=occupancy, first="", last="")
    [crystal] = read_crystals(written(tmp_path, "a.pdb", text))
    assert crystal.n_atoms == atoms


@pytest.mark.parametrize(
    ("group", "occupancy", "words"),
    [
        ("P 1", "0.50", "only partly occupied"),
        ("P 63/m m c", "1.00", "cell does not have"),
        ("F d -3 m", "1.00", "several settings"),
    ],
)
def test_pdb_disorder_and_doubt_are_refused(tmp_path: Path, group: str, occupancy: str, words: str) -> None:
    text = PDB.format(group=group, occupancy=occupancy, first="", last="")
    with pytest.raises(StructureError, match=words):
        read_crystals(written(tmp_path, "a.pdb", text))


def test_pdb_models_are_frames(tmp_path: Path) -> None:
    text = PDB.format(group="P 1", occupancy="1.00", first="MODEL        1\n", last="ENDMDL\n")
    model = text[text.index("MODEL") : text.index("END\n")]
    path = written(
        tmp_path, "a.pdb", text.replace("END\n", "") + model.replace("2  O", "2  O").replace("1.00", "0.30")
    )
    assert [entry.problem is None for entry in read_structures(path)] == [True, False]


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
@pytest.mark.parametrize("name", ["a.cif", "a.xyz", "POSCAR"])
def test_compressed_files(tmp_path: Path, suffix: str, compress, name: str) -> None:
    form = {"a.cif": "cif", "a.xyz": "extxyz", "POSCAR": "poscar"}[name]
    content = compress(FORMATS[form].write(from_ase(ROCK_SALT)).encode())
    path = tmp_path / (name + suffix)
    path.write_bytes(content)
    assert read_crystals(path)[0].n_atoms == 8
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(StructureError):
        read_crystals(path)


@pytest.mark.parametrize(("occupancy", "words"), [(1.0, "None"), (0.5, "only partly occupied")])
def test_occupancies_beside_atoms_are_seen(tmp_path: Path, occupancy: float, words: str) -> None:
    """A column of extended XYZ, or what ASE notes from CIF."""
    for name in ("occupancy", "occupancies", "Occ"):
        atoms = ROCK_SALT.copy()
        atoms.set_array(name, np.array([occupancy] + [1.0] * 7))
        atoms.write(tmp_path / "a.xyz")
        assert words in str(read_structures(tmp_path / "a.xyz")[0].problem)
    atoms = ROCK_SALT.copy()
    atoms.info["occupancy"] = {"0": {"Sr": occupancy}}
    atoms.write(tmp_path / "a.traj")
    assert words in str(read_structures(tmp_path / "a.traj")[0].problem)


CASTEP = """%BLOCK LATTICE_CART
4.0 0 0
0 4.0 0
0 0 4.0
%ENDBLOCK LATTICE_CART
%BLOCK POSITIONS_FRAC
Sr 0 0 0 {mixture}
O 0.5 0.5 0.5
%ENDBLOCK POSITIONS_FRAC
"""
CAR = """!BIOSYM archive 3
PBC=ON
title
!DATE
PBC    5.1600    5.1600    5.1600   90.0000   90.0000   90.0000 ({group})
Sr1      0.000000000    0.000000000    0.000000000 XXXX 1      xx      Sr  0.000
O1       2.580000000    2.580000000    2.580000000 XXXX 1      xx      O   0.000
end
end
"""


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.cell", CASTEP.format(mixture=""), None),
        ("a.cell", CASTEP.format(mixture="MIXTURE:( 1 0.5)"), "symmetry or mixed sites"),
        ("a.car", CAR.format(group="P1"), None),
        ("a.car", CAR.format(group="FM-3M"), "symmetry or mixed sites"),
    ],
)
def test_mixtures_and_symmetry_that_ase_passes_over(
    tmp_path: Path, name: str, text: str, words: str | None
) -> None:
    path = written(tmp_path, name, text)
    if words is None:
        assert read_crystals(path)[0].n_atoms == 2
    else:
        with pytest.raises(StructureError, match=words):
            read_crystals(path)


def xyz(*frames: str) -> bytes:
    return "\n".join(frames).encode()


GOOD = '2\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3\nSr 0 0 0\nO 2 2 2'
BAD_FRAMES = {
    "too many said": GOOD.replace("2\n", "3\n", 1),
    "too few said": GOOD.replace("2\n", "1\n", 1),
    "no lattice": "1\nwater\nO 0 0 0",
    "word": GOOD.replace("2 2 2", "2 two 2"),
    "no such element": GOOD.replace("Sr", "Xq"),
    "prose": "here begins the third run",
    "no number": GOOD.removeprefix("2\n"),
}


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_a_bad_frame_stops_only_itself(case: str) -> None:
    entries = parse_structures("a.xyz", xyz(GOOD, BAD_FRAMES[case], "", GOOD, ""))
    assert [entry.number for entry in entries if entry.crystal is not None] in ([1, 3], [1, 4])
    assert all(entry.crystal is None or entry.crystal.n_atoms == 2 for entry in entries)


def test_cell_vectors_below_the_atoms() -> None:
    text = "2\n\nSr 0 0 0\nO 2 2 2\nVEC1 4 0 0\nVEC2 0 4 0\nVEC3 0 0 4\n"
    [entry] = parse_structures("a.xyz", text.encode())
    assert entry.crystal is not None
    assert entry.crystal.volume == pytest.approx(64)


def test_a_poscar_says_how_many_atoms_it_has() -> None:
    text = FORMATS["poscar"].write(from_ase(ROCK_SALT))
    lines = text.rstrip().split("\n")
    assert parse_structures("POSCAR", "\n".join([*lines, "", "0 0 0"]).encode())[0].problem is None
    assert "more lines" in str(
        parse_structures("POSCAR", "\n".join([*lines, "0.1 0.2 0.3"]).encode())[0].problem
    )
    assert parse_structures("POSCAR", "\n".join(lines[:-1]).encode())[0].problem
    nameless = [line for i, line in enumerate(["comment", *lines[1:]]) if i != 5]
    assert "elements are not named" in str(
        parse_structures("POSCAR", "\n".join(nameless).encode())[0].problem
    )


@pytest.mark.parametrize(
    ("name", "form"),
    [("POSCAR_1.cif", "cif"), ("x_CONTCAR", "poscar"), ("POSCAR.txt", "poscar"), ("a.CIF", "cif")],
)
def test_an_upload_has_the_format_of_the_file(tmp_path: Path, name: str, form: str) -> None:
    text = FORMATS[form].write(from_ase(ROCK_SALT))
    for entries in (parse_structures(name, text.encode()), read_structures(written(tmp_path, name, text))):
        assert entries[0].problem is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", FORMATS)
def test_encodings_and_ends_of_lines(form: str, encoding: str, end: str) -> None:
    text = FORMATS[form].write(from_ase(ROCK_SALT))
    if form == "cif":
        text = "# Prüfung\n" + text + "_publ_author_name 'Müller'\n"
    content = text.replace("\n", end).encode(encoding)
    [entry] = parse_structures("a" + FORMATS[form].suffix, content)
    assert entry.crystal is not None
    assert entry.crystal.n_atoms == 8


def test_slabs_are_refused_in_any_format(tmp_path: Path) -> None:
    Atoms("SrO", [[0, 0, 0], [2, 2, 2]], cell=[4, 4, 20], pbc=[True, True, False]).write(tmp_path / "a.traj")
    assert "not periodic" in str(read_structures(tmp_path / "a.traj")[0].problem)
