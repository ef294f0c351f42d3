"""A crystal in 3-D that stays alive: new structures are drawn into the same window, and the camera stays.

    show_crystal(crystal, key="best")                       one structure
    show_crystal([Frame(trial, "as built"), Frame(relaxed, "relaxed")], key="step")    before and after, or a film

What is drawn was computed in Python (`rlcsp_core.crystal.scene`); the script draws lists, with 3Dmol.js from
`static/3dmol/`, so that no request leaves the machine.  Everything travels as data, never inside HTML.  A browser
allows few WebGL contexts: use one viewer a page, and frames where several structures are to be compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from ase.data import chemical_symbols, covalent_radii

from rlcsp_core.crystal.bonds import find_bonds, is_centre
from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.ions import ions_by_name
from rlcsp_core.crystal.scene import Repeats, scene
from rlcsp_core.crystal.summary import Site, cell_parameters, sites
from rlcsp_core.plots.palette import ELEMENT_COLOURS
from rlcsp_core.records import Array, Crystal

HERE = Path(__file__)
LIBRARY = "app/static/3dmol/3Dmol-min.js"
ONE = "1×1×1"
SUPERCELL = re.compile(r"([1-5])×([1-5])×([1-5])")  # cells along a, b and c, each as many as one likes
MAX_ATOMS_DRAWN = 1500  # of a supercell; more is slow on a tablet
SMALLEST_SPHERE, SPHERE_GROWTH = (
    0.24,
    0.13,
)  # Å, and Å per Å of ionic radius: touching spheres would hide the bonds
OTHER_COLOURS = (
    "#0072b2",
    "#cc79a7",
    "#e69f00",
    "#999999",
    "#7a5195",
    "#8c6d31",
)  # elements without one of their own
POSITION_DIGITS = 3  # of Å, for drawing

_component = st.components.v2.component(
    "rlcsp_crystal_view",
    html='<div class="crystal-view"></div>',
    css=HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


class Frame(NamedTuple):
    """A picture of a film, or one side of a comparison."""

    crystal: Crystal
    label: str


def show_crystal(
    crystal: Crystal | Sequence[Frame],
    *,
    key: str,
    height: int = 420,
    caption: str | None = None,
    controls: bool = True,
    start: int = 0,
    name: str = "crystal",
) -> None:
    """Show one crystal, or several frames to choose from, beginning with frame `start`.

    height is of the picture alone, in pixels; controls=False leaves the legend only; name is that of saved pictures.
    """
    frames = [Frame(crystal, "")] if isinstance(crystal, Crystal) else list(crystal)
    n_atoms = max(frame.crystal.n_atoms for frame in frames)
    chosen = supercell(getattr(st.session_state.get(key), "supercell", None), n_atoms)
    data = view_data(frames, chosen) | {
        "library": _library_address(),
        "most_cells": MAX_ATOMS_DRAWN // n_atoms,
        "supercell": chosen,
        "height": height,
        "caption": caption,
        "controls": controls,
        "start": start,
        "name": name,
    }
    _component(key=key, data=data, on_supercell_change=_nothing)


def _nothing() -> None:
    """A callback makes the component's state carry `supercell`."""


def _library_address() -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/{LIBRARY}" if base else f"/{LIBRARY}"


def supercell(asked: object, n_atoms: int) -> str:
    """The supercell a browser asks for, if it is one and can be drawn; else the single cell."""
    if not isinstance(asked, str) or not SUPERCELL.fullmatch(asked):
        return ONE
    return asked if n_atoms * prod(_repeats(asked)) <= MAX_ATOMS_DRAWN else ONE


def _repeats(text: str) -> Repeats:
    a, b, c = (int(n) for n in text.split("×"))
    return a, b, c


