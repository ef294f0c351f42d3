"""Choosing runs: one or several out of all, kept in the URL as ?run=."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.common.sitemap import SEARCH
from pages.common.url import remember, runs_in_address
from pages.common.wording import run_title
from rlcsp_core.store import Reader, RunInfo

LISTED = 300
Fits = Callable[[RunInfo], bool]


def run_label(run: RunInfo) -> str:
    """The id tells runs of equal settings apart, for the reader and for widgets, which go by these words."""
    return f"{run_title(run)} · {run.n_steps} steps ({run.id})"


def runs_that_fit(store: Reader, fits: Fits) -> dict[str, RunInfo]:
    """By id: the newest runs of the database, then those of experiments, the shipped ones too; no archived ones."""
    runs = {run.id: run for run in store.runs(LISTED)}
    for experiment in store.experiments():
        runs |= {run.id: run for run in store.runs(LISTED, experiment=experiment) if run.id not in runs}
    return {run.id: run for run in runs.values() if fits(run) and not run.archived}


def _offered(store: Reader, fits: Fits) -> tuple[dict[str, RunInfo], list[str]]:
    """Runs to choose from, and those of them that are in the URL."""
    asked = {run.id: run for run in map(store.run, runs_in_address(store)) if fits(run)}
    listed = runs_that_fit(store, fits)
    return listed | {run_id: run for run_id, run in asked.items() if run_id not in listed}, list(asked)


def pick_run(
    store: Reader, fits: Fits = lambda run: run.n_steps > 0, rather: Fits = lambda _: True
) -> RunInfo | None:
    """The run in the URL, or the newest, `rather` one like this; None, and what to do, where there is none."""
    known, asked = _offered(store, fits)
    if not known:
        offer_search("There is no run with steps yet: start a search on the page Search.")
        return None
    ids = list(known)
    begin = asked[0] if asked else next((run.id for run in known.values() if rather(run)), ids[0])
    chosen = st.selectbox("Run", ids, ids.index(begin), lambda run_id: run_label(known[run_id]))
    remember("run", [chosen])
    return known[chosen]


def pick_runs(
    store: Reader, fits: Fits, label: str, *, place: Any = st, first: int = 0, most: int | None = None
) -> list[RunInfo]:
    """Those in the URL, or the `first` of the newest; at most `most`."""
    known, asked = _offered(store, fits)
    chosen: list[str] = place.multiselect(
        label,
        list(known),
        asked[:most] or list(known)[:first],
        lambda run_id: run_label(known[run_id]),
        max_selections=most,
        placeholder="choose runs",
    )
    remember("run", chosen)
    return [known[run_id] for run_id in chosen]


def offer_search(why: str) -> None:
    """What to do where there are no runs."""
    st.info(why, icon=":material/info:")
    st.page_link(SEARCH.file, label="Start a search", icon=":material/play_arrow:")
