"""The page Structures without a browser: findings are listed and opened by address, bad input is a sentence."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from ase.build import bulk, molecule
from streamlit.testing.v1 import AppTest

from pages.common.catalogue import Found, compare, load, lowest
from pages.common.crystals import pattern_of
from pages.components.crystal_view import supercell
from pages.structures import choosing, distinct
from pages.structures.ancestry import part_words
from pages.structures.details import PARTS
from pages.structures.downloads import page_to_keep
from pages.structures.item import Item
from pages.structures.powder import OTHER_WAVELENGTH, scaled
from rlcsp_core.analysis.diffraction import profile, similarity
from rlcsp_core.analysis.distinct import DistinctStructures
from rlcsp_core.analysis.lineage import Ancestor, Folded
from rlcsp_core.crystal.formats import FORMATS, from_ase
from rlcsp_core.crystal.identity import references
from rlcsp_core.execution import Halt, execute
from rlcsp_core.plots.crystal_page import crystal_page, json_in_script
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import Source, open_store
from tests.patience import STARTING

pytestmark = pytest.mark.slow

PAGE = "pages/structures/page.py"
APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small search that really ran."""
    path = tmp_path_factory.mktemp("structures") / "runs.sqlite"
    store = open_store(str(path))
    config = SearchConfig(composition="Y2O3", seed=3, steps=15, max_atoms=15, population=6)
    execute(store, store.create_claimed(config.as_dict(), name="small"), Halt())
    store.close()
    return path


@pytest.fixture
def page(database: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(database))
    return AppTest.from_file(str(APP), default_timeout=STARTING).run().switch_page(PAGE)


def sentences(page: AppTest) -> str:
    return " ".join(str(each.value) for each in [*page.error, *page.info, *page.success])


def test_the_lowest_structure_is_shown_first(page: AppTest, database: Path) -> None:
    page.run()
    assert not page.exception
    best = open_store(str(database)).runs()[0].best_energy
    assert best is not None
    assert f"{best:.5f}".replace("-", "−") in [metric.value for metric in page.metric]


def test_atoms_and_lattice_are_those_of_the_cell_in_the_picture(page: AppTest) -> None:
    page.query_params["from"] = "phases"
    page.run()
    page.selectbox(key="url-reference").set_value("Y2O3 bixbyite").run()
    atoms, words = {}, {}
    for view in ("Structure", "Conventional", "Primitive"):
        page.session_state["view"] = view
        page.run()
        assert not page.exception
        atoms[view] = next(each.value for each in page.metric if each.label == "Atoms in the cell")
        words[view] = next(each.value for each in page.markdown if "*a* =" in each.value)
    assert (atoms["Conventional"], atoms["Primitive"]) == ("80", "40")
    assert words["Structure"].startswith("Cell as found: ")
    assert words["Conventional"].startswith("Conventional cell: ")
    assert words["Primitive"].startswith("Primitive cell: ")
    assert len({words["Conventional"].split(":")[1], words["Primitive"].split(":")[1]}) == 2


def test_every_stored_structure_has_an_address(page: AppTest, database: Path) -> None:
    store = open_store(str(database))
    run = store.runs()[0]
    for info in [each for each in store.structures(run.id) if each.relaxed and each.energy is not None][:4]:
        word = "step" if info.source == Source.STEP else "member"
        page.query_params["run"], page.query_params["structure"] = run.id, f"{word}-{info.number}"
        page.run()
        assert not page.exception
        assert not page.error
        assert f"{info.energy:.5f}".replace("-", "−") in [metric.value for metric in page.metric]


def test_a_comparison_made_in_moments_is_that_made_at_once(database: Path) -> None:
    store = open_store(str(database))
    [run] = store.runs()
    found = lowest(store, [run], 12)
    compared = compare(store, found)
    seen = []
    while not compared.done:
        compared.go_on(0)
        seen.append(sum(len(group.members) for group in compared.groups))
    assert seen == list(range(1, len(found) + 1))
    at_once = DistinctStructures(found, lambda each: load(store, each))
    at_once.go_on(math.inf)
    assert compared.groups == at_once.groups


def test_the_list_shows_what_is_compared_and_says_how_far_it_is(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distinct, "FIRST", 0.0)  # one structure a moment
    st.cache_resource.clear()  # others may have looked before
    page.run()
    assert not page.exception
    assert any("Comparing structures: 1 of" in str(each.proto) for each in page.get("progress"))
    assert page.button(key="open-1")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_made_when_it_is_opened(page: AppTest, part: str) -> None:
    page.run()
    page.session_state["part"] = part
    page.run()
    assert not page.exception
    assert not page.error
    made = {
        "Symmetry": any(each.value == "Wyckoff sites" for each in page.subheader),
        "Bonds and sites": any("valence sum" in each.value for each in page.dataframe),
        "Powder pattern": any(each.key == "radiation" for each in page.selectbox),
        "Files": any(each.label.startswith("CIF") for each in page.get("download_button")),
    }
    assert [name for name, there in made.items() if there] == [part]


