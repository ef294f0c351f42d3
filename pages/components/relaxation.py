"""Relaxing a structure while the reader waits."""

from __future__ import annotations

import streamlit as st

from pages.common.wording import energy as energy_words
from rlcsp_core.energy.choice import potential_for
from rlcsp_core.plots.crystal_view import Frame
from rlcsp_core.records import Crystal
from rlcsp_core.relax import is_warm, warm
from rlcsp_core.relax.film import Film, relax_film


def compile_engine() -> None:
    """Wait for the energy engine, with a word on what is happening."""
    if not is_warm():
        with st.spinner("Compiling the energy engine, once; this takes a minute …"):
            warm()


def relaxed(crystal: Crystal) -> Film:
    """The relaxation with the potential of the searches of such a composition."""
    potential = potential_for(crystal.numbers)
    compile_engine()
    with st.spinner("Relaxing atoms and cell …"):
        return relax_film(crystal, potential)


def frames_of(film: Film) -> list[Frame]:
    return [Frame(crystal, f"{energy_words(energy)} eV/atom") for crystal, energy in film.frames]
