"""The crystal viewer in a real browser: it draws what was computed, keeps its camera, and runs nothing from a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dashboard import Dashboard, Watched
from playwright.sync_api import Locator, Page, expect
from pymatgen.core import Structure as PymatgenStructure
from settled import wait_until_settled

from rlcsp_core.crystal.identity import references
from rlcsp_core.crystal.scene import BEYOND, scene
from rlcsp_core.execution import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import open_store

BIXBYITE = "Structures?from=phases&reference=Y2O3+bixbyite"
READY = ".crystal-view[data-ready=true]"


@pytest.fixture(scope="module")
def run_id(dashboard: Dashboard) -> str:
    """A small search in the dashboard's database."""
    store = open_store(str(dashboard.database))
    config = SearchConfig(composition="Y2O3", seed=3, steps=15, max_atoms=15, population=6)
    run = execute(store, store.create_claimed(config.as_dict(), name="small"), Halt())
    store.close()
    return run.id


def viewer(page: Page) -> Locator:
    """The picture, with its controls open."""
    page.wait_for_selector(READY)
    view = page.locator(".crystal-view")
    if view.get_by_role("button", name="Drawing").get_attribute("aria-expanded") == "false":
        view.get_by_role("button", name="Drawing").click()
    return view


def drawn(view: Locator) -> dict[str, Any]:
    return dict(view.evaluate("element => ({...element.dataset})"))


def test_bixbyite_is_drawn_as_computed(watched: Watched) -> None:
    view = viewer(watched.open(BIXBYITE))
    crystal = next(phase.crystal for phase in references() if phase.name == "bixbyite")
    expected = scene(crystal)
    assert drawn(view)["polyhedra"] == "0"  # at first, of so many atoms
    view.get_by_role("button", name="Polyhedra around Y").click()
    counts = drawn(view)
    assert int(counts["polyhedra"]) == len(expected.hulls)
    assert int(counts["bonds"]) == len(expected.bonds)
    assert int(counts["atoms"]) == len(expected.atoms)
    view.get_by_role("button", name="Complete polyhedra").click()
    inside = drawn(view)
    assert int(inside["atoms"]) == np.count_nonzero(expected.places == 0) == crystal.n_atoms
    view.get_by_role("button", name="Complete polyhedra").click()
    assert int(drawn(view)["atoms"]) == np.count_nonzero(expected.places <= BEYOND)


@pytest.mark.long
def test_elements_bonds_and_polyhedra_can_be_switched(watched: Watched) -> None:
    view = viewer(watched.open(BIXBYITE))
    view.get_by_role("button", name="Polyhedra around Y").click()
    assert int(drawn(view)["polyhedra"]) > 0
    view.get_by_role("button", name="Polyhedra around Y").click()
    assert drawn(view)["polyhedra"] == "0"
    view.get_by_role("button", name="Bonds").click()
    assert drawn(view)["bonds"] == "0"
    before = int(drawn(view)["atoms"])
    view.get_by_role("button", name="Show or hide O").click()
    assert 0 < int(drawn(view)["atoms"]) < before


@pytest.mark.long
def test_camera_turns_by_keyboard_and_stays_when_the_structure_changes(watched: Watched) -> None:
    page = watched.open(BIXBYITE)
    view = viewer(page)
    first = drawn(view)["view"]
    view.locator(".canvas").focus()
    page.keyboard.press("ArrowRight")
    turned = drawn(view)["view"]
    assert turned != first
    canvas = view.locator("canvas").element_handle()
    page.get_by_role("radio", name="Primitive").or_(
        page.get_by_role("button", name="Primitive")
    ).first.click()
    page.wait_for_function("() => true")
    expect(view).not_to_have_attribute("data-atoms", "164")
    assert drawn(view)["view"].split()[4:] == turned.split()[4:]
    assert canvas is not None
    assert canvas.evaluate("node => node.isConnected")


def test_an_atom_tells_its_site(watched: Watched) -> None:
    view = viewer(watched.open(BIXBYITE))
    view.get_by_label("Choose an atom").select_option("0")
    expect(view.locator(".site")).to_contain_text("Y 1 at (0.250, 0.250, 0.250): 6 bonds")
    expect(view.locator(".site")).to_contain_text("bond-valence sum 2.89")
    assert "80 atoms" in (view.locator(".words").text_content() or "")


def as_pymatgen(view: Locator, name: str) -> tuple[PymatgenStructure, list[str]]:
    """What is shown, as its own file says it is, and what the viewer calls its atoms."""
    options = view.get_by_label("Choose an atom").locator("option").all_inner_texts()[1:]
    crystal = next(phase.crystal for phase in references() if phase.name == name)
    symbols = [option.split()[0] for option in options]
    return PymatgenStructure(crystal.cell, symbols, crystal.positions, coords_are_cartesian=True), options


QUARTZ = "Structures?from=phases&reference=SiO2+quartz"  # with an oblique cell
TRIPLES = ((3, 0, 4), (6, 3, 0), (8, 5, 0), (1, 5, 0))  # whose nearest images are nearer than all others


