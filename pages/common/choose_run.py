"""One run out of all: the one in the URL, or one chosen from a list."""

from __future__ import annotations

import streamlit as st

from pages.common.sitemap import SEARCH
from pages.common.url import runs_in_address
from pages.common.wording import run_title
from rlcsp_core.runs.curves import Reader
from rlcsp_core.store import RunInfo

LISTED = 300


def all_runs(store: Reader) -> list[RunInfo]:
    """The newest runs of the database, then those of experiments, the shipped ones too."""
    runs = {run.id: run for run in store.runs(LISTED)}
    for experiment in store.experiments():
        runs |= {run.id: run for run in store.runs(LISTED, experiment=experiment) if run.id not in runs}
    return list(runs.values())


def choose_run(store: Reader, *, learners_only: bool = False) -> RunInfo | None:
    """The run, kept in the URL as ?run=; None, and what to do, where there is none."""
    runs = [run for run in all_runs(store) if run.n_steps > 0]
    if learners_only:
        from rlcsp_core.runs.learned import learns

        runs = [run for run in runs if learns(run)]
    asked = runs_in_address(store)
    known = {run.id: run for run in runs}
    if asked and asked[0] not in known:
        other = store.run(asked[0])
        if other.n_steps > 0 and not learners_only:
            known = {other.id: other} | known
    if not known:
        st.info("There is no run with steps yet: start a search on the page Search.", icon=":material/info:")
        st.page_link(SEARCH.file, label="Start a search", icon=":material/play_arrow:")
        return None
    ids = list(known)
    index = ids.index(asked[0]) if asked and asked[0] in known else 0
    chosen = st.selectbox(
        "Run",
        ids,
        index=index,
        # the id tells runs of equal settings apart, for the reader and for the widget, which goes by these words
        format_func=lambda run_id: f"{run_title(known[run_id])} · {known[run_id].n_steps} steps ({run_id})",
    )
    if chosen != st.query_params.get("run"):
        st.query_params["run"] = chosen
    return known[chosen]
