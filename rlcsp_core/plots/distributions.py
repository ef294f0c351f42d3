"""Small charts one below the other: the report's Figure 3, moves and lengths of generations, and its Figure 5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rlcsp_core.analysis.aggregate import AxisRange
from rlcsp_core.analysis.distribution import Distribution
from rlcsp_core.analysis.metrics import EnergySequence
from rlcsp_core.plots.canvas import ENERGY, STEP, canvas, shown
from rlcsp_core.plots.palette import INK, LineStyle

ROW_HEIGHT = 104  # pixels of one small distribution
GAP = 0.35  # of the height of a row, between it and the next
SHOWN_SHARE = 0.99  # of a distribution; its tail would flatten the rest


def distribution_figure(
    rows: Mapping[str, Distribution], styles: Mapping[str, LineStyle], x_title: str
) -> go.Figure:
    """One small distribution a row: bars, and mean (line), median (dashes), mode (dots)."""
    titles = [f"{label}: {in_words(d)}" for label, d in rows.items()]
    layout = _rows_layout(titles, x_title, {"nticks": 3, "rangemode": "tozero"})
    layout["xaxis"] |= {"range": [-0.5, _most(rows.values()) + 0.5]}
    bars = [
        {
            "type": "bar",
            "x": d.values,
            "y": d.counts / max(d.n, 1),
            "name": label,
            "yaxis": f"y{_suffix(row)}",
            "marker": {"color": styles[label].colour, "line": {"width": 0}},
            "hovertemplate": "%{x}: %{y:.3f}<extra>" + label + "</extra>",
        }
        for row, (label, d) in enumerate(rows.items(), start=1)
    ]
    marks = [mark for row, d in enumerate(rows.values(), start=1) for mark in _marks(d, row)]
    return go.Figure(bars, {**layout, "bargap": 0.05, "shapes": marks})


def minima_of_runs_figure(
    runs: Mapping[str, EnergySequence], styles: Mapping[str, LineStyle], window: AxisRange | None
) -> go.Figure:
    """Energies before each exploration, a run a row, as the report's Figure 5 has them."""
    layout = _rows_layout(list(runs), STEP, {"nticks": 4} | ({"range": shown(window)} if window else {}))
    layout["yaxis"]["title"] = {"text": ENERGY, "standoff": 8}
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": minima.step,
            "y": minima.energy,
            "name": name,
            "yaxis": f"y{_suffix(row)}",
            "line": {"color": styles[name].colour, "width": 1.1},
            "hovertemplate": "%{x}: %{y:.5f}<extra>" + name + "</extra>",
        }
        for row, (name, minima) in enumerate(runs.items(), start=1)
    ]
    return go.Figure(lines, layout)


def _rows_layout(titles: Sequence[str], x_title: str, y_axis: Mapping[str, object]) -> dict[str, Any]:
    """Charts below each other over one x axis, as one dictionary: Plotly checks it once, where changing a figure of
    many axes piece by piece takes ten times as long."""
    n = max(len(titles), 1)
    layout = canvas(x_title, "", height=80 + ROW_HEIGHT * n, legend=False).layout.to_plotly_json()
    layout["margin"] = {**layout["margin"], "t": 34}
    suffixes = [_suffix(row) for row in range(1, n + 1)]
    layout["grid"] = {"rows": n, "columns": 1, "subplots": [[f"xy{each}"] for each in suffixes], "ygap": GAP}
    base = {**layout["yaxis"], **y_axis, "title": None}
    layout |= {f"yaxis{each}": dict(base) for each in suffixes}
    layout["annotations"] = [_title(*each) for each in zip(titles, suffixes, strict=False)]
    return layout


def _suffix(row: int) -> str:
    """Of the names of its axes; rows count from 1."""
    return "" if row == 1 else str(row)


def _title(text: str, suffix: str) -> dict[str, object]:
    """Above a row."""
    place = {"x": 0, "xanchor": "left", "xref": "paper", "y": 1, "yanchor": "bottom"}
    return {"text": text, "showarrow": False, "font": {"size": 13}, "yref": f"y{suffix} domain", **place}


def _marks(d: Distribution, row: int) -> list[dict[str, object]]:
    """Mean, median and mode as lines."""
    axis = _suffix(row)
    return [
        {
            "type": "line",
            "xref": "x",
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