def test_distances_and_angles_are_those_of_pymatgen(watched: Watched) -> None:
    """From the keyboard: of the nearest periodic images."""
    view = viewer(watched.open(QUARTZ))
    structure, names = as_pymatgen(view, "quartz")
    for first, second, third in TRIPLES:
        for label, atom in (("Choose an atom", first), ("Distance to", second), ("Angle with", third)):
            picker = view.get_by_label(label)
            picker.focus()
            picker.select_option(str(atom))
        said = view.locator(".site")
        expect(said).to_contain_text(f"{names[first]} – {names[second]} – {names[third]}: ")
        middle = structure[second]
        neighbours = [middle.distance_and_image(structure[k]) for k in (first, third)]
        lengths = [distance for distance, _ in neighbours]
        one, other = (
            structure[k].coords + image @ structure.lattice.matrix - middle.coords
            for k, (_, image) in zip((first, third), neighbours, strict=True)
        )
        turn = np.degrees(np.arccos(one @ other / np.prod(lengths)))
        numbers = re.search(r": ([\d.]+)° at .*; ([\d.]+) Å, ([\d.]+) Å$", said.inner_text())
        assert numbers is not None
        assert [float(number) for number in numbers.groups()] == [
            pytest.approx(turn, abs=0.06),
            *(pytest.approx(length, abs=6e-4) for length in lengths),
        ]
    view.locator(".canvas").focus()
    watched.page.keyboard.press("Escape")
    expect(view.locator(".site")).to_contain_text("Click an atom")


@pytest.mark.long
def test_two_clicks_tell_the_distance_of_what_is_drawn_and_of_the_nearest_images(watched: Watched) -> None:
    view = viewer(watched.open(BIXBYITE))
    structure, names = as_pymatgen(view, "bixbyite")
    box = view.locator(".canvas").bounding_box()
    assert box is not None
    for part in (0.5, 0.42, 0.58, 0.46, 0.54, 0.38, 0.62):  # the crystal is dense: some meet an atom
        watched.page.mouse.click(box["x"] + part * box["width"], box["y"] + part * box["height"])
        watched.page.wait_for_timeout(200)
        if "–" in view.locator(".site").inner_text().partition(":")[0]:
            break
    said = re.fullmatch(
        r"(\w+ \d+) – (\w+ \d+): ([\d.]+) Å(?: \(nearest images: ([\d.]+) Å\))?",
        view.locator(".site").inner_text(),
    )
    assert said is not None
    i, j = names.index(said[1]), names.index(said[2])
    nearest = structure.get_distance(i, j)
    drawn_apart = float(said[3])
    assert float(said[4] or said[3]) == pytest.approx(nearest, abs=6e-4) or i == j
    assert drawn_apart >= nearest - 6e-4
    apart = [
        neighbour.nn_distance
        for neighbour in structure.get_neighbors(structure[i], drawn_apart + 0.01)
        if neighbour.index == j
    ]
    assert min(abs(distance - drawn_apart) for distance in apart) < 1e-3


@pytest.mark.long
def test_supercell_is_drawn_on_demand(watched: Watched) -> None:
    view = viewer(watched.open("Structures?from=phases&reference=SrTiO3+perovskite"))
    assert drawn(view)["polyhedra"] == "1"
    cells = 1
    for axis, repeats in (("a", 2), ("c", 3), ("b", 5), ("a", 5), ("c", 5)):
        view.get_by_label(f"Cells along {axis}").select_option(str(repeats))
        chosen = [int(select.input_value()) for select in view.locator(".supercell select").all()]
        cells = chosen[0] * chosen[1] * chosen[2]
        expect(view).to_have_attribute("data-polyhedra", str(cells))
    assert cells == 125


@pytest.mark.long
def test_a_supercell_too_large_to_draw_cannot_be_chosen(watched: Watched) -> None:
    view = viewer(watched.open(BIXBYITE))  # 80 atoms: 18 cells at most
    allowed = view.get_by_label("Cells along b").locator("option:not([disabled])")
    expect(allowed).to_have_count(5)
    view.get_by_label("Cells along a").select_option("5")
    expect(allowed).to_have_count(3)


def test_a_found_structure_opens_by_its_address(watched: Watched, run_id: str) -> None:
    page = watched.open(f"Structures?run={run_id}")
    assert int(drawn(viewer(page))["atoms"]) > 0
    expect(page.get_by_text("distinct structures").first).to_be_visible()
    page.get_by_role("button", name="Open 2").click()
    page.wait_for_url("**structure=**")
    expect(page.locator(".crystal-view canvas")).to_have_count(1)  # one graphics context a page


