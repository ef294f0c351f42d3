"""A field as a whole: what it says, the hull as a chart, the chosen composition beside it, all as a table."""

from __future__ import annotations

import streamlit as st

from pages.common.columns import LIVE, beside
from pages.common.errors import plain, show_errors
from pages.common.glossary import caption
from pages.common.watching import has_changed, in_turn
from pages.common.wording import typeset
from pages.components.chart import csv_button, live_chart
from pages.field.choosing import choose, choose_composition, chosen_place
from pages.field.composition import show_composition
from pages.field.points import show_next, show_points
from pages.field.reading import Entry, Shown, shown
from rlcsp_core.analysis.phase_field import PhaseField, by
from rlcsp_core.analysis.phase_field_words import (
    doubt_in_words,
    hull_map,
    known_in_words,
    result_in_words,
)
from rlcsp_core.analysis.second_look import TRAINED_ON_KNOWN
from rlcsp_core.plots.export import figure_table
from rlcsp_core.plots.phase_field import phase_field_figure
from rlcsp_core.plots.structure_map import place_clicked
from rlcsp_core.relax.learned import MODELS

REFRESH = 4.0  # s between looks at searches that are at work
WHAT_IT_IS = (
    "Which compounds form between a few oxides, or other end members? A compound is stable where no mixture of others "
    "has a lower energy: where it lies on the convex hull of energy over composition. Each composition of the field is "
    "searched with several seeds on ions, and a machine-learned potential relaxes the lowest minima again."
)


def show_what_it_is(entry: Entry) -> None:
    """Of a field that nobody has searched yet, and how to begin."""
    caption(WHAT_IT_IS)
    st.info(
        plain(
            f"No search of this field yet: {len(entry.definition.mixtures)} compositions of "
            f"{', '.join(entry.definition.end_members)}, {entry.definition.n_seeds} seeds each. Start it in a "
            "terminal; this page shows it as it grows:"
        ),
        icon=":material/info:",
    )
    st.code(f"rlcsp field {entry.definition.name}", language="sh")


@in_turn
def show_field(entry: Entry, before: Shown, energy: str, every: float | None) -> None:
    """Drawn again by itself while searches are at work; `before` is what the page knew."""
    now = shown(entry)
    changed = before.at_work != now.at_work or before.field.energies != now.field.energies
    if changed or (every is not None and has_changed(every, REFRESH)):
        st.rerun()  # once more as a whole: without the timer or with another, or with another energy to choose
    with show_errors(), st.container(key=f"{LIVE}-field"):
        _show(now, entry, energy)


def _show(now: Shown, entry: Entry, energy: str) -> None:
    field = now.field
    _progress(now)
    _result(field, energy)
    place = chosen_place(field, energy)
    left, right = beside("field", [7, 5])
    with left:
        _chart(field, energy, place, entry)
    with right:
        choose_composition(field, place)
        show_composition(entry, now, energy, place)
    show_points(entry, field, energy)
    show_next(field, entry)


def _progress(now: Shown) -> None:
    field = now.field
    done, every = field.n_searched, len(field.points)
    if done == every and not now.at_work:
        return
    words = f"{done} of {every} compositions searched, {field.n_searches} of {field.n_wanted} searches done"
    st.progress(min(field.n_searches / max(field.n_wanted, 1), 1.0), words)


def _result(field: PhaseField, energy: str) -> None:
    said = typeset(plain(result_in_words(field, energy)))
    if energy in field.facets:
        st.success(f"**{said}**", icon=":material/landscape:")
    else:
        st.info(said, icon=":material/info:")
    more = [known_in_words(field, energy), doubt_in_words(field, energy)]
    more += [TRAINED_ON_KNOWN if energy in MODELS else None]
    st.caption(typeset(plain(" ".join(filter(None, more)))))


def _chart(field: PhaseField, energy: str, place: int, entry: Entry) -> None:
    figure = phase_field_figure(hull_map(field, energy), place)
    clicked = live_chart(
        figure,
        key=f"hull-{entry.name}",
        description=f"Convex hull {by(energy)} of {len(field.points)} compositions of {', '.join(field.end_members)}. "
        f"{result_in_words(field, energy)} A click chooses a composition; the list and the table do the same.",
        filename=f"{field.name}-hull",
        clickable=True,
    )
    caption(
        "Filled: on the convex hull; open: above it. A diamond: a compound of this composition is known; the structure "
        "found may be another. Click a mark. What has a dotted ring needs more searches."
    )
    csv_button("Data (CSV)", f"{field.name}-hull", lambda: figure_table(figure))
    if clicked:
        wanted = place_clicked(figure, clicked.get("curve"), clicked.get("index"))
        if wanted is not None and wanted != place:
            choose(field.points[wanted].formula)
            st.rerun()