def view_data(frames: Sequence[Frame], supercell: str = ONE) -> dict[str, Any]:
    """All that the script draws, ready for JSON."""
    repeats = _repeats(supercell)
    pictures = [_picture(CrystalKey(frame.crystal), repeats) | {"label": frame.label} for frame in frames]
    numbers = sorted({int(z) for frame in frames for z in frame.crystal.numbers})
    return {
        "frames": pictures,
        "colours": element_colours(numbers),
        "radii": {chemical_symbols[z]: sphere_radius(z) for z in numbers},
        "polyhedra": _polyhedra_at_first(numbers),
    }


def element_colours(numbers: Sequence[int]) -> dict[str, str]:
    """Colour of each element by symbol."""
    symbols = [chemical_symbols[z] for z in numbers]
    others = [symbol for symbol in symbols if symbol not in ELEMENT_COLOURS]
    spare = {symbol: OTHER_COLOURS[k % len(OTHER_COLOURS)] for k, symbol in enumerate(others)}
    return {symbol: ELEMENT_COLOURS.get(symbol) or spare[symbol] for symbol in symbols}


@lru_cache
def sphere_radius(number: int) -> float:
    ion = ions_by_name().get(chemical_symbols[number])
    radius = ion.radius if ion else float(covalent_radii[number])
    return round(SMALLEST_SPHERE + SPHERE_GROWTH * radius, POSITION_DIGITS)


def _polyhedra_at_first(numbers: Sequence[int]) -> dict[str, bool]:
    """Elements that polyhedra can be drawn around; at first only around the one of highest charge."""
    ions = ions_by_name()
    charges = {z: ions[chemical_symbols[z]].charge for z in numbers if chemical_symbols[z] in ions}
    centres = [z for z in numbers if is_centre(z)]
    highest = max((charges.get(z, 0) for z in centres), default=0)
    return {chemical_symbols[z]: charges.get(z, 0) == highest for z in centres}


class CrystalKey:
    """A crystal as a key of a cache: equal where all numbers are."""

    def __init__(self, crystal: Crystal) -> None:
        self.crystal = crystal
        self._bytes = crystal.numbers.tobytes() + crystal.positions.tobytes() + crystal.cell.tobytes()

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CrystalKey) and self._bytes == other._bytes


@lru_cache(maxsize=256)
def _picture(key: CrystalKey, repeats: Repeats) -> dict[str, Any]:
    crystal = key.crystal
    drawn = scene(crystal, repeats)
    symbols, found = np.unique([chemical_symbols[z] for z in crystal.numbers], return_inverse=True)
    kinds = found.astype(np.int64)
    shapes = list({id(shape): shape for _, shape in drawn.hulls}.values())
    number = {id(shape): s for s, shape in enumerate(shapes)}
    return {
        "formula": formula_of(crystal.numbers),
        "elements": symbols.tolist(),
        "cell": _flat(crystal.cell),
        "repeats": list(repeats),
        "i": drawn.atoms.tolist(),
        "e": kinds[drawn.atoms].tolist(),
        "p": drawn.places.tolist(),
        "x": _flat(drawn.positions),
        "bonds": drawn.bonds.ravel().tolist(),
        "shapes": [{"v": _flat(shape.vertices), "f": shape.faces.ravel().tolist()} for shape in shapes],
        "hulls": [[m, number[id(shape)]] for m, shape in drawn.hulls],
        "sites": [
            {
                "e": int(kind),
                "at": [round(x, POSITION_DIGITS) for x in site.position],
                "words": _site_in_words(site),
            }
            for kind, site in zip(kinds, sites(crystal), strict=True)
        ],
        "words": in_words(crystal),
    }


def _flat(points: Array) -> list[float]:
    return np.round(points, POSITION_DIGITS).ravel().tolist()


def _site_in_words(site: Site) -> str:
    if not site.coordination:
        return "no bonds"
    words = (
        f"{site.coordination} bonds of {site.shortest:.3f} to {site.longest:.3f} Å, mean {site.mean:.3f} Å"
    )
    return words if np.isnan(site.valence) else f"{words}; bond-valence sum {site.valence:.2f}"


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
