"""Distributions one below the other, as the report's Figure 3 has them: moves, and lengths of generations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import plotly.graph_objects as go

from rlcsp_core.analysis.distribution import Distribution
from rlcsp_core.plots.canvas import canvas
from rlcsp_core.plots.palette import INK, LineStyle

ROW_HEIGHT = 104  # pixels of one small distribution
SPACING = 0.35  # of the height, shared by the gaps between rows
SHOWN_SHARE = 0.99  # of a distribution; its tail would flatten the rest


def distribution_figure(
    rows: Mapping[str, Distribution], styles: Mapping[str, LineStyle], x_title: str
) -> go.Figure:
    """One small distribution a row: bars, and mean (line), median (dashes), mode (dots)."""
    n = max(len(rows), 1)
    base = canvas(x_title, "Share", height=80 + ROW_HEIGHT * n, legend=False).layout.to_plotly_json()
    x_axis, y_axis = base.pop("xaxis"), base.pop("yaxis")
    # one dictionary, checked once by Plotly: changing a figure of many axes piece by piece takes ten times as long
    layout = {**base, "bargap": 0.05, "margin": {**base["margin"], "t": 34}}
    bars, annotations, marks = [], [], []
    gap = SPACING / n
    height = (1 - gap * (n - 1)) / n
    window = [-0.5, _most(rows.values()) + 0.5]
    for row, (label, d) in enumerate(rows.items(), start=1):
        axis = "" if row == 1 else str(row)
        low = (n - row) * (height + gap)
        last = row == len(rows)
        layout[f"xaxis{axis}"] = {
            **x_axis,
            "anchor": f"y{axis}",
            "title": {"text": x_title, "standoff": 8} if last else None,
            "range": window,
            "showticklabels": last,
            **({} if last else {"matches": f"x{len(rows)}"}),
        }
        layout[f"yaxis{axis}"] = {
            **y_axis,
            "anchor": f"x{axis}",
            "title": None,
            "nticks": 3,
            "rangemode": "tozero",
            "domain": [low, min(low + height, 1.0)],
        }
        bars.append(
            {
                "type": "bar",
                "x": d.values,
                "y": d.counts / max(d.n, 1),
                "name": label,
                "xaxis": f"x{axis}",
                "yaxis": f"y{axis}",
                "marker": {"color": styles[label].colour, "line": {"width": 0}},
                "hovertemplate": "%{x}: %{y:.3f}<extra>" + label + "</extra>",
            }
        )
        annotations.append(_title(f"{label}: {in_words(d)}", min(low + height, 1.0)))
        marks += _marks(d, row)
    return go.Figure(bars, {**layout, "annotations": annotations, "shapes": marks})


def _title(text: str, y: float) -> dict[str, object]:
    """Above a row."""
    place = {"x": 0, "xanchor": "left", "xref": "paper", "y": y, "yanchor": "bottom", "yref": "paper"}
    return {"text": text, "showarrow": False, "font": {"size": 13}, **place}


def _marks(d: Distribution, row: int) -> list[dict[str, object]]:
    """Mean, median and mode as lines."""
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
