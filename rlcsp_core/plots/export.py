"""The data of a figure as a table: what is drawn is what is exported."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from rlcsp_core.plots.canvas import DRAWN_AGAIN


def figure_table(figure: go.Figure) -> pd.DataFrame:
    """One line a point: curve, x, y, named as the axes are, and ends of intervals; heat maps point by point.

    A figure whose axes cannot name what is drawn brings its table in `meta`: columns and rows."""
    if figure.layout.meta is not None:
        return pd.DataFrame(figure.layout.meta["rows"], columns=figure.layout.meta["columns"])
    x_title = figure.layout.xaxis.title.text or "x"
    y_title = figure.layout.yaxis.title.text or "y"
    if x_title == y_title:
        y_title = f"{y_title} "
    parts = [_points(trace, x_title, y_title) for trace in figure.data if trace.meta != DRAWN_AGAIN]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["curve", x_title, y_title])


def _points(trace: go.Scatter, x_title: str, y_title: str) -> pd.DataFrame:
    if trace.type == "heatmap":
        y, x = np.meshgrid(trace.y, trace.x, indexing="ij")
        return pd.DataFrame(
            {"curve": trace.name or "", x_title: x.ravel(), y_title: y.ravel(), "value": np.ravel(trace.z)}
        )
    x, y = ([] if values is None else list(values) for values in (trace.x, trace.y))
    if "yaxis" in trace and trace.yaxis not in (None, "y"):  # a mark beside the axis: it has no such value
        y = [np.nan] * len(y)
    table = pd.DataFrame({"curve": trace.name or "", x_title: x, y_title: y})
    bars = trace.error_x if "error_x" in trace else None
    if bars is not None and bars.array is not None:
        table["low"] = np.asarray(x) - np.asarray(bars.arrayminus)
        table["high"] = np.asarray(x) + np.asarray(bars.array)
    return table
