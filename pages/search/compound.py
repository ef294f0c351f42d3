"""What is searched: a formula, typed or picked from a list or the periodic table, and the potential that covers it.

The formula is read on the server, whichever way it came.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import streamlit as st

from pages.common.errors import plain
from pages.common.wording import energy, typeset
from pages.components.periodic_table import periodic_table, picked
from rlcsp_core.crystal.composition import Preset, composition_of, presets
from rlcsp_core.crystal.known import experiment
from rlcsp_core.energy.choice import Candidate, best_for, candidates
from rlcsp_core.energy.partners import formulas_of, partners
from rlcsp_core.energy.potential_file import DEFAULT
from rlcsp_core.errors import FormulaError

AS_TYPED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
RAISED = str.maketrans("23456789+-", "²³⁴⁵⁶⁷⁸⁹⁺⁻")
HINT = "Click elements, such as Mg and O. Grey: no shipped potential has them; hover to read why."
NO_FORMULA = "No neutral formula yet: add an element of the opposite charge."


class Compound(NamedTuple):
    """A formula as it was typed, and what is known of it."""

    formula: str
    preset: Preset | None  # its known minimum
    candidates: tuple[Candidate, ...]  # potentials that cover it, the best first
    problem: str | None  # why it cannot be searched

    def minimum(self, potential: str) -> Preset | None:
        """The known one, where it is that of this potential."""
        return self.preset if self.preset is not None and self.preset.potential == potential else None


def compound_field(key: str, first: str | None = None) -> Compound:
    """The field, which begins with the formula `first`, and the periodic table beside it."""
    known = list(presets())
    offered = known if first is None or first in known else [*known, first]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        formula = st.selectbox(
            "Compound",
            offered,
            index=0 if first is None else offered.index(first),
            format_func=_named,
            accept_new_options=True,
            key=f"{key}-composition",
            help="Choose one whose lowest structure is known, or type any charge-neutral formula, such as MgO.",
        )
        with st.popover("Elements", icon=":material/apps:", key=f"{key}-picker", on_change="rerun") as table:
            if table.open:
                _picker(key)
    return compound_of((formula or "").translate(AS_TYPED))


def compound_of(formula: str) -> Compound:
    try:
        best_for(formula)
        return Compound(formula, presets().get(composition_of(formula).formula), candidates(formula), None)
    except FormulaError as error:
        return Compound(formula, None, (), str(error))


def oxidation_states(key: str, compound: Compound) -> Compound:
    """Asks where potentials differ in the ions of a formula; the compound with those that were chosen."""
    states = {_ions(candidate): candidate.composition.ions for candidate in compound.candidates}
    if len(states) < 2:
        return compound
    chosen = st.radio(
        "Oxidation states", list(states), horizontal=True, key=f"{key}-states-{compound.formula}"
    )
    fitting = tuple(c for c in compound.candidates if c.composition.ions == states[chosen])
    return compound._replace(candidates=fitting)


def potential_field(key: str, compound: Compound) -> str:
    """The best one unless another is chosen; the usual one for what is no formula, of which the check says more."""
    by_name = {candidate.potential.name: candidate for candidate in compound.candidates}
    if not by_name:
        return DEFAULT
    return st.selectbox(
        "Potential",
        list(by_name),
        format_func=lambda name: f"{name}: {by_name[name].reason}",
        key=f"{key}-potential-{compound.formula}-{len(by_name)}",
        help="Of those that cover the compound, the one of its known minimum or else with the smallest measured error "
        "stands first.",
    )


def about(compound: Compound, potential: str) -> str:
    """A line below the field, in Markdown: ions, what is known of the compound, which potential and why."""
    chosen = next(c for c in compound.candidates if c.potential.name == potential)
    known = "No target energy is known: the search makes all its steps."
    if (preset := compound.minimum(potential)) is not None:
        real = experiment(preset.formula)
        other = f" (experiment: {real.name})" if real is not None and real.name != preset.name else ""
        known = f"Known minimum: {preset.name}{other}, {preset.symbol}, {preset.cell} atoms, "
        known += f"{energy(preset.target)} eV/atom."
    why = chosen.reason
    if chosen is compound.candidates[0] and preset is None:
        n = len(compound.candidates)
        why = f"{why}, the best of {n} that cover it" if n > 1 else f"{why}, the only one that covers it"
    if preset is not None and potential == DEFAULT:
        why = "that of the published searches"
    return plain(f"{known} Ions: {_ions(chosen)}. Potential {potential}: {why}.")


def _ions(candidate: Candidate) -> str:
    """Fe²⁺ Ti⁴⁺ O²⁻"""
    return " ".join(
        ion.element + ion.symbol.removeprefix(ion.element).translate(RAISED)
        for ion in candidate.composition.ions
    )


def _named(formula: str) -> str:
    preset = presets().get(formula)
    name = "" if preset is None or preset.name == formula else f" · {preset.name}"
    return f"{typeset(formula)}{name}"


def _picker(key: str) -> None:
    chosen = st.session_state.get(f"{key}-elements", [])
    periodic_table(chosen, partners(frozenset(chosen)), key=f"{key}-table", on_pick=partial(_pick, key))
    formulas = formulas_of(frozenset(chosen))
    with st.container(horizontal=True, vertical_alignment="center"):
        if formulas:
            choice = f"{key}-formula-{'-'.join(sorted(chosen))}"
            st.pills(
                "Formula", formulas, format_func=typeset, default=formulas[0], required=True, key=choice,
                on_change=partial(_take, key, choice), label_visibility="collapsed",
            )  # fmt: skip
        else:
            st.caption(HINT if len(chosen) < 2 else NO_FORMULA)
        if chosen:
            st.button("Clear", type="tertiary", key=f"{key}-clear", on_click=partial(_clear, key))


def _pick(key: str) -> None:
    """Add an element, or take it away; the first formula of all goes into the field."""
    element = picked(f"{key}-table")
    chosen = st.session_state.get(f"{key}-elements", [])
    if element in chosen:
        chosen = [other for other in chosen if other != element]
    elif element is not None and partners(frozenset(chosen)).get(element):
        chosen = [*chosen, element]
    st.session_state[f"{key}-elements"] = chosen
    if formulas := formulas_of(frozenset(chosen)):
        st.session_state[f"{key}-composition"] = formulas[0]


def _take(key: str, choice: str) -> None:
    if formula := st.session_state[choice]:
        st.session_state[f"{key}-composition"] = formula


def _clear(key: str) -> None:
    st.session_state[f"{key}-elements"] = []
