"""A crystal in 3-D as data, ready for JSON: the script beside the page's component draws these lists.

e   element of a drawn atom, an index into "elements"       p   whether it lies in the cell (`crystal.scene`)
i   index of the drawn atom in the crystal                  x   coordinates [3 M], Å, one atom after the other
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from ase.data import chemical_symbols

from rlcsp_core.crystal.bonds import find_bonds, is_centre
from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.ions import ions_by_name
from rlcsp_core.crystal.scene import ONE_CELL, Repeats, scene
from rlcsp_core.crystal.summary import Site, cell_parameters, sites
from rlcsp_core.plots.elements import element_colours, sphere_radius
from rlcsp_core.records import Array, Crystal

DIGITS = 3  # of Å, for drawing
MOST_WITH_POLYHEDRA = 30  # atoms in a cell: of more, all behind the first are hidden
EXACT = 5  # of Å, where distances are measured
Picture = dict[str, Any]


class Frame(NamedTuple):
    """A picture of a film, or one side of a comparison."""

    crystal: Crystal
    label: str
    moved: Array | None = None  # [N, 3] Å, by which atoms came to where they are; drawn as arrows


def picture(crystal: Crystal, repeats: Repeats = ONE_CELL) -> Picture:
    """All that is drawn of one crystal."""
    drawn = scene(crystal, repeats)
    symbols, found = np.unique([chemical_symbols[z] for z in crystal.numbers], return_inverse=True)
    kinds = found.astype(np.int64)
    shapes = list({id(shape): shape for _, shape in drawn.hulls}.values())
    number = {id(shape): s for s, shape in enumerate(shapes)}
    return {
        "formula": formula_of(crystal.numbers),
        "elements": symbols.tolist(),
        "cell": _flat(crystal.cell, EXACT),
        "repeats": list(repeats),
        "i": drawn.atoms.tolist(),
        "e": kinds[drawn.atoms].tolist(),
        "p": drawn.places.tolist(),
        "x": _flat(drawn.positions, EXACT),
        "bonds": drawn.bonds.ravel().tolist(),
        "shapes": [{"v": _flat(shape.vertices), "f": shape.faces.ravel().tolist()} for shape in shapes],
        "hulls": [[m, number[id(shape)]] for m, shape in drawn.hulls],
        "sites": [
            {
                "e": int(kind),
                "at": [round(x, DIGITS) for x in site.position],
                "words": _site_in_words(site),
            }
            for kind, site in zip(kinds, sites(crystal), strict=True)
        ],
        "words": in_words(crystal),
    }


def view_data(
    frames: Sequence[Frame],
    repeats: Repeats = ONE_CELL,
    draw: Callable[[Crystal, Repeats], Picture] = picture,
) -> dict[str, Any]:
    """All frames with the colours and radii of their elements; `draw` may remember its pictures."""
    numbers = sorted({int(z) for frame in frames for z in frame.crystal.numbers})
    return {
        "frames": [draw(frame.crystal, repeats) | _of_frame(frame) for frame in frames],
        "colours": element_colours(numbers),
        "radii": {chemical_symbols[z]: sphere_radius(z) for z in numbers},
        "polyhedra": _polyhedra_at_first(numbers, max(frame.crystal.n_atoms for frame in frames)),
    }


def _of_frame(frame: Frame) -> Picture:
    return {"label": frame.label} | ({} if frame.moved is None else {"moved": _flat(frame.moved)})


def _polyhedra_at_first(numbers: Sequence[int], n_atoms: int) -> dict[str, bool]:
    """Elements that polyhedra can be drawn around; at first the one of highest charge, in a large cell none."""
    ions = ions_by_name()
    charges = {z: ions[chemical_symbols[z]].charge for z in numbers if chemical_symbols[z] in ions}
    centres = [z for z in numbers if is_centre(z)]
    highest = max((charges.get(z, 0) for z in centres), default=0)
    return {
        chemical_symbols[z]: n_atoms <= MOST_WITH_POLYHEDRA and charges.get(z, 0) == highest for z in centres
    }


def _flat(points: Array, digits: int = DIGITS) -> list[float]:
    return np.round(points, digits).ravel().tolist()


def _site_in_words(site: Site) -> str:
    if not site.coordination:
        return "no bonds"
    words = (
        f"{site.coordination} bonds of {site.shortest:.3f} to {site.longest:.3f} Å, mean {site.mean:.3f} Å"
    )
    return f"{words}; bond-valence sum {'unknown' if site.valence is None else f'{site.valence:.2f}'}"


def in_words(crystal: Crystal) -> str:
    """The crystal for somebody who does not see the picture."""
    bonds = find_bonds(crystal)
    cell = cell_parameters(crystal)
    parts = [
        f"{formula_of(crystal.numbers)}, {crystal.n_atoms} atoms in a cell with a = {cell.a:.2f}, b = {cell.b:.2f}, "
        f"c = {cell.c:.2f} Å, α = {cell.alpha:.1f}, β = {cell.beta:.1f}, γ = {cell.gamma:.1f} degrees."
    ]
    counts = np.bincount(bonds.i, minlength=crystal.n_atoms)
    for z in np.unique(crystal.numbers):
        numbers, times = np.unique(counts[crystal.numbers == z], return_counts=True)
        shells = ", ".join(f"{t} with {n} neighbours" for n, t in zip(numbers, times, strict=True))
        parts.append(f"{chemical_symbols[z]}: {shells}.")
    return " ".join(parts)
