"""All compositions as a table to choose from and to take away; what to search next."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from pages.common.errors import plain
from pages.common.wording import typeset
from pages.components.table import with_digits
from pages.field.choosing import choose
from pages.field.reading import Entry
from rlcsp_core.analysis.phase_field import IONS, PhaseField, by, label_of_energy
from rlcsp_core.analysis.phase_field_files import FORMS
from rlcsp_core.analysis.phase_field_next import search_next
from rlcsp_core.analysis.phase_field_words import by_height, next_in_words

ROWS = 12  # seen at a time
ROW_HEIGHT = 36  # pixels
TABLE = "field-points"


def show_points(entry: Entry, field: PhaseField, energy: str) -> None:
    st.subheader("All compositions", anchor="compositions")
    points = by_height(field, energy)
    energies = [energy, *(each for each in (IONS, *field.facets) if each != energy)]
    why = {each.point.formula: each.why for each in search_next(field)}
    table = pd.DataFrame(
        {
            "composition": [typeset(point.formula) for point in points],
            **{
                each: [1000 * point.hulls[each].above if each in point.hulls else None for point in points]
                for each in dict.fromkeys(energies)
            },
            "known": [typeset(point.known or "") for point in points],
            "is": [point.found.get(energy, "") for point in points],
            "hits": [f"{point.hits} of {point.n_finished}" if point.n_finished else "" for point in points],
            "next": [why.get(point.formula, "") for point in points],
        }
    )
    table = table.astype(dict.fromkeys(energies, float))
    st.dataframe(
        with_digits(table, dict.fromkeys(energies, 1)),
        hide_index=True,
        key=TABLE,
        height=ROW_HEIGHT * (min(len(table), ROWS) + 1),
        row_height=ROW_HEIGHT,
        placeholder="",
        on_select=partial(_choose_row, [point.formula for point in points]),
        selection_mode="single-row",
        column_config={
            **{
                each: st.column_config.NumberColumn(
                    f"above hull, {label_of_energy(each)}", help=f"In meV/atom; 0.0: stable {by(each)}"
                )
                for each in energies
            },
            "known": st.column_config.TextColumn("known compound"),
            "is": st.column_config.TextColumn(f"found {by(energy)}", help="The known crystal that it is"),
            "hits": st.column_config.TextColumn(
                "seeds, on ions",
                help="Searches that ended at the lowest minimum on ions, of those that are done",
            ),
            "next": st.column_config.TextColumn("search again because"),
        },
        alt="Compositions with their energies above the hull; select a row to see its structure.",
    )
    st.caption("Energies above the hull in meV/atom. Select a row to see its structure.")
    with st.container(horizontal=True):
        for ending, form in FORMS.items():
            st.download_button(
                form.label,
                data=partial(form.write, field, entry.reader),
                file_name=f"{field.name}{ending}",
                mime=form.mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"field{ending}",
            )


def _choose_row(formulas: list[str]) -> None:
    rows = st.session_state[TABLE].selection.rows
    if rows and rows[0] < len(formulas):
        choose(formulas[rows[0]])


def show_next(field: PhaseField, entry: Entry) -> None:
    st.subheader("What to search next", anchor="next")
    wanted = next_in_words(field)
    if not wanted:
        st.caption(
            "Every composition was searched, and a second seed found each minimum on the hull or near it."
        )
        return
    st.markdown("\n".join(f"1. **{typeset(what)}**: {plain(typeset(why))}" for what, why in wanted))
    goes_on = (
        "goes on where it stopped" if entry.own else "searches the field in the database of this dashboard"
    )
    st.caption(f"The command {goes_on}; what is in doubt it searches again, longer and with other seeds:")
    st.code(f"rlcsp field {entry.definition.name}", language="sh")
