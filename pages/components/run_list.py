"""Earlier runs as a table in which one is chosen and opened."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.common.wording import STATES, ago, duration, typeset
from pages.components.table import with_digits
from rlcsp_core.agents import algorithm_name
from rlcsp_core.store import RunInfo

BRIEF = ("composition", "algorithm", "state", "steps", "lowest", "created")
ROW_HEIGHT = 36  # pixels
LETTER, LEAST = 7, 85  # pixels, of a name and of its column: by itself it is as wide as its first cells


def run_list(
    runs: Sequence[RunInfo], *, key: str, rows: int = 12, columns: Sequence[str] | None = None
) -> str | None:
    """The table, with all columns or some; the id of the run chosen in it."""
    table = run_table(runs)
    longest = max(map(len, table["algorithm"]), default=0)
    picked = st.dataframe(
        with_digits(table, {"lowest": 5}),
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=ROW_HEIGHT * (min(len(runs), rows) + 1),
        row_height=ROW_HEIGHT,
        column_order=columns,
        placeholder="",
        column_config={
            "algorithm": st.column_config.TextColumn(width=max(LEAST, LETTER * longest + 16)),
            "lowest": st.column_config.NumberColumn("lowest (eV/atom)"),
            "at target": st.column_config.NumberColumn("steps to target"),
        },
        alt="Earlier runs, the newest first; select a row to open a run.",
    )
    chosen = picked.selection.rows
    return runs[chosen[0]].id if chosen and chosen[0] < len(runs) else None


def run_table(runs: Sequence[RunInfo]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "composition": [typeset(run.composition) for run in runs],
            "algorithm": [algorithm_name(run.algorithm, run.config.get("baseline")) for run in runs],
            "seed": [run.seed for run in runs],
            "state": [STATES[run.state].label for run in runs],
            "steps": [run.n_steps for run in runs],
            "lowest": [run.best_energy for run in runs],
            "at target": pd.array([run.target_step for run in runs], dtype="Int64"),
            "search time": [duration(run.elapsed) for run in runs],
            "stop reason": [run.ending for run in runs],
            "created": [ago(run.created) for run in runs],
            "run": [run.id for run in runs],
        }
    )
