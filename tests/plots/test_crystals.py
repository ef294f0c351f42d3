"""Pictures of crystals: what is drawn is what there is, in the elements' own colours."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.generate import random_structure
from rlcsp_core.crystal.identity import references
from rlcsp_core.crystal.ions import VACANCY
from rlcsp_core.crystal.scene import BEYOND, scene
from rlcsp_core.plots.crystal_page import crystal_page, json_in_script
from rlcsp_core.plots.crystal_view import Frame, in_words, picture, view_data
from rlcsp_core.plots.elements import element_colour, element_colours, sphere_radius
from rlcsp_core.plots.module_map import module_map
from rlcsp_core.plots.thumbnail import as_address, thumbnail
from rlcsp_core.records import Crystal

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def rutile() -> Crystal:
    return next(phase.crystal for phase in references() if phase.name == "rutile")


def test_an_element_has_one_colour_whatever_stands_beside_it() -> None:
    alone = element_colours([12])["Mg"]
    assert {element_colours(numbers)["Mg"] for numbers in ([8, 12], [12, 8], [3, 11, 12, 19])} == {alone}
    assert element_colour("O") == "#ff0d0d"  # Jmol's


def test_larger_ions_are_larger_spheres() -> None:
    assert sphere_radius(22) < sphere_radius(39) < sphere_radius(38)  # Ti4+, Y3+, Sr2+


def test_a_thumbnail_shows_every_atom_in_the_cell(rutile: Crystal) -> None:
    drawn = scene(rutile)
    balls = ElementTree.fromstring(thumbnail(rutile)).findall(f"{SVG}circle")
    fills = [ball.get("fill") for ball in balls]
    for number, symbol in ((22, "Ti"), (8, "O")):
        inside = drawn.atoms[drawn.places != BEYOND]
        assert fills.count(element_colour(symbol)) == (rutile.numbers[inside] == number).sum()
    assert as_address(thumbnail(rutile)).startswith("data:image/svg+xml;base64,")


def test_a_view_holds_its_frames_with_what_they_share(rutile: Crystal) -> None:
    data = view_data([Frame(rutile, "one"), Frame(rutile, "two")], (2, 1, 1))
    first, second = data["frames"]
    assert (first.pop("label"), second.pop("label")) == ("one", "two")
    assert first == second == picture(rutile, (2, 1, 1))
    assert set(data["colours"]) == set(data["radii"]) == {"O", "Ti"}
    assert data["polyhedra"] == {"Ti": True}
    assert len(first["x"]) == 3 * len(first["i"])
    json.dumps(data, allow_nan=False)


def test_a_large_cell_is_seen_without_polyhedra_at_first() -> None:
    bixbyite = next(phase.crystal for phase in references() if phase.name == "bixbyite")
    assert view_data([Frame(bixbyite, "")])["polyhedra"] == {"Y": False}


def test_rutile_in_words(rutile: Crystal) -> None:
    words = in_words(rutile)
    assert words.startswith("TiO2, 6 atoms")
    assert "Ti: 2 with 6 neighbours." in words
    assert "O: 4 with 3 neighbours." in words


def test_a_page_to_keep_escapes_every_string(rutile: Crystal) -> None:
    evil = "</script><script>alert(1)</script><!--"
    text = crystal_page(rutile, evil)
    assert evil not in text
    assert "export default" not in text
    assert "<" not in json_in_script({"label": evil})
    data = json.loads(re.search(r'id="crystal">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    assert np.allclose(np.array(data["frames"][0]["cell"]).reshape(3, 3), rutile.cell, atol=1e-3)


def test_a_map_of_modules_shows_every_site(rng: np.random.Generator) -> None:
    tries = (random_structure(composition_of("Y2O3"), 40, rng) for _ in range(1000))
    structure = next(found for found in tries if found is not None)
    drawing = ElementTree.fromstring(module_map(structure))
    circles = drawing.findall(f"{SVG}circle")
    assert len(circles) == structure.sites.size
    assert sum(c.get("fill") == "none" for c in circles) == (structure.sites == VACANCY).sum()
    assert len(drawing.findall(f"{SVG}rect")) == structure.sites[..., 0].size
