"""All runs of the database in a table: found by words, named, tagged, archived, deleted and restored.

What a browser sends is a place in a list that was made here, and texts that the store checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.common.errors import plain, show_errors
from pages.common.session import store
from pages.common.sitemap import SEARCH
from pages.common.url import choice, remember, turn
from pages.compare.comparison import EXPERIMENTS
from pages.components.run_list import ROW_HEIGHT, run_table
from pages.components.table import with_digits
from rlcsp_core.store import RunInfo

MOST = 2000  # the newest; more are slow to send
ROWS = 14
CURRENT, ARCHIVED, DELETED = "Current", "Archived", "Deleted"
UNDO, GENERATION = "runs-undo", "runs-generation"
LONGEST = 120  # characters of a name or a filter
LONGEST_TAGS = 300


def runs_view(curves: str) -> None:
    """The table and what can be done with the rows that are chosen; `curves` is the view that compares them."""
    _offer_undo()
    filters, place = st.columns(2, vertical_alignment="bottom")
    with place:
        shelf = choice("Runs", [CURRENT, ARCHIVED, DELETED], "shelf", visible=False)
    words = filters.text_input(
        "Filter",
        key="runs-filter",
        max_chars=LONGEST,
        placeholder="words of a name, tag, composition, algorithm, state …",
    )
    every = _on(shelf)
    runs = _fitting(every, words) if words else every
    if not runs:
        st.info("No run fits: use other words." if every else f"There are no {shelf.lower()} runs.")
        return
    chosen = _table(runs, shelf)
    st.caption(f"{len(runs)} of {len(every)} runs. Select rows to compare, name, archive or delete them.")
    with st.container(horizontal=True):
        _actions(chosen, shelf, curves)


def _on(shelf: str) -> list[RunInfo]:
    if shelf == DELETED:
        return store().discarded_runs()
    return [run for run in store().runs(MOST) if run.archived == (shelf == ARCHIVED)]


def _fitting(runs: Sequence[RunInfo], words: str) -> list[RunInfo]:
    """Those of which every word is somewhere in what the table says, or in their name, tags and experiment."""
    told = [
        " ".join(
            [*map(str, row), run.composition, run.title or "", *run.tags, run.experiment or ""]
        ).casefold()
        for run, row in zip(runs, run_table(runs).itertuples(index=False), strict=True)
    ]
    wanted = words.casefold().split()
    return [run for run, text in zip(runs, told, strict=True) if all(word in text for word in wanted)]


def _table(runs: Sequence[RunInfo], shelf: str) -> list[RunInfo]:
    """The rows that are chosen."""
    table = run_table(runs)
    table.insert(0, "name", [run.title or "" for run in runs])
    table.insert(1, "tags", [list(run.tags) for run in runs])
    table.insert(2, "experiment", [run.experiment or "" for run in runs])
    unused = [name for name in table.columns[:3] if not table[name].map(bool).any()]
    picked = st.dataframe(
        with_digits(table, {"lowest": 5}),
        # another key after a change: what was chosen then is not what stands in its place now
        key=f"runs-{shelf}-{st.session_state.get(GENERATION, 0)}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=ROW_HEIGHT * (min(len(runs), ROWS) + 1),
        row_height=ROW_HEIGHT,
        column_order=[name for name in table if name not in unused],
        placeholder="",
        column_config={
            "tags": st.column_config.ListColumn("tags"),
            "lowest": st.column_config.NumberColumn("lowest (eV/atom)"),
            "at target": st.column_config.NumberColumn("steps to target"),
        },
        alt="Runs, the newest first.",
    )
    return [runs[row] for row in picked.selection.rows if row < len(runs)]


def _actions(chosen: Sequence[RunInfo], shelf: str, curves: str) -> None:
    ids = [run.id for run in chosen]
    nothing = not chosen
    if shelf == DELETED:
        _button("Restore", "restore_from_trash", nothing, _put_all, store().restore_run, ids)
        return
    _button("Compare", "monitoring", nothing, _compare, ids, curves)
    if st.button("Open", icon=":material/open_in_new:", disabled=len(chosen) != 1):
        st.switch_page(SEARCH.file, query_params={"run": ids[0]})
    with st.popover("Name and tags", icon=":material/sell:", disabled=nothing):
        _label(chosen)
    if shelf == ARCHIVED:
        _button("Take out of the archive", "unarchive", nothing, _put_all, _unarchived, ids)
    else:
        _button("Archive", "archive", nothing, _put_all, _archived, ids)
    _button("Delete", "delete", nothing, _delete, ids)


def _button(label: str, icon: str, disabled: bool, act: Callable[..., None], *args: object) -> None:
    st.button(
        label, icon=f":material/{icon}:", disabled=disabled, on_click=act, args=args, key=f"runs-{icon}"
    )


def _label(chosen: Sequence[RunInfo]) -> None:
    """One name for one run; tags for all that are chosen."""
    if not chosen:
        return
    first, key = chosen[0], "-".join(run.id for run in chosen)
    title = first.title or ""
    with st.form(f"label-{key}", border=False):
        if len(chosen) == 1:
            title = st.text_input("Name", title, max_chars=LONGEST)
        tags = st.text_input("Tags, with commas between them", ", ".join(first.tags), max_chars=LONGEST_TAGS)
        if st.form_submit_button("Save", type="primary"):
            words = [word.strip() for word in tags.split(",") if word.strip()]
            with show_errors():
                for run in chosen:
                    own = title.strip() if len(chosen) == 1 else run.title
                    store().label_run(run.id, title=own or None, tags=words)
                st.rerun()


def _archived(run_id: str) -> None:
    store().archive_run(run_id, True)


def _unarchived(run_id: str) -> None:
    store().archive_run(run_id, False)


def _put(where: Callable[[str], None], ids: Sequence[str]) -> list[str]:
    """Those that could be put there; a sentence for every other."""
    done = []
    for run_id in ids:
        with show_errors():
            where(run_id)
            done.append(run_id)
    st.session_state[GENERATION] = st.session_state.get(GENERATION, 0) + 1
    return done


def _put_all(where: Callable[[str], None], ids: Sequence[str]) -> None:
    _put(where, ids)


def _delete(ids: Sequence[str]) -> None:
    st.session_state[UNDO] = _put(store().discard_run, ids)


def _undo() -> None:
    _put(store().restore_run, st.session_state.pop(UNDO, []))


def _offer_undo() -> None:
    deleted = st.session_state.get(UNDO)
    if not deleted:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        n = len(deleted)
        st.markdown(plain(f"{n} {'run' if n == 1 else 'runs'} deleted, kept for a week under {DELETED}."))
        st.button("Undo", icon=":material/undo:", on_click=_undo, key="runs-undo-button")


def _compare(ids: Sequence[str], curves: str) -> None:
    turn("view", curves)
    st.session_state[EXPERIMENTS] = []
    st.query_params["view"] = curves
    remember("experiment", [])
    st.query_params["run"] = list(ids)
