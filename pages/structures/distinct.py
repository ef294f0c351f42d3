"""Distinct structures to choose from: thumbnails and a table, one page of them at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.common.catalogue import Comparison, Found, comparison, load
from pages.common.crystals import thumbnail_of
from pages.common.errors import plain, show_errors
from pages.common.wording import energy as energy_words
from pages.common.wording import unbroken
from pages.components.chart import live_chart
from pages.components.number_field import number_field
from pages.structures.ancestry import run_history
from pages.structures.choosing import Address, address, open_structure
from rlcsp_core.analysis.distinct import Group, structure_map
from rlcsp_core.analysis.second_look import above_lowest
from rlcsp_core.plots.structure_map import place_clicked, structure_map_figure
from rlcsp_core.plots.thumbnail import as_address
from rlcsp_core.relax.learned import label_of
from rlcsp_core.store import Reader, RunInfo

COLUMNS = 2
GRID_PAGE = 12  # thumbnails at a time
LIST_HEIGHT = 1150  # pixels, as high as what is beside it
FIRST, MOMENT = 0.1, 0.5  # s of comparing, before what is known is shown: at first, and then
PAUSE = 1.5  # s between such moments: the page and its crystal are drawn meanwhile
WIDEST = 1000.0  # meV/atom, of the energy filter


def show_groups(store: Reader, runs: Sequence[RunInfo], chosen: Found) -> None:
    """Filters and thumbnails, the lowest first; a click opens.  As long as not all are compared, the list grows."""
    compared = comparison(store, runs)
    compared.go_on(FIRST)
    if compared.done:
        _groups(store, compared.groups, chosen)
    else:
        st.fragment(_growing, run_every=PAUSE)(store, compared, chosen, address(), time.monotonic())


def _growing(store: Reader, compared: Comparison, chosen: Found, shown: Address, begun: float) -> None:
    if time.monotonic() > begun + PAUSE:  # not in the run of the page, which has just compared
        with show_errors():
            compared.go_on(MOMENT)
    if compared.done or shown != address():  # by a click in the list, which reruns no more than the list
        st.rerun()
    n = len(compared.found)
    st.progress(compared.compared / n, f"Comparing structures: {compared.compared} of {n}")
    _groups(store, compared.groups, chosen)


def _groups(store: Reader, every: Sequence[Group[Found]], chosen: Found) -> None:
    with st.popover("Filter", icon=":material/filter_alt:", width="stretch"):
        groups = _filtered(every)
    if not every:  # another visitor has just begun to compare
        return
    if not groups:
        st.info("No structure passes these filters: widen them.")
        return
    found = sum(len(group.members) for group in every)
    distinct = "1 distinct structure" if len(groups) == 1 else f"{len(groups)} distinct structures"
    st.caption(f"{distinct} of {found} found, the lowest first; energies above it in meV/atom")
    pages = (len(groups) - 1) // GRID_PAGE + 1
    number = st.pagination(pages, key="grid") if pages > 1 else 1
    with st.container(height=LIST_HEIGHT, border=False):
        _grid(store, groups, GRID_PAGE * (number - 1), chosen)


def show_map(store: Reader, runs: Sequence[RunInfo], chosen: Found) -> None:
    """Energy against volume of what has been compared; a click opens."""
    groups = comparison(store, runs).groups
    if not groups:
        return
    st.subheader("Structure map")
    history = run_history(store, runs[0].id, runs[0].n_steps) if len(runs) == 1 else None
    known = structure_map(groups, history)
    place = next((g for g, group in enumerate(groups) if chosen in group.members), None)
    figure = structure_map_figure(known, place)
    clicked = live_chart(
        figure,
        key="map",
        description=f"Energy against volume of {len(groups)} distinct structures, coloured by space group. "
        "A click opens one; the list has the same.",
        filename="structure-map",
        clickable=True,
    )
    lines = " Lines: accepted steps of the search." if len(known.edges) else ""
    st.caption(f"Each point is a distinct structure; click one to open it.{lines}")
    if clicked:
        wanted = place_clicked(figure, clicked.get("curve"), clicked.get("index"))
        if wanted is not None and wanted != place:
            open_structure(groups[wanted].best)
            st.rerun()


def show_table(store: Reader, runs: Sequence[RunInfo]) -> None:
    """The same as a table, all that are compared."""
    with st.expander("All as a table", key="table", on_change="rerun") as table:
        if table.open:
            _table(store, comparison(store, runs).groups)


def _filtered(groups: Sequence[Group[Found]]) -> Sequence[Group[Found]]:
    if not groups:
        return []
    window = number_field("Energy above lowest ≤ (meV/atom)", WIDEST, 0, WIDEST, whole=False, key="window")
    symbols = sorted({group.space_group for group in groups})
    wanted = st.multiselect("Space groups", symbols, key="groups", placeholder="all")
    most = max(group.best.n_atoms for group in groups)
    atoms = number_field("Atoms per cell ≤", most, 1, most, whole=True, key=f"atoms-{most}")
    if window is None or atoms is None:
        return []
    top = groups[0].best.energy + window / 1000
    return [
        group
        for group in groups
        if group.best.energy <= top
        and group.best.n_atoms <= atoms
        and (not wanted or group.space_group in wanted)
    ]


def searches(store: Reader, members: Sequence[Found]) -> int:
    """How many searches found it; runs with equal settings and seeds are one, since they find the same again."""
    runs = {found.run_id for found in members}
    return len({repr(sorted(store.run(run_id).config.items())) for run_id in runs})


def _grid(store: Reader, groups: Sequence[Group[Found]], start: int, chosen: Found) -> None:
    lowest = groups[0].best.energy
    shown = groups[start : start + GRID_PAGE]
    again = _by_models(store, shown, groups)
    for row in range(0, len(shown), COLUMNS):
        for place, (column, group) in enumerate(
            zip(st.columns(COLUMNS), shown[row : row + COLUMNS], strict=False)
        ):
            rank = start + row + place + 1
            with column.container(border=True):
                st.image(thumbnail_of(load(store, group.best)), width="stretch", alt=f"Structure {rank}")
                above = (
                    f"**lowest**  \n{energy_words(group.best.energy)}"
                    if group.best.energy == lowest
                    else f"**+{1000 * (group.best.energy - lowest):.1f}**"
                )
                symbol = plain(unbroken(group.space_group))
                by = searches(store, group.members)
                st.caption(
                    f"{above}  \n{symbol}  \n{group.best.n_atoms} atoms"
                    + (f"  \nby {by} searches" if by > 1 else "")
                    + (f"  \nagain: {plain(', '.join(again[row + place]))}" if again[row + place] else "")
                )
                st.button(
                    f"Open {rank}",
                    key=f"open-{rank}",
                    type="primary" if group.best == chosen else "secondary",
                    width="stretch",
                    on_click=open_structure,
                    args=(group.best,),
                )


def _by_models(
    store: Reader, shown: Sequence[Group[Found]], every: Sequence[Group[Found]]
) -> list[list[str]]:
    """For each of them, what other models say of it: meV/atom above the lowest of each."""
    runs = sorted({found.run_id for group in every for found in group.members})
    return [
        [
            f"{label_of(model)} {'lowest' if above == 0 else f'+{1000 * above:.1f}'}"
            for model, above in of_group.items()
        ]
        for of_group in above_lowest(shown, store.refinements(runs))
    ]


def _table(store: Reader, groups: Sequence[Group[Found]]) -> None:
    lowest = groups[0].best.energy
    best = [group.best for group in groups]
    again = _by_models(store, groups, groups)
    st.dataframe(
        pd.DataFrame(
            {
                "picture": [as_address(thumbnail_of(load(store, found))) for found in best[: 5 * GRID_PAGE]]
                + [None] * max(0, len(best) - 5 * GRID_PAGE),
                "energy": [found.energy for found in best],
                "above": [1000 * (found.energy - lowest) for found in best],
                "space group": [group.space_group for group in groups],
                "atoms": [found.n_atoms for found in best],
                "found by searches": [searches(store, group.members) for group in groups],
                **({"again": [", ".join(words) for words in again]} if any(again) else {}),
                "first": [found.words for found in best],
                "run": [found.run_id for found in best],
                "open": [f"Structures?run={found.run_id}&structure={found.address}" for found in best],
            }
        ),
        hide_index=True,
        row_height=72,
        column_config={
            "picture": st.column_config.ImageColumn("structure"),
            "energy": st.column_config.NumberColumn("energy (eV/atom)", format="%.6f"),
            "above": st.column_config.NumberColumn("above the lowest (meV/atom)", format="%.2f"),
            "again": st.column_config.TextColumn("relaxed again (meV/atom)"),
            "first": st.column_config.TextColumn("lowest of them"),
            "open": st.column_config.LinkColumn("open", display_text="open"),
        },
    )