def test_what_was_chosen_in_a_part_stays_while_another_is_looked_at(page: AppTest) -> None:
    page.query_params["from"] = "phases"
    page.session_state["part"] = "Symmetry"
    page.run()
    page.select_slider(key="symprec").set_value(0.1)
    page.session_state["part"] = "Powder pattern"
    page.run()
    page.selectbox(key="radiation").set_value(OTHER_WAVELENGTH).run()
    page.text_input(key="wavelength").set_value("0.7").run()
    page.session_state["part"] = "Symmetry"
    page.run()
    assert page.select_slider(key="symprec").value == 0.1
    page.session_state["part"] = "Powder pattern"
    page.run()
    assert page.selectbox(key="radiation").value == OTHER_WAVELENGTH
    assert page.text_input(key="wavelength").value == "0.7"


def test_the_powder_pattern_is_compared_with_the_phase_of_the_structure_shown(page: AppTest) -> None:
    page.query_params["from"] = "phases"
    page.session_state["part"] = "Powder pattern"
    for name in ("TiO2 rutile", "SrTiO3 perovskite"):
        page.run()
        page.selectbox(key="url-reference").set_value(name).run()
        [compared] = [each for each in page.selectbox if each.label == "Compare with"]
        assert compared.value == name


@pytest.mark.parametrize("address", ["step-99999", "step-1;drop", "<script>alert(1)</script>", ""])
def test_a_wrong_address_is_a_sentence_and_the_page_works(
    page: AppTest, database: Path, address: str
) -> None:
    page.query_params["run"] = open_store(str(database)).runs()[0].id
    page.query_params["structure"] = address
    page.run()
    assert not page.exception
    assert bool(page.error) == bool(address)
    assert page.metric


def test_a_known_phase_is_named(page: AppTest) -> None:
    page.query_params["from"] = "phases"
    page.run()
    assert not page.exception
    assert "This is" in sentences(page)


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    page.query_params["from"] = "file"
    page.run()
    page.file_uploader[0].upload(name, content).run()
    assert not page.exception
    return page


def test_an_uploaded_structure_is_recognised_and_relaxed(page: AppTest) -> None:
    rutile = next(phase.crystal for phase in references() if phase.name == "rutile")
    upload(page, "mine.cif", FORMATS["cif"].write(rutile).encode())
    assert "rutile" in sentences(page)
    page.button(key="relax").click().run()
    assert not page.exception
    assert "Relaxed in" in sentences(page)


DISORDERED = b"""data_x
_cell_length_a 5
_cell_length_b 5
_cell_length_c 5
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
<script>alert(1)</script> Sr 0 0 0 0.5
"""
BAD = {
    "prose.cif": (b"hello", "structure"),
    "water.xyz": (b"3\n\nO 0 0 0\nH 0 0 1\nH 0 1 0\n", "no cell"),
    "huge.extxyz": (
        FORMATS["extxyz"].write(from_ase(bulk("SrO", "rocksalt", a=5.1).repeat(8))).encode(),
        "more than 400",
    ),
    "heavy.cif": (b"#" * (5 * 1024**2 + 1), "more than 5"),
    "disordered.cif": (DISORDERED, "partly occupied"),
    "water.png": (molecule("H2O").symbols.get_chemical_formula().encode(), "ending"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_uploads_are_refused_with_a_sentence(page: AppTest, name: str) -> None:
    content, words = BAD[name]
    upload(page, name, content)
    [error] = page.error
    assert words in error.value.replace("\\", "")
    assert "<script" not in error.value
    assert not page.metric


def test_an_element_without_potential_can_be_looked_at_but_not_relaxed(page: AppTest) -> None:
    upload(page, "gold.cif", FORMATS["cif"].write(from_ase(bulk("AuCl", "rocksalt", a=5.6))).encode())
    assert "Au" in " ".join(error.value for error in page.error)
    assert page.metric
    page.button(key="relax").click().run()
    assert not page.exception
    assert "Au" in " ".join(error.value for error in page.error)


def test_the_page_to_keep_escapes_every_string() -> None:
    crystal = from_ase(bulk("SrO", "rocksalt", a=5.1))
    evil = "</script><script>alert(1)</script><!--"
    text = crystal_page(crystal, evil)
    assert evil not in text
    assert "alert(1)" not in text.replace("&lt;script&gt;alert(1)", "")
    assert "<" not in json_in_script({"label": evil})
    assert 'src="' not in text.split("<script>", 1)[0]


def test_the_page_to_keep_says_what_is_on_it() -> None:
    bixbyite = next(phase.crystal for phase in references() if phase.formula == "Y2O3")
    before = replace(bixbyite)
    item = Item(bixbyite, "Y2O3, step 3 of run 1", -27.4, before=before)
    words, unrelaxed = (
        page_to_keep(item, crystal).split("<body>")[1].split("<style>")[0] for crystal in (bixbyite, before)
    )
    assert "Y2O3" not in words
    assert "Y₂O₃, step 3" in words
    assert "bixbyite" in words
    assert "−27.40000 eV/atom" in words
    assert "Before relaxation" in unrelaxed
    assert "−27.4" not in unrelaxed


@pytest.mark.parametrize(
    ("asked", "n_atoms", "drawn"),
    [
        ("2×3×1", 40, "2×3×1"),
        ("5×5×5", 12, "5×5×5"),
        ("5×5×5", 13, "1×1×1"),  # 1625 atoms
        ("9×1×1", 1, "1×1×1"),
        ("2×2", 1, "1×1×1"),
        ({"a": 2}, 1, "1×1×1"),
        (None, 1, "1×1×1"),
    ],
)
def test_a_supercell_is_drawn_if_it_is_one_and_not_too_large(asked: object, n_atoms: int, drawn: str) -> None:
    assert supercell(asked, n_atoms) == drawn


CASES = Path(__file__).parents[1] / "cases" / "structures"


def test_good_frames_are_offered_and_bad_ones_named(page: AppTest) -> None:
    upload(page, "run.xyz", (CASES / "several-charged-frame.xyz").read_bytes())
    frame = page.selectbox(key="frame")
    assert (frame.options, frame.value) == (["1: TiO₂", "2: Sr₄O₃", "3: SrO"], 3)
    assert not page.error
    frame.set_value(2).run()
    assert "charge of" in sentences(page)
    upload(page, "run.xyz", (CASES / "several-good-bad-good.xyz").read_bytes())
    assert page.selectbox(key="frame").options == ["1: SrTiO₃", "3: SrTiO₃"]
    [error] = page.error
    assert error.value.replace("\\", "").startswith("Structure 2: ")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("overlap-SrO-pairs.vasp", "Two ions closer than the potential describes"),
        ("mixed-type-Sr-Y.cif", "not that of one element"),
        ("setting-Pbnm-number62.cif", ""),
        ("third-wurtzite-0.333-0.667.cif", ""),
    ],
)
def test_an_upload_says_what_the_command_says(page: AppTest, name: str, words: str) -> None:
    upload(page, name, (CASES / name).read_bytes())
    energies = [metric.value for metric in page.metric if metric.value.startswith("−")]
    assert len(energies) == (not words)
    assert words in sentences(page).replace("\\", "")


