"""A figure with its data as CSV below it; pictures come from the figure's own buttons."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from pages.components.chart import live_chart
from rlcsp_core.plots.export import figure_table


def chart(figure: go.Figure, name: str, description: str) -> None:
    """`name` is that of the files, and must be the only one on the page."""
    live_chart(figure, key=f"chart-{name}", description=description, filename=name)
    st.download_button(
        "Data (CSV)",
        data=lambda: figure_table(figure).to_csv(index=False),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        key=f"csv-{name}",
    )
