"""What an ended search has found, in words: beside the known minimum, beside experiment, and what to try next."""

from __future__ import annotations

import streamlit as st

from pages.common.crystals import ending_of
from pages.common.errors import plain
from pages.common.wording import typeset
from rlcsp_core.analysis.verdict import Verdict
from rlcsp_core.crystal.composition import presets
from rlcsp_core.relax.learned import MODELS, installed
from rlcsp_core.store import Reader, RunInfo


def show_ending(store: Reader, run: RunInfo) -> None:
    """The verdict; nothing for a search that ended without a structure."""
    with st.spinner("Comparing with known crystals …"):
        said = ending_of(store, run)
    if said is None:
        return
    if said.is_experiment or run.target_step is not None:
        st.success(plain(" ".join([*beside_minimum(run), said.words])), icon=":material/check_circle:")
    else:
        next_step = advice(run, said, looked_again=bool(store.refinements([run.id])))
        st.info(plain(" ".join([*beside_minimum(run), said.words, next_step])), icon=":material/science:")


def beside_minimum(run: RunInfo) -> list[str]:
    """A sentence on the known minimum of its composition; none for a search that was not after it."""
    preset = presets().get(run.composition)
    if preset is None or run.config.get("target") != preset.target:
        return []
    if run.target_step is None:
        return [f"The known minimum, {preset.name} ({preset.symbol}), was not found."]
    when = f"after {run.target_step} steps" if run.target_step else "in the initial population"
    compound = typeset(run.composition)
    return [f"Found {preset.name} ({preset.symbol}), the known minimum of {compound}, {when}."]


def advice(run: RunInfo, said: Verdict, *, looked_again: bool) -> str:
    """What to do where the crystal of experiment was not found; a second look is named where one can be had."""
    if said.difference is not None and said.difference < 0:
        flaw = "Something lower than experiment is nearly always a flaw of the potential."
        if not looked_again and not any(installed(model) for model in MODELS):
            return flaw
        return f"{flaw} A second look, below, ranks what was found by another model."
    wider = ", or extended actions" if run.config.get("actions", "published") == "published" else ""
    return f"Try another seed or more steps{wider}."