def test_a_formula_that_contradicts_the_atoms_is_said(page: AppTest) -> None:
    text = FORMATS["cif"].write(from_ase(bulk("SrO", "rocksalt", a=5.16))).replace("units_Z  1", "units_Z  4")
    upload(page, "half.cif", text.encode())
    assert any("Z = 4" in each.value for each in page.caption)
    assert not page.error


def test_the_story_of_a_structure_is_told_without_what_changed_nothing() -> None:
    new = Folded((Ancestor(66, None, 12, -27.4, 80),), True)
    same = Folded((Ancestor(60, None, 1, -27.3, 80), Ancestor(58, None, 9, -27.3, 80)), False)
    doubled = Folded((Ancestor(50, None, 5, -27.3, 80),), True)
    assert part_words(new) == "step 66: Symmetric, this size (new crystal, size kept)"
    assert part_words(same) == "2 steps that changed neither energy nor size"
    assert part_words(doubled) == "step 50: Double"


def test_the_facts_of_a_found_phase_do_not_contradict_each_other() -> None:
    """The same structure with a cell that the potential makes longer: the patterns agree once it is scaled."""
    (bixbyite,) = [phase for phase in references() if phase.name == "bixbyite"]
    longer = scaled(bixbyite.crystal, 1.045)
    theirs = profile(pattern_of(bixbyite.crystal, 1.5406))
    back = scaled(longer, 1 / 1.045)
    assert similarity(profile(pattern_of(longer, 1.5406)), theirs) < 0.5
    assert similarity(profile(pattern_of(back, 1.5406)), theirs) > 0.99


def test_equal_searches_count_once(database: Path, tmp_path: Path) -> None:
    """In a copy: whoever serves the pages of this module would begin the runs that wait."""
    store = open_store(str(shutil.copy(database, tmp_path)))
    first = store.runs()[0]
    twin, other = (
        store.create_run({**first.config, "seed": seed}, name="again")
        for seed in (first.seed, first.seed + 1)
    )
    found = [Found(run_id, Source.STEP, 1, -27.0, 10) for run_id in (first.id, twin, other, other)]
    assert distinct.searches(store, found) == 2
    store.close()


def test_energies_of_different_potentials_are_not_put_in_one_list(database: Path, tmp_path: Path) -> None:
    store = open_store(str(shutil.copy(database, tmp_path)))
    config = store.runs()[0].config
    for name in ("bush", "lewis-catlow", "bush"):
        store.create_run({**config, "potential": name}, name=name)
    store.create_run({**config, "composition": "MgO", "potential": "pmmcs"}, name="alone")
    kinds = choosing._kinds(store.runs())
    assert {kind: len(alike) for kind, alike in kinds.items()} == {
        "MgO": 1, "Y2O3, bush": 2, "Y2O3, lewis-catlow": 1, "Y2O3, ysrtio": 1,
    }  # fmt: skip
    store.close()
