"""Learning curves over searches: what the k-th search costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from rlcsp_core.analysis.stream import Curve
from rlcsp_core.plots.canvas import LOG_AXIS, canvas
from rlcsp_core.plots.palette import LineStyle, translucent

BOUND = "triangle-up-open"  # points on to where the mean may lie
TITLES = {"steps": "Steps to the target", "cpu": "CPU seconds to the target"}


def stream_figure(curves: Mapping[str, Curve], styles: Mapping[str, LineStyle], cost: str) -> go.Figure:
    """Means with bands over streams, on a logarithmic axis."""
    figure = canvas("Number of the search", TITLES[cost], height=420)
    for label, curve in curves.items():
        style = styles[label]
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([curve.search, curve.search[::-1]]),
                y=np.concatenate([curve.high, curve.low[::-1]]),
                mode="lines",
                fill="toself",
                fillcolor=translucent(style.colour, 0.15),
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
                name=label,
            )
        )
        figure.add_trace(
            go.Scatter(
                x=curve.search,
                y=curve.mean,
                mode="lines+markers",
                name=label,
                line={"color": style.colour, "dash": style.dash, "width": 3},
                marker={"size": 9, "symbol": [BOUND if bound else "circle" for bound in curve.is_bound]},
                customdata=np.column_stack([curve.low, curve.high]),
                hovertemplate="search %{x}: %{y:.4g} (%{customdata[0]:.4g} … %{customdata[1]:.4g})"
                f"<extra>{label}</extra>",
            )
        )
    figure.update_xaxes(autorangeoptions={"minallowed": 0.5})  # the first search is number 1
    figure.update_yaxes(**LOG_AXIS)
    return figure