@pytest.mark.long
def test_the_saved_page_works_without_a_server(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(BIXBYITE)
    viewer(page)
    page.get_by_role("tab", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Interactive page").first.click()
    saved = tmp_path / "bixbyite.html"
    download.value.save_as(saved)
    watched.base = saved.as_uri()
    page.goto(saved.as_uri())
    view = viewer(page)
    view.get_by_role("button", name="Polyhedra around Y").click()
    assert drawn(view)["polyhedra"] == "44"


EVIL = """data_x
_cell_length_a 5.1
_cell_length_b 5.1
_cell_length_c 5.1
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_chemical_name_common '<img src=x onerror=alert(1)>'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
"<script>alert(1)</script>" Sr 0 0 0
"<img/src/onerror=alert(2)>" O 0.5 0.5 0.5
"""


def test_nothing_in_an_uploaded_file_is_executed(watched: Watched, tmp_path: Path) -> None:
    evil = tmp_path / "<img src=x onerror=alert(3)>.cif"
    evil.write_text(EVIL)
    page = watched.open("Structures?from=file")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.locator("input[type=file]").set_input_files(evil)
    assert int(drawn(viewer(page))["atoms"]) > 1
    assert dialogs == []


@pytest.mark.long
def test_without_webgl_the_structure_is_told_in_words(watched: Watched) -> None:
    watched.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = watched.open(BIXBYITE)
    page.wait_for_selector(".crystal-view[data-ready=failed]")
    view = page.locator(".crystal-view")
    expect(view.locator(".site")).to_contain_text("WebGL")
    expect(view.locator(".words")).to_be_visible()
    expect(view.locator(".words")).to_contain_text("80 atoms")
    watched.errors.clear()  # other parts of the page draw on a canvas, too


@pytest.mark.long
def test_a_click_on_an_atom_tells_its_site(watched: Watched) -> None:
    view = viewer(watched.open(BIXBYITE))
    box = view.locator(".canvas").bounding_box()
    assert box is not None
    for part in (0.5, 0.46, 0.54, 0.42, 0.58, 0.38, 0.62):  # one of them meets an atom: the crystal is dense
        watched.page.mouse.click(box["x"] + part * box["width"], box["y"] + part * box["height"])
        watched.page.wait_for_timeout(200)
        if "bond-valence sum" in view.locator(".site").inner_text():
            break
    expect(view.locator(".site")).to_contain_text("bonds of")
    assert view.get_by_label("Choose an atom").input_value() != ""


@pytest.mark.long
def test_the_picture_is_saved_and_settings_outlast_a_reload(watched: Watched) -> None:
    page = watched.open(BIXBYITE)
    view = viewer(page)
    with page.expect_download() as download:
        view.get_by_role("button", name="Save the picture").click()
    assert download.value.suggested_filename.endswith(".png")
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    view.get_by_role("button", name="Perspective").click()
    page.reload()
    expect(viewer(page).get_by_role("button", name="Perspective")).to_have_attribute("aria-pressed", "false")


@pytest.mark.long
def test_two_structures_turn_together(watched: Watched) -> None:
    page = watched.open("Structures?from=phases&reference=TiO2+rutile")
    page.wait_for_selector(READY)
    page.get_by_role("radio", name="Side by side").or_(
        page.get_by_role("button", name="Side by side")
    ).first.click()
    views = page.locator(READY)
    expect(views).to_have_count(2)
    wait_until_settled(page)
    first, second = views.all()
    assert drawn(first)["view"] == drawn(second)["view"]
    for mine, other in ((first, second), (second, first)):
        before = drawn(other)["view"]
        mine.locator(".canvas").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("+")
        assert drawn(mine)["view"] == drawn(other)["view"] != before


def test_a_click_on_the_map_opens_the_structure(watched: Watched, run_id: str) -> None:
    page = watched.open(f"Structures?run={run_id}")
    wait_until_settled(page)
    chart = page.get_by_role("figure", name="Energy against volume")
    points = chart.locator(".point")
    points.last.scroll_into_view_if_needed()
    for number in range(points.count()):  # the lowest is open already
        spot = points.nth(number).bounding_box()
        assert spot is not None
        page.mouse.click(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
        wait_until_settled(page)
        if "structure=" in page.url:
            break
    assert "structure=" in page.url


def test_a_click_on_a_hull_shows_the_structure(watched: Watched, field: str) -> None:
    page = watched.open(f"Field?field={field}&formula=SrTiO3")
    wait_until_settled(page)
    expect(page.get_by_role("heading", name="SrTiO₃")).to_be_visible()
    at = page.get_by_role("figure").first.evaluate(
        """(node) => {
          const { xaxis, yaxis } = node._fullLayout, box = node.getBoundingClientRect();
          return [box.x + xaxis._offset + xaxis.l2p(0.5), box.y + yaxis._offset + yaxis.l2p(0)];
        }"""
    )
    page.mouse.click(*at)  # in the middle between Y2O3 and SrO
    expect(page.get_by_role("heading", name="SrY₂O₄")).to_be_visible()
    expect(page).to_have_url(re.compile("formula=SrY2O4"))
    expect(page.get_by_text("calcium ferrite").first).to_be_visible()
