"""The view for notebooks draws what a scene holds, and nothing from a file but numbers gets into it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from rlcsp_core import show
from rlcsp_core.crystal.identity import references
from rlcsp_core.crystal.scene import scene
from rlcsp_core.records import Crystal

SCRIPT = "https://example.org/3Dmol.js"


@pytest.fixture
def perovskite() -> Crystal:
    return next(phase.crystal for phase in references() if phase.name == "perovskite")


def drawn(html: str, kind: str) -> list[dict]:
    return [json.loads(text) for text in re.findall(rf"\.{kind}\((\{{.*?\}})\);", html)]


@pytest.mark.parametrize("repeats", [(1, 1, 1), (2, 1, 3)])
def test_atoms_bonds_and_cell_are_drawn_where_they_are(perovskite: Crystal, repeats) -> None:
    expected = scene(perovskite, repeats)
    html = show(perovskite, repeats=repeats, script=SCRIPT)._make_html()
    spheres, bonds, edges = (drawn(html, kind) for kind in ("addSphere", "addCylinder", "addLine"))
    places = [[sphere["center"][axis] for axis in "xyz"] for sphere in spheres]
    np.testing.assert_allclose(places, expected.positions, atol=1e-4)
    assert len(bonds) == len(expected.bonds)
    first = expected.positions[expected.bonds[0]]
    np.testing.assert_allclose(
        [[bonds[0][end][axis] for axis in "xyz"] for end in ("start", "end")], first, atol=1e-4
    )
    lengths = [np.linalg.norm([edge["end"][axis] - edge["start"][axis] for axis in "xyz"]) for edge in edges]
    sides = np.repeat(np.linalg.norm(perovskite.cell, axis=1), 4)
    np.testing.assert_allclose(np.sort(lengths), np.sort(sides), atol=1e-3)


def test_nothing_is_loaded_from_elsewhere(perovskite: Crystal) -> None:
    html = show(perovskite)._make_html()
    assert "data:text/javascript;base64," in html
    assert not re.search(r"https?://(?!www\.w3\.org)[^'\"\s)]+\.js", html)
    assert html.count("<script") == html.count("</script>") == 1
