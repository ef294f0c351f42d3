"""A crystal in 3-D in a notebook: `show(crystal)`, drawn by 3Dmol.js through py3Dmol.

What is drawn are numbers and colours of our own: a text from a file, which could hold HTML, never gets into the page.
The py3Dmol package has no JavaScript; it would load 3Dmol.js from a server on the Internet and show nothing where there
is none.  So the copy that comes with this program is put into the view, 0.7 MB in every output of a notebook.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from ase.data import chemical_symbols

from rlcsp_core.crystal.scene import CORNERS, EDGES, ONE_CELL, Repeats, scene
from rlcsp_core.paths import STATIC
from rlcsp_core.plots.elements import element_colours, sphere_radius
from rlcsp_core.records import Array, Crystal

if TYPE_CHECKING:
    import py3Dmol

BOND_RADIUS = 0.07  # Å
BOND_COLOUR = "#a0a0a0"
CELL_COLOUR = "#404040"


def show(
    crystal: Crystal,
    *,
    repeats: Repeats = ONE_CELL,
    size: tuple[int, int] = (560, 420),
    script: str | None = None,
) -> py3Dmol.view:
    """The crystal with its bonds and its cell; the last expression of a notebook's cell shows it.

    repeats: cells along a, b and c; size: pixels; script: address of 3Dmol.js, None for the one that is put in."""
    import py3Dmol

    width, height = size
    view = py3Dmol.view(width=width, height=height, js=script or _embedded_script())
    drawn = scene(crystal, repeats)
    numbers = [int(z) for z in crystal.numbers]
    colours = element_colours(sorted(set(numbers)))
    at = [_point(place) for place in drawn.positions]
    for atom, place in zip(drawn.atoms.tolist(), at, strict=True):
        z = numbers[atom]
        colour = colours[chemical_symbols[z]]
        view.addSphere({"center": place, "radius": sphere_radius(z), "color": colour})
    for i, j in drawn.bonds.tolist():
        view.addCylinder({"start": at[i], "end": at[j], "radius": BOND_RADIUS, "color": BOND_COLOUR})
    # of the first cell; the origin is the centre of the box, as in a scene
    corners = [_point(place) for place in (CORNERS - np.asarray(repeats) / 2) @ crystal.cell]
    for m, n in EDGES:
        view.addLine({"start": corners[m], "end": corners[n], "color": CELL_COLOUR})
    view.zoomTo()
    return view


def _point(place: Array) -> dict[str, float]:
    return {axis: round(float(x), 4) for axis, x in zip("xyz", place, strict=True)}


@cache
def _embedded_script() -> str:
    """3Dmol.js as an address that holds it."""
    text = (STATIC / "3dmol" / "3Dmol-min.js").read_bytes()
    return f"data:text/javascript;base64,{b64encode(text).decode()}"
