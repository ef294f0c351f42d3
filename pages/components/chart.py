"""A Plotly chart that stays alive while its data grow.

`st.plotly_chart` is rebuilt whenever its data change, and loses the zoom.  This component keeps its node and calls
`Plotly.react` with a constant `uirevision` instead.  The figure travels as data, never inside HTML; Plotly itself
comes from `static/plotly/`, so that no request leaves the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from rlcsp_core.plots.export import figure_table

HTML = '<div class="rlcsp-chart"><div class="rlcsp-chart-node" role="figure"></div></div>'
CSS = """
.rlcsp-chart { width: 100%; }
.rlcsp-chart-node { width: 100%; }
.rlcsp-chart-table { max-height: 20rem; overflow: auto; font-variant-numeric: tabular-nums; }
.rlcsp-chart-table table { border-collapse: collapse; }
.rlcsp-chart-table :is(th, td) { padding: .1rem 1rem .1rem 0; text-align: left; }
.rlcsp-chart .modebar-btn:focus-visible { outline: 2px solid var(--st-primary-color); }
"""
_component = st.components.v2.component(
    "rlcsp_live_chart",
    html=HTML,
    css=CSS,
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def live_chart(
    figure: go.Figure | str,
    *,
    key: str,
    description: str,
    filename: str = "chart",
    clickable: bool = False,
    growing: bool = False,
) -> dict[str, Any] | None:
    """Show `figure`, or its JSON text; if `clickable`, return the point clicked in this run of the page: x, y, curve,
    and its index there.

    If `growing`, its points are shown one after the other once it is seen: say on the page that they were recorded.
    `description` is the text alternative: what is drawn, and what it shows at the moment.
    """
    result = _component(
        key=key,
        data={
            "figure": figure if isinstance(figure, str) else figure.to_json(),
            "description": description,
            "filename": filename,
            "clickable": clickable,
            "growing": growing,
        },
        on_clicked_change=lambda: None,  # with it, the result carries `clicked` always
    )
    return result.clicked if clickable else None


def chart(figure: go.Figure, name: str, description: str) -> None:
    """A figure with its data as CSV below it; `name` is that of the files, and must be the only one on the page."""
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
