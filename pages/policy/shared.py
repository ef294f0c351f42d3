"""Policies that several runs share: which runs made them, and how they grew."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import pandas as pd
import streamlit as st

from pages.common.cache import cached
from pages.common.wording import STATES, ago, run_title
from pages.components.chart import chart
from pages.components.figures import show_figures
from rlcsp_core.analysis.shared_policy import Growth, growth, shares, spread_evenly
from rlcsp_core.plots.policy import shared_figure
from rlcsp_core.store import PolicyTable, RunInfo, Store

CHART_POINTS = 2000
LISTED = 1000  # updates in the table, the newest


def show_shared_policies(store: Store) -> None:
    """Choose one and see it; nothing where there is none."""
    names = store.policy_names()
    if not names:
        return
    st.header("Shared policies")
    name = st.selectbox("Shared policy", names, key="shared-policy")
    runs = [run for run in store.runs() if run.policy == name]
    policy = store.policy(name)
    table = _history(store, name, policy.version)
    grown = growth(table.theta)
    if not len(table):
        st.info(
            f"{len(runs)} runs have named this policy; none has made an update yet: an update follows each episode."
        )
        _runs(table, grown, runs)
        return
    _numbers(table, grown, runs)
    _charts(table, grown, runs)
    _runs(table, grown, runs)
    with st.expander("Every update in order", key="shared-updates", on_change="rerun") as expander:
        if expander.open:
            _updates(table, grown, runs)


@cached(8, "Reading the policy …")
def _history(store: Store, name: str, version: int) -> PolicyTable:  # noqa: ARG001 - tells its states apart
    return store.policy_history(name)


def _title(run_id: str, runs: Sequence[RunInfo]) -> str:
    known = next((run for run in runs if run.id == run_id), None)
    return f"{run_title(known)} ({run_id})" if known else f"deleted run {run_id}"


def _numbers(table: PolicyTable, grown: Growth, runs: Sequence[RunInfo]) -> None:
    evenly = log(table.theta.shape[1])
    figures = (
        ("Updates", str(int(table.version[-1])), f"the last {ago(float(table.time[-1]))}"),
        (
            "Runs",
            str(len({*table.run_id} | {run.id for run in runs})),
            f"{len({*table.run_id})} have updated it",
        ),
        ("‖θ‖", f"{grown.norm[-1]:.3g}", f"last update {grown.change[-1]:.2g}"),
        ("Entropy (nats)", f"{grown.entropy[-1]:.3f}", f"{evenly:.3f} where all actions are equal"),
    )
    show_figures("shared", figures)


def _charts(table: PolicyTable, grown: Growth, runs: Sequence[RunInfo]) -> None:
    shown = spread_evenly(len(table), CHART_POINTS)
    titles = {run_id: _title(run_id, runs) for run_id in table.run_id}
    makers = [titles[table.run_id[k]] for k in shown]
    evenly = log(table.theta.shape[1])
    left, right = st.columns(2)
    with left:
        chart(
            shared_figure(table.version[shown], grown.norm[shown], makers, "‖θ‖"),
            "shared-norm",
            f"Norm of the shared parameters after each update; {grown.norm[-1]:.3g} after the last.",
        )
    with right:
        chart(
            shared_figure(
                table.version[shown], grown.entropy[shown], makers, "Entropy (nats)", highest=evenly
            ),
            "shared-entropy",
            f"Entropy of the shared policy after each update; {grown.entropy[-1]:.3f} nats after the last.",
        )
    st.caption(
        "A mark shows the run that made the update. Entropy at the mean energy of a run's initial population, without "
        "exploration."
        + ("" if len(shown) == len(table) else f" {len(shown)} of {len(table)} updates are drawn.")
    )


def _runs(table: PolicyTable, grown: Growth, runs: Sequence[RunInfo]) -> None:
    states = {run.id: STATES[run.state].label for run in runs}
    rows = shares(list(table.run_id), table.version, grown.change, [run.id for run in reversed(runs)])
    st.dataframe(
        pd.DataFrame(
            {
                "run": [_title(row.run_id, runs) for row in rows],
                "state": [states.get(row.run_id, "") for row in rows],
                "updates": [row.updates for row in rows],
                "first": pd.array([row.first or None for row in rows], dtype="Int64"),
                "last": pd.array([row.last or None for row in rows], dtype="Int64"),
                "change": [row.length for row in rows],
                "open": [f"Search?run={row.run_id}" if row.run_id in states else None for row in rows],
            }
        ),
        hide_index=True,
        column_config={
            "first": st.column_config.NumberColumn("first update"),
            "last": st.column_config.NumberColumn("last update"),
            "change": st.column_config.NumberColumn("Σ ‖Δθ‖", format="%.3g"),
            "open": st.column_config.LinkColumn("open", display_text="open"),
        },
    )


def _updates(table: PolicyTable, grown: Growth, runs: Sequence[RunInfo]) -> None:
    newest = slice(max(0, len(table) - LISTED), None)
    titles = {run_id: _title(run_id, runs) for run_id in table.run_id}
    st.dataframe(
        pd.DataFrame(
            {
                "update": table.version[newest],
                "run": [titles[run_id] for run_id in table.run_id[newest]],
                "step": table.step[newest],
                "made": pd.to_datetime(table.time[newest], unit="s"),
                "change": grown.change[newest],
                "norm": grown.norm[newest],
                "entropy": grown.entropy[newest],
            }
        ),
        hide_index=True,
        column_config={
            "step": st.column_config.NumberColumn("at its step"),
            "made": st.column_config.DatetimeColumn("made (UTC)", format="YYYY-MM-DD HH:mm:ss"),
            "change": st.column_config.NumberColumn("‖Δθ‖", format="%.3g"),
            "norm": st.column_config.NumberColumn("‖θ‖", format="%.4g"),
            "entropy": st.column_config.NumberColumn("entropy (nats)", format="%.4f"),
        },
    )
    if len(table) > LISTED:
        st.caption(f"The newest {LISTED} of {len(table)}.")
