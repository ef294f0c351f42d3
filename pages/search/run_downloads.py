"""Where else to look at a run, and what of it to take away."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.common.sitemap import POLICY, REPLAY, STRUCTURES, PageInfo
from pages.components.chart import csv_button
from rlcsp_core.actions import Action
from rlcsp_core.analysis.learned import learns
from rlcsp_core.crystal.formats import FORMATS
from rlcsp_core.report import report
from rlcsp_core.search.policies import policy_names
from rlcsp_core.store import Reader, RunInfo, StepTable
from rlcsp_core.store.export import saved


def elsewhere(run: RunInfo) -> list[tuple[PageInfo, dict[str, str]]]:
    """Other views of a run; of what it learned, or of the policy that came with the program and that it follows."""
    places = [(STRUCTURES, {"run": run.id}), (REPLAY, {"run": run.id})]
    start = run.config.get("policy")
    if learns(run):
        places.append((POLICY, {"run": run.id}))
    elif start and start["name"] in policy_names():
        places.append((POLICY, {"policy": start["name"]}))
    return places


def downloads(store: Reader, run: RunInfo, actions: Sequence[Action]) -> None:
    """Made when asked for: a long run's table takes a while."""
    cif = FORMATS["cif"]
    with st.container(horizontal=True, vertical_alignment="center"):
        for page, query in elsewhere(run):
            st.page_link(page.file, label=page.title, icon=page.icon, query_params=query)
        csv_button(
            "Steps (CSV)",
            f"steps-{run.id}",
            lambda: steps_table(store.steps(run.id), actions),
            kind="secondary",
            disabled=not run.n_steps,
        )
        st.download_button(
            "Report (HTML)",
            data=lambda: report(store, store.run(run.id)),  # as it has become since
            file_name=f"report-{run.id}.html",
            mime="text/html",
            icon=":material/description:",
            on_click="ignore",
            disabled=not run.n_steps,
            key=f"report-{run.id}",
            help="One page with the charts, the best structure to turn, the settings, and how to run it again.",
        )
        st.download_button(
            "Run (ZIP)",
            data=lambda: saved(store, run.id),
            file_name=f"run-{run.id}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            key=f"zip-{run.id}",
            help="All that was recorded, as Parquet files. `rlcsp load` makes a run of it again, but for shipped runs.",
        )
        st.download_button(
            "Best structure (CIF)",
            data=lambda: cif.write(store.best_structure(run.id)[1]),  # type: ignore[index]  # enabled only then
            file_name=f"best-{run.id}{cif.suffix}",
            mime=cif.mime,
            icon=":material/download:",
            on_click="ignore",
            disabled=run.best_energy is None,
            key=f"cif-{run.id}",
        )


def steps_table(table: StepTable, actions: Sequence[Action]) -> pd.DataFrame:
    """All columns; an energy that does not exist is an empty field."""
    columns = {name: values for name, values in vars(table).items() if name != "probabilities"}
    for i, action in enumerate(actions):
        columns[f"probability_{action.number}"] = table.probabilities[:, i]
    return pd.DataFrame(columns)
