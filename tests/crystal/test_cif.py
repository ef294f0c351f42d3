"""CIF in detail: symbols and labels, images of one site, what contradicts the atoms, and exports that read back."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from pymatgen.io.cif import CifParser

from rlcsp_core.crystal.formats import FORMATS, SYMMETRIC_FORMATS, parse_crystals, parse_structures
from rlcsp_core.crystal.formats.cif import element_of_label, element_of_type
from rlcsp_core.crystal.identity import Reference, distance_between, references
from rlcsp_core.crystal.symmetry import space_group, symmetry
from rlcsp_core.energy import evaluate
from rlcsp_core.energy.choice import potential_for
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal

CELL = "\n".join(
    [
        "data_x",
        *(f"_cell_length_{n} {{a}}" for n in "abc"),
        *(f"_cell_angle_{n} 90" for n in ("alpha", "beta", "gamma")),
    ]
)
SITES = "\nloop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"


def cif(*sites: str, symmetry: str = "", a: float = 5.16) -> bytes:
    return (CELL.format(a=a) + "\n" + symmetry + SITES + "\n".join(sites)).encode()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Sr", 38),
        ("SR+2", 38),
        ("sr2+", 38),
        ("O2-", 8),
        ("O1", 8),
        ("Ti4+", 22),
        ("Y3+", 39),
        ("Fe2.5+", 26),
    ],
)
def test_types(text: str, number: int) -> None:
    assert element_of_type(text) == number


@pytest.mark.parametrize("text", ["Sr0.5Y0.5", "Sr/Y", "Sr,Y", "M", "OH", "Sr0.5", "SrY", "", "Wat"])
def test_types_that_are_not_one_element(text: str) -> None:
    with pytest.raises(StructureError, match="not that of one element"):
        element_of_type(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Sr1", 38),
        ("SR1", 38),
        ("sr", 38),
        ("O1A", 8),
        ("OB1", 8),
        ("Y2_1", 39),
        ("TI2", 22),
        ("O1'", 8),
        ("Ow1", 8),
    ],
)
def test_labels(text: str, number: int) -> None:
    assert element_of_label(text) == number


@pytest.mark.parametrize(
    "text",
    ["Sr/Y", "SrY1", "YSr1", "Sr0.5Y0.5", "Sr,Y", "Sr1/Y1", "Ti1Sr1", "Sr1Y1", "M1", "X", "1", "", "OTi"],
)
def test_labels_that_are_not_of_one_element(text: str) -> None:
    with pytest.raises(StructureError, match="not that of one element"):
        element_of_label(text)


MIRROR = "_space_group_name_H-M_alt 'P m m m'"


@pytest.mark.parametrize(("x", "atoms"), [(0.0, 1), (0.02, 1), (0.06, 2), (0.25, 2), (0.49, 1)])
def test_images_within_some_tenths_of_an_angstrom_are_one_atom(x: float, atoms: int) -> None:
    """At 0.06 × 5.16 Å from a mirror plane the two images are 0.6 Å apart: not one atom, and for others to judge."""
    [crystal] = parse_crystals("a.cif", cif(f"O1 {x} 0 0", symmetry=MIRROR))
    assert crystal.n_atoms == atoms
    if atoms == 1:
        assert crystal.positions[0, 0] == pytest.approx(round(2 * x) / 2 * 5.16, abs=1e-12)


def test_atoms_of_ordinary_structures_are_never_merged() -> None:
    """Random atoms, the nearest a third of a bond apart."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        sites: list[np.ndarray] = []
        while len(sites) < 30:
            site = rng.random(3)
            if all(np.linalg.norm(((site - s + 0.5) % 1 - 0.5) * 5.16) > 0.7 for s in sites):
                sites.append(site)
        rows = [f"O{i} " + " ".join(f"{x:.4f}" for x in site) for i, site in enumerate(sites)]
        assert parse_crystals("a.cif", cif(*rows))[0].n_atoms == 30


@pytest.mark.parametrize(
    ("said", "agrees"),
    [
        ("_chemical_formula_sum 'O Sr'\n_cell_formula_units_Z 4", True),
        ("_chemical_formula_sum 'SrO'", True),
        ("_chemical_formula_sum 'Sr2 O2'\n_cell_formula_units_Z 2", True),
        ("_cell_formula_units_Z 4", True),
        ("_chemical_formula_sum ?", True),
        ("_chemical_formula_sum 'some glass'", True),
        ("_chemical_formula_sum 'O Sr'\n_cell_formula_units_Z 8", False),
        ("_chemical_formula_sum 'O3 Sr Ti'", False),
        ("_chemical_formula_sum 'O1.98 Sr2'", False),
        ("_cell_formula_units_Z 3", False),
    ],
)
def test_a_formula_that_is_not_that_of_the_atoms_is_said(said: str, agrees: bool) -> None:
    content = cif("Sr1 0 0 0", "O1 .5 .5 .5", symmetry=f"_space_group_IT_number 225\n{said}")
    [entry] = parse_structures("a.cif", content)
    assert entry.crystal is not None
    assert (entry.note is None) == agrees
    assert agrees or "O4 Sr4 in the cell" in str(entry.note)


