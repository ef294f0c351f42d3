"""Which field, energy and composition: kept in the URL, chosen by lists, in the chart and in the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from pages.common.errors import show_error
from pages.common.url import choice, remember
from pages.common.wording import typeset
from pages.field.reading import Entry
from rlcsp_core.analysis.phase_field import IONS, PhaseField
from rlcsp_core.analysis.phase_field_words import compounds, first_word, stable_compounds
from rlcsp_core.relax.learned import label_of
from rlcsp_core.store.library import SUFFIX

FIELD, ENERGY, FORMULA = "field", "energy", "formula"  # in the URL
FORMULA_KEY = f"url-{FORMULA}"


def choose_field(known: Mapping[str, Entry]) -> Entry:
    names = list(known)
    asked = st.query_params.get(FIELD, names[0])
    if asked not in known:
        asked = f"{asked}{SUFFIX}"  # a shipped one, by its name on the command line
    if asked not in known:
        show_error("Unknown phase field in the URL; choose one from the list below.")
    picked = st.selectbox(
        "Field",
        names,
        names.index(asked) if asked in known else 0,
        labels(known).__getitem__,
        key=f"url-{FIELD}",
    )
    remember(FIELD, [picked])
    return known[picked]


def labels(known: Mapping[str, Entry]) -> dict[str, str]:
    """Each another, for the reader and for the widget, which goes by these words."""
    titles = Counter(entry.label for entry in known.values())
    return {
        name: entry.label if titles[entry.label] == 1 else f"{entry.label} · {name}"
        for name, entry in known.items()
    }


def choose_energy(field: PhaseField) -> str:
    """That to begin with first."""
    if not field.facets:
        return IONS
    first = first_word(field)
    order = sorted(field.facets, key=lambda energy: energy != first)
    words = {energy: f"Ions ({field.potential})" if energy == IONS else label_of(energy) for energy in order}
    return choice("Energy", words, ENERGY)


def chosen_place(field: PhaseField, energy: str) -> int:
    """Of the composition in the URL; else the most stable compound."""
    formulas = [point.formula for point in field.points]
    asked = st.session_state.get(FORMULA_KEY) or st.query_params.get(FORMULA)
    if asked in formulas:
        return formulas.index(asked)
    if asked is not None and FORMULA_KEY not in st.session_state:
        show_error(
            "The URL names a composition that is not one of this field; choose one in the chart or the table."
        )
    first = next(iter(stable_compounds(field, energy) or compounds(field)))
    return formulas.index(first.formula)


def choose_composition(field: PhaseField, place: int) -> None:
    """A list of all of them, for keyboards and telephones."""
    formulas = [point.formula for point in field.points]
    if st.session_state.get(FORMULA_KEY) not in formulas:
        st.session_state.pop(FORMULA_KEY, None)
    picked = st.selectbox("Composition", formulas, place, typeset, key=FORMULA_KEY)
    remember(FORMULA, [picked])


def choose(formula: str) -> None:
    """Before the list above is drawn."""
    st.session_state[FORMULA_KEY] = formula
