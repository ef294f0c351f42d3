"""Files that are no structures, or not such as can be used: each gets a sentence, nothing runs, nothing is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.io import write
from dashboard import Dashboard, Watched
from playwright.sync_api import expect
from settled import wait_until_settled

from rlcsp_core.store import open_store

HALF = """data_x
_cell_length_a 5.1
_cell_length_b 5.1
_cell_length_c 5.1
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Sr1 Sr 0 0 0 0.5
O1 O 0.5 0.5 0.5 1
"""


def no_structure(path: Path) -> None:
    path.write_text("Dear editor,\n\nplease find enclosed <script>alert(1)</script>\n")


def no_cell(path: Path) -> None:
    write(path, molecule("H2O"), format="extxyz")


def too_large(path: Path) -> None:
    path.write_bytes(b"# " + b"x" * (5 * 1024**2 + 1))


def too_many_atoms(path: Path) -> None:
    write(path, bulk("MgO", "rocksalt", a=4.2, cubic=True).repeat((4, 4, 4)), format="cif")  # 512


def no_potential(path: Path) -> None:
    write(path, bulk("AuCl", "rocksalt", a=5.6), format="cif")


def half_occupied(path: Path) -> None:
    path.write_text(HALF)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def charged(path: Path) -> None:
    """One kind of ion, which has nothing to bond to."""
    write(path, Atoms("O", cell=[4, 4, 4], pbc=True), format="cif")


def metal(path: Path) -> None:
    write(path, bulk("Na", "bcc", a=4.2), format="cif")


def flat(path: Path) -> None:
    write(path, Atoms("SrO", positions=[[0, 0, 0], [2, 2, 0]], cell=[4, 4, 0.1], pbc=True), format="extxyz")


IN_PAGE = "stAlert"
FILES = {  # how it is made, where the answer stands, and what it says
    "letter.cif": (no_structure, IN_PAGE, "cannot be read as a crystal structure"),
    "empty.cif": (empty, IN_PAGE, "holds no structure"),
    "water.xyz": (no_cell, IN_PAGE, "has no cell"),
    "large.cif": (too_large, "stFileUploader", "must be 5.0MB or smaller"),
    "many.cif": (too_many_atoms, IN_PAGE, "lists 512 sites, more than 400"),
    "gold.cif": (no_potential, IN_PAGE, "no ion of Au"),
    "half.cif": (half_occupied, IN_PAGE, "only partly occupied"),
    "oxygen.cif": (charged, IN_PAGE, "carries a charge of -2 e"),
    "sodium.cif": (metal, IN_PAGE, "is not charge neutral"),
    "flat.xyz": (flat, IN_PAGE, "volume of 1.6"),
}


@pytest.mark.long
def test_a_file_that_cannot_be_used_gets_a_sentence(
    watched: Watched, dashboard: Dashboard, tmp_path: Path
) -> None:
    before = len(runs_stored(dashboard))
    dialogs: list[str] = []
    watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for name, (make, place, words) in FILES.items():
        make(tmp_path / name)
        page = watched.open("Structures?from=file")
        page.locator("input[type=file]").set_input_files(tmp_path / name)
        expect(page.get_by_test_id(place).filter(has_text=words).first).to_be_visible()
        wait_until_settled(page)
        expect(page.get_by_text("has encountered an error")).to_have_count(0)
    assert dialogs == []
    assert len(runs_stored(dashboard)) == before


def runs_stored(dashboard: Dashboard) -> list[str]:
    store = open_store(str(dashboard.database))
    ids = [run.id for run in store.runs()]
    store.close()
    return ids
