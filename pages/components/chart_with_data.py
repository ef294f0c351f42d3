"""A figure with its data as CSV below it; pictures come from the figure's own buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.components.chart import live_chart
from rlcsp_core.plots.export import figure_table


def chart(figure: go.Figure, name: str, description: str) -> None:
    """`name` is that of the files, and must be the only one on the page."""
    live_chart(figure, key=f"chart-{name}", description=description, filename=name)
    csv_button("Data (CSV)", name, lambda: figure_table(figure))


def csv_button(
    label: str,
    name: str,
    table: Callable[[], pd.DataFrame],
    *,
    kind: Literal["secondary", "tertiary"] = "tertiary",
    disabled: bool = False,
) -> None:
    """The table is made when it is asked for."""
    st.download_button(
        label,
        data=lambda: table().to_csv(index=False),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        type=kind,
        disabled=disabled,
        key=f"csv-{name}",
    )
