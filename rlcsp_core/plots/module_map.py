"""A structure in modules as a picture: its layers side by side, sub-modules as squares, sites as dots."""

from __future__ import annotations

from rlcsp_core.crystal.ions import VACANCY, all_ions
from rlcsp_core.crystal.modular import SITE_XY, Modular
from rlcsp_core.plots.elements import element_colours

BLOCK = 44  # units of the drawing, edge of a sub-module
GAP = 26
LABEL = 18
RADIUS = 7
LINE = "#8a929c"


def module_map(structure: Modular) -> str:
    """SVG; empty circles are vacancies."""
    n_c, n_a, n_b, _ = structure.sites.shape
    width, height = n_c * (n_a * BLOCK + GAP), n_b * BLOCK + LABEL + 4
    body = "".join(_layer(structure, k, k * (n_a * BLOCK + GAP) + GAP / 2) for k in range(n_c))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{n_c} layers of {n_a} by {n_b} sub-modules">{body}</svg>'
    )


def _layer(structure: Modular, k: int, left: float) -> str:
    _, n_a, n_b, _ = structure.sites.shape
    title = f'<text x="{left:g}" y="13" font-size="12" font-family="sans-serif" fill="{LINE}">layer {k + 1}</text>'
    blocks = "".join(
        _block(structure.sites[k, i, j], left + i * BLOCK, LABEL + j * BLOCK)
        for i in range(n_a)
        for j in range(n_b)
    )
    return title + blocks


def _block(codes: list[int], x: float, y: float) -> str:
    of_element = element_colours([ion.number for ion in all_ions()])
    colours = [of_element[ion.element] for ion in all_ions()]
    square = f'<rect x="{x:g}" y="{y:g}" width="{BLOCK}" height="{BLOCK}" fill="none" stroke="{LINE}"/>'
    dots = []
    for code, (u, v) in zip(codes, SITE_XY, strict=True):
        fill = "none" if code == VACANCY else colours[int(code) - 1]
        at = f'cx="{x + (u + 0.25) * BLOCK:g}" cy="{y + (v + 0.25) * BLOCK:g}"'
        dots.append(f'<circle {at} r="{RADIUS}" fill="{fill}" stroke="{LINE}"/>')
    return square + "".join(dots)