def test_items_of_newer_dictionaries() -> None:
    content = cif("Sr1 0 0 0", "O1 .5 .5 .5", symmetry="_space_group_IT_number 225").decode()
    newer = content.replace("_atom_site_", "_atom_site.").replace("_cell_", "_cell.").replace("_IT", ".IT_")
    newer = newer.replace("_space_group.IT__", "_space_group.IT_")
    assert parse_crystals("a.cif", newer.encode())[0].n_atoms == 8


def test_text_fields_may_hold_anything() -> None:
    content = "data_a\n_publ_section_comment\n;\ndata_not_a_block\nloop_\n;\n" + cif("O1 0 0 0").decode()
    assert len(parse_structures("a.cif", content.encode())) == 1


def test_a_text_that_is_never_closed_damages_its_own_block_only() -> None:
    good = cif("O1 0 0 0").decode()
    first, second, third = parse_structures("a.cif", f"{good}\n{good}\n_note\n;\nno end\n{good}".encode())
    assert [entry.problem is None for entry in (first, second, third)] == [True, False, True]


@pytest.mark.parametrize(("old", "new"), [("_atom_site_fract_z", "_atom_site_fract_w"), ("0 0 0", "? ? ?")])
def test_sites_without_all_coordinates(old: str, new: str) -> None:
    [entry] = parse_structures("a.cif", cif("O1 0 0 0").replace(old.encode(), new.encode()))
    assert "coordinate" in str(entry.problem) or "fract_z" in str(entry.problem)


@pytest.mark.parametrize("angle", ["0", "180", "360", "-90", "170", "1e9"])
def test_cells_that_cannot_be(angle: str) -> None:
    content = cif("O1 0 0 0").replace(b"_cell_angle_gamma 90", f"_cell_angle_gamma {angle}".encode())
    content = content.replace(b"_cell_angle_alpha 90", b"_cell_angle_alpha 30")
    assert "does not exist" in str(parse_structures("a.cif", content)[0].problem)


def test_magnetic_symmetry_is_refused() -> None:
    operators = "loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\n-x,-y,-z,+1"
    [entry] = parse_structures("a.cif", cif("O1 .1 0 0", symmetry=operators))
    assert "magnetic" in str(entry.problem)


def test_signs_that_are_not_ascii() -> None:
    content = (
        "# Prüfung\n"
        + cif("Sr1 −.5\N{NO-BREAK SPACE}0 0", "O1 0 0 0").decode()
        + "\n_publ_author_name 'Müller'"
    )
    for encoding in ("utf-8", "utf-16"):
        assert parse_crystals("a.cif", content.encode(encoding))[0].positions[0, 0] == pytest.approx(2.58)


def test_what_stands_outside_of_a_block_is_named() -> None:
    whole = cif("O1 0 0 0").decode()
    first, second = parse_structures("a.cif", (whole.removeprefix("data_x") + "\n" + whole).encode())
    assert "line 2" in str(first.problem)
    assert second.crystal is not None


def pymatgen_reads(text: str) -> Crystal:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        [structure] = CifParser.from_str(text).parse_structures(primitive=False)
    return Crystal(np.array(structure.atomic_numbers), structure.cart_coords, structure.lattice.matrix)


@pytest.mark.slow
@pytest.mark.parametrize("phase", references(), ids=lambda phase: f"{phase.formula}-{phase.name}")
def test_symmetric_exports_hold_distinct_sites_and_read_back(phase: Reference) -> None:
    found = symmetry(phase.crystal)
    text = SYMMETRIC_FORMATS["cif"].write(found.conventional)
    assert text.startswith(f"data_{phase.formula}_{found.group.symbol.replace('_', '')}\n")
    assert f"_space_group_IT_number  {found.group.number}\n" in text
    assert len(re.findall(r"^[A-Z][a-z]?\d+ ", text, re.MULTILINE)) == len(found.sites)
    assert not re.search(r"\d\.\d{7}", text)
    potential = potential_for(phase.crystal.numbers)
    energy = evaluate(found.conventional, potential).energy
    without = re.sub(
        r"loop_\n_space_group_symop_operation_xyz\n('.*'\n)*", "", text
    )  # by name and Hall symbol
    for back in (
        *parse_crystals("a.cif", text.encode()),
        *parse_crystals("a.cif", without.encode()),
        pymatgen_reads(text),
    ):
        assert back.n_atoms == found.conventional.n_atoms
        assert space_group(back) == found.group
        assert evaluate(back, potential).energy == pytest.approx(energy, abs=1e-5 * back.n_atoms)


def test_exports_without_symmetry_say_so() -> None:
    rng = np.random.default_rng(1)
    crystal = Crystal(
        np.array([38, 22, 8, 8, 8]), rng.random((5, 3)) * 4, np.diag([3.9, 4.1, 4.3]) + rng.random((3, 3)) / 3
    )
    text = FORMATS["cif"].write(crystal)
    assert text.startswith("data_SrTiO3\n")
    assert "'P 1'" in text
    assert not re.search(r"\d\.\d{7}", text)
    for back in (*parse_crystals("a.cif", text.encode()), pymatgen_reads(text)):
        assert distance_between(back, crystal) == pytest.approx(0, abs=1e-5)
