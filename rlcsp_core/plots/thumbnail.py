"""Small pictures of crystals as SVG text: many of them on a page cost no graphics context.

Atoms and bonds are projected along one slanted direction, parallel, and painted from back to front.  The text holds
numbers and colours of ours only, nothing that a user wrote.
"""

from __future__ import annotations

import base64

import numpy as np
from ase.data import chemical_symbols

from rlcsp_core.crystal.scene import BEYOND, CORNERS, EDGES, scene
from rlcsp_core.plots.elements import element_colours, sphere_radius
from rlcsp_core.records import Array, Crystal

SIZE = 200  # units of the drawing
MARGIN = 4
SIDE, ABOVE = (
    np.radians(20.0),
    np.radians(14.0),
)  # how far the eye stands beside the a axis, and above the ab plane
BOND_WIDTH = 0.18  # Å
CELL_COLOUR = "#8a929c"
BOND_COLOUR = "#9aa3ad"


def thumbnail(crystal: Crystal) -> str:
    """The crystal as SVG."""
    drawn = scene(crystal)
    seen = _seen(drawn.positions, crystal.cell)
    corners = _seen((CORNERS - 0.5) @ crystal.cell, crystal.cell)
    shown = drawn.places != BEYOND
    reach = np.abs(np.vstack([seen[shown], corners])[:, :2]).max() + max(
        sphere_radius(int(z)) for z in crystal.numbers
    )
    scale = (SIZE / 2 - MARGIN) / reach
    colours = element_colours([int(z) for z in np.unique(crystal.numbers)])
    parts: list[tuple[float, str]] = [
        (-np.inf, _line(corners[m], corners[n], scale, 1.0, CELL_COLOUR)) for m, n in EDGES
    ]
    for i, j in drawn.bonds.tolist():
        if shown[i] and shown[j]:
            depth = min(seen[i, 2], seen[j, 2]) - BOND_WIDTH  # behind both of its atoms
            parts.append((depth, _line(seen[i], seen[j], scale, BOND_WIDTH * scale, BOND_COLOUR)))
    for m in np.flatnonzero(shown).tolist():
        number = int(crystal.numbers[drawn.atoms[m]])
        colour = colours[chemical_symbols[number]]
        parts.append((seen[m, 2], _ball(seen[m], scale, sphere_radius(number) * scale, colour)))
    body = "".join(text for _, text in sorted(parts, key=lambda part: part[0]))
    box = f"{-SIZE / 2:g} {-SIZE / 2:g} {SIZE} {SIZE}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" viewBox="{box}">{body}</svg>'
    )


def as_address(svg: str) -> str:
    """An SVG as the address of an image, for tables."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _seen(points: Array, cell: Array) -> Array:
    """x to the right, y up, z to the eye; c as far up as it goes, a towards the eye."""
    up = cell[2] / np.linalg.norm(cell[2])
    front = cell[0] - (cell[0] @ up) * up
    front /= np.linalg.norm(front)
    right = np.cross(up, front)
    eye = np.cos(ABOVE) * (np.cos(SIDE) * front + np.sin(SIDE) * right) + np.sin(ABOVE) * up
    across = np.cross(up, eye)
    across /= np.linalg.norm(across)
    return np.asarray(points @ np.column_stack([across, np.cross(eye, across), eye]))


def _line(a: Array, b: Array, scale: float, width: float, colour: str) -> str:
    x1, y1, x2, y2 = scale * a[0], -scale * a[1], scale * b[0], -scale * b[1]
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:.1f}"/>'


def _ball(at: Array, scale: float, radius: float, colour: str) -> str:
    x, y = scale * at[0], -scale * at[1]
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" stroke="#00000066" stroke-width="0.6"/>'
