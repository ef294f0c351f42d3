"""Ways to search side by side over many compounds: a row a compound, a dot for what each way costs on average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

import plotly.graph_objects as go

from rlcsp_core.analysis.across import Mean
from rlcsp_core.plots.canvas import LOG_AXIS, canvas, name_below
from rlcsp_core.plots.palette import GRID, INK, LineStyle

ROW_HEIGHT = 24
TITLES = {"steps": "Mean steps to the target", "cpu": "Mean CPU seconds to the target"}
LEAST = {"steps": 0.5, "cpu": 0.01}  # where a mean of nothing stands: a logarithmic axis has no 0
BOUND = "triangle-right-open"  # points on to where the mean may lie


def across_figure(
    means: Sequence[Mean], styles: Mapping[str, LineStyle], cost: str, names: Mapping[str, str]
) -> go.Figure:
    """The compounds that cost the first way most on top; names: how each is written."""
    first = {mean.composition: mean.mean for mean in reversed(means) if mean.label == means[0].label}
    rows = sorted(dict.fromkeys(mean.composition for mean in means), key=lambda c: first.get(c, 0.0))
    figure = canvas(TITLES[cost], "", height=130 + ROW_HEIGHT * len(rows))
    for row in rows:  # from the dearest way to the cheapest
        x = [max(mean.mean, LEAST[cost]) for mean in means if mean.composition == row]
        ends = {"x0": min(x), "x1": max(x), "y0": names[row], "y1": names[row]}
        figure.add_shape(type="line", line={"color": GRID, "width": 3}, layer="below", **ends)
    for label in dict.fromkeys(mean.label for mean in means):
        figure.add_trace(_dots([m for m in means if m.label == label], label, styles[label], cost, names))
    name_below(figure, list(dict.fromkeys(mean.label for mean in means)))
    figure.update_xaxes(**LOG_AXIS, showgrid=True)
    order = {"categoryorder": "array", "categoryarray": [names[row] for row in rows]}
    figure.update_yaxes(showgrid=False, tickfont={"color": INK}, dtick=1, **order)
    return figure


def _dots(
    means: Sequence[Mean], label: str, style: LineStyle, cost: str, names: Mapping[str, str]
) -> go.Scatter:
    means = sorted(means, key=attrgetter("is_bound"))  # the legend has the mark of the first
    more = ["more than " * mean.is_bound for mean in means]
    return go.Scatter(
        x=[max(mean.mean, LEAST[cost]) for mean in means],
        y=[names[mean.composition] for mean in means],
        mode="markers",
        name=label,
        marker={
            "color": style.colour,
            "size": 11,
            "symbol": [BOUND if mean.is_bound else "circle" for mean in means],
            "line": {"color": style.colour, "width": 2},
        },
        customdata=[
            [word, mean.low, mean.high, mean.n_reached, mean.n]
            for word, mean in zip(more, means, strict=True)
        ],
        hovertemplate="%{customdata[0]}%{x:.4g} (%{customdata[1]:.4g} … %{customdata[2]:.4g}); "
        "%{customdata[3]} of %{customdata[4]} arrived<extra>" + label + "</extra>",
    )
