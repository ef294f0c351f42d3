"""Simulated powder pattern of a structure over that of a known phase."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.common.crystals import pattern_of, phases_of
from pages.common.wording import typeset
from pages.components.chart import live_chart
from pages.components.number_field import number_field
from pages.structures.item import Item
from rlcsp_core.analysis.diffraction import (
    LONGEST,
    SHORTEST,
    WAVELENGTHS,
    profile,
    similarity,
)
from rlcsp_core.crystal.identity import Reference, references
from rlcsp_core.plots.structures import diffraction_figure
from rlcsp_core.records import Crystal

OTHER_WAVELENGTH = "other"


def show_powder(item: Item) -> None:
    first, second, third = st.columns(3)
    line = first.selectbox(
        "Radiation", [*WAVELENGTHS, OTHER_WAVELENGTH], key="radiation", persist_state="page"
    )
    wavelength = WAVELENGTHS.get(line) or number_field(
        "Wavelength (Å)",
        1.0,
        SHORTEST,
        LONGEST,
        whole=False,
        key="wavelength",
        place=second,
        persist_state="page",
    )
    phases = {_name(phase): phase for phase in references()}
    matches = phases_of(item.crystal)
    default = _name(matches[0].reference) if matches else None
    names = [None, *phases]
    chosen = third.selectbox(
        "Compare with",
        names,
        index=names.index(default),
        format_func=lambda name: typeset(name or "nothing"),
        key=f"phase-{default}",  # by key alone a field would keep the phase of the structure before
        persist_state="page",
    )
    if wavelength is None:
        return
    with st.spinner("Computing the pattern …"):
        scale = 1.0
        if chosen is not None and chosen in {_name(match.reference) for match in matches}:
            theirs = phases[chosen].crystal
            scale = (theirs.volume / theirs.n_atoms * item.crystal.n_atoms / item.crystal.volume) ** (1 / 3)
        pattern = pattern_of(scaled(item.crystal, scale), wavelength)
        mine = profile(pattern)
        other = None
        if chosen is not None:
            other = (typeset(chosen), profile(pattern_of(phases[chosen].crystal, wavelength)))
    strongest = max(zip(pattern.intensity, pattern.angle, pattern.labels, strict=True), default=None)
    words = f"strongest line {strongest[2]} at {strongest[1]:.2f} degrees" if strongest else "no lines"
    live_chart(
        diffraction_figure(
            "this structure" if scale == 1 else "this structure, scaled", pattern, mine, other
        ),
        key="powder",
        description=f"Simulated powder pattern, {len(pattern.angle)} lines, {words}.",
        filename=f"{item.name}-powder",
    )
    if other is not None:
        st.caption(
            f"Similarity of the two profiles: {similarity(mine, other[1]):.3f} (1: the same). "
            + (
                "Both lattices are as they are."
                if scale == 1
                else f"This structure's lattice is scaled by {scale:.4f} to the volume of the other, since peaks of "
                "lattices of different size are shifted against each other."
            )
        )


def _name(phase: Reference) -> str:
    return f"{phase.formula} {phase.name}"


def scaled(crystal: Crystal, factor: float) -> Crystal:
    return replace(crystal, positions=factor * crystal.positions, cell=factor * crystal.cell)
