"""Distributions one below the other, as the report's Figure 3 has them: moves, and lengths of generations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rlcsp_core.analysis.distribution import Distribution
from rlcsp_core.plots.canvas import canvas
from rlcsp_core.plots.palette import INK, LineStyle

ROW_HEIGHT = 104  # pixels of one small distribution
SHOWN_SHARE = 0.99  # of a distribution; its tail would flatten the rest


def distribution_figure(
    rows: Mapping[str, Distribution], styles: Mapping[str, LineStyle], x_title: str
) -> go.Figure:
    """One small distribution a row: bars, and mean (line), median (dashes), mode (dots)."""
    base = canvas(x_title, "Share", height=80 + ROW_HEIGHT * max(len(rows), 1), legend=False)
    figure = make_subplots(
        rows=max(len(rows), 1),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.35 / max(len(rows), 1),
        subplot_titles=[f"{label}: {in_words(d)}" for label, d in rows.items()],
    )
    axes = {"xaxis", "yaxis"}
    figure.update_layout(
        {key: value for key, value in base.layout.to_plotly_json().items() if key not in axes}
    )
    figure.update_xaxes({**base.layout.xaxis.to_plotly_json(), "title": None})
    figure.update_yaxes(
        {**base.layout.yaxis.to_plotly_json(), "title": None, "nticks": 3, "rangemode": "tozero"}
    )
    for row, (label, d) in enumerate(rows.items(), start=1):
        colour = styles[label].colour
        figure.add_trace(
            go.Bar(
                x=d.values,
                y=d.counts / max(d.n, 1),
                name=label,
                marker={"color": colour, "line": {"width": 0}},
                hovertemplate="%{x}: %{y:.3f}<extra>" + label + "</extra>",
            ),
            row=row,
            col=1,
        )
    figure.update_layout(
        shapes=[mark for row, d in enumerate(rows.values(), start=1) for mark in _marks(d, row)]
    )
    figure.update_xaxes(range=[-0.5, _most(rows.values()) + 0.5])
    figure.update_xaxes(title={"text": x_title, "standoff": 8}, row=max(len(rows), 1), col=1)
    figure.update_annotations(font={"size": 13}, x=0, xanchor="left")
    figure.update_layout(bargap=0.05, margin={"t": 34})
    return figure


def _marks(d: Distribution, row: int) -> list[dict[str, object]]:
    """Mean, median and mode as lines; all of a figure are set at once, since each `add_vline` costs milliseconds."""
    axis = "" if row == 1 else str(row)
    return [
        {
            "type": "line",
            "xref": f"x{axis}",
            "yref": f"y{axis} domain",
            "x0": value,
            "x1": value,
            "y0": 0,
            "y1": 1,
            "line": {"color": INK, "width": 1.6, "dash": dash},
        }
        for value, dash in ((d.mean, "solid"), (d.median, "dash"), (d.mode, "dot"))
        if value is not None
    ]


def in_words(d: Distribution) -> str:
    """Mean, median, mode and deviation, as the report gives them."""
    if d.mean is None or d.median is None:
        return "nothing yet"
    deviation = "–" if d.deviation is None else f"{d.deviation:.2f}"
    return f"mean {d.mean:.2f}, median {d.median:g}, mode {d.mode}, deviation {deviation} (n = {d.n})"


def _most(rows: Iterable[Distribution]) -> float:
    """The largest value shown: the SHOWN_SHARE quantile of the widest row."""
    ends = [float(d.values[np.searchsorted(np.cumsum(d.counts), SHOWN_SHARE * d.n)]) for d in rows if d.n]
    return max(ends, default=1.0)
