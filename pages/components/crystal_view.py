"""A crystal in 3-D that stays alive: new structures are drawn into the same window, and the camera stays.

    show_crystal(crystal, key="best")                       one structure
    show_crystal([Frame(trial, "as built"), Frame(relaxed, "relaxed")], key="step")    before and after, or a film

What is drawn was computed in Python (`rlcsp_core.plots.crystal_view`); the script draws lists, with 3Dmol.js from
`static/3dmol/`, so that no request leaves the machine.  Everything travels as data, never inside HTML.  A browser
allows few WebGL contexts: use one viewer a page, or two whose cameras are linked; else frames.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from pathlib import Path

import streamlit as st

from pages.common.cache import cached
from rlcsp_core.crystal.scene import Repeats
from rlcsp_core.plots.crystal_view import Frame, picture, view_data
from rlcsp_core.records import Crystal

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
LIBRARY = "static/3dmol/3Dmol-min.js"  # below /app
ONE = "1×1×1"
SUPERCELL = re.compile(r"([1-5])×([1-5])×([1-5])")  # cells along a, b and c, each as many as one likes
MAX_ATOMS_DRAWN = 1500  # of a supercell; more is slow on a tablet

_component = st.components.v2.component(
    "rlcsp_crystal_view", html='<div class="crystal-view"></div>', css=STYLE, js=SCRIPT
)
_picture = cached(256)(picture)


def show_crystal(
    crystal: Crystal | Sequence[Frame],
    *,
    key: str,
    height: int = 420,
    caption: str | None = None,
    controls: bool = True,
    start: int = 0,
    name: str = "crystal",
    link: str | None = None,
) -> None:
    """Show one crystal, or several frames to choose from, beginning with frame `start`.

    height is of the picture alone, in pixels; controls=False leaves the legend only; name is that of saved pictures.
    Pictures with the same `link` turn together, drawn to one scale.
    """
    frames = [Frame(crystal, "")] if isinstance(crystal, Crystal) else list(crystal)
    n_atoms = max(frame.crystal.n_atoms for frame in frames)
    chosen = supercell(getattr(st.session_state.get(key), "supercell", None), n_atoms)
    data = view_data(frames, _repeats(chosen), _picture) | {
        "library": _library_address(),
        "most_cells": MAX_ATOMS_DRAWN // n_atoms,
        "supercell": chosen,
        "height": height,
        "caption": caption,
        "controls": controls,
        "start": start,
        "name": name,
        "link": link,
    }
    _component(key=key, data=data, on_supercell_change=lambda: None)  # with it, its state carries `supercell`


def _library_address() -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{f'/{base}' if base else ''}/app/{LIBRARY}"


def supercell(asked: object, n_atoms: int) -> str:
    """The supercell a browser asks for, if it is one and can be drawn; else the single cell."""
    if not isinstance(asked, str) or not SUPERCELL.fullmatch(asked):
        return ONE
    return asked if n_atoms * prod(_repeats(asked)) <= MAX_ATOMS_DRAWN else ONE


def _repeats(text: str) -> Repeats:
    a, b, c = (int(n) for n in text.split("×"))
    return a, b, c
