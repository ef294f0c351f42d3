"""What each addition buys, as dots with intervals on a logarithmic axis; the paper's mean beside those of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from rlcsp_core.analysis.study import Cost, StudyRow
from rlcsp_core.plots.canvas import LOG_AXIS, canvas
from rlcsp_core.plots.compare import BOUND, beyond
from rlcsp_core.plots.palette import INK, LineStyle

ROW_HEIGHT = 34
FEW = 0.5  # steps; where a mean of no steps stands, since a logarithmic axis has no 0


def study_figure(rows: Sequence[StudyRow], styles: Mapping[str, LineStyle], *, cpu: bool) -> go.Figure:
    """One line for each configuration and composition; open triangles with an arrow where some runs did not arrive.

    The paper's means count all steps of every run: beside restricted ones they would say nothing."""
    known = [(row, cost) for row in rows if (cost := row.cpu if cpu else row.steps) is not None]
    restricted = any(cost.limit is not None for _, cost in known)
    what = "CPU seconds" if cpu else "Steps"
    title = f"{what} spent on the target, restricted mean" if restricted else f"{what} to the target, mean"
    lines = list(dict.fromkeys(line(row) for row, _ in known))
    figure = canvas(title, "", height=150 + ROW_HEIGHT * len(lines))
    for name in dict.fromkeys(row.configuration for row, _ in known):
        figure.add_trace(
            _dots([(row, cost) for row, cost in known if row.configuration == name], styles[name])
        )
    if not cpu and not restricted:
        figure.add_trace(_published([row for row, _ in known]))
    figure.update_xaxes(**LOG_AXIS, showgrid=True)
    order = {"categoryorder": "array", "categoryarray": lines[::-1]}
    figure.update_yaxes(showgrid=False, tickfont={"color": INK}, dtick=1, **order)
    return figure


def line(row: StudyRow) -> str:
    """What stands at the axis: equal rows of the figure have equal names."""
    target = f"{row.target:.4f}".replace("-", "−")
    return f"{row.composition} ({target}) · {row.configuration}"


def _dots(rows: Sequence[tuple[StudyRow, Cost]], style: LineStyle) -> go.Scatter:
    name = rows[0][0].configuration
    costs = [cost for _, cost in rows]
    x = [max(cost.mean, FEW) for cost in costs]
    return go.Scatter(
        x=x,
        y=[line(row) for row, _ in rows],
        mode="markers+text",
        text=["" if cost.all_arrived else beyond(cost.mean) for cost in costs],
        textposition="top center",
        textfont={"color": INK, "size": 11},
        cliponaxis=False,
        name=name,
        marker={
            "color": style.colour,
            "size": 12,
            "line": {"color": style.colour, "width": 2},
            "symbol": ["circle" if cost.all_arrived else BOUND for cost in costs],
        },
        error_x={
            "array": [max(cost.high - at, 0) for cost, at in zip(costs, x, strict=True)],
            "arrayminus": [max(at - max(cost.low, FEW), 0) for cost, at in zip(costs, x, strict=True)],
            "color": style.colour,
            "thickness": 2.5,
        },
        customdata=[
            [c.low, c.high, c.n_reached, c.n_runs, "" if c.all_arrived else "more than ", _within(c)]
            for c in costs
        ],
        hovertemplate="%{customdata[4]}%{x:.4g}%{customdata[5]}, %{customdata[0]:.4g} … %{customdata[1]:.4g}; "
        "%{customdata[2]} of %{customdata[3]} runs reached it<extra>" + name + "</extra>",
    )


def _within(cost: Cost) -> str:
    return "" if cost.limit is None else f" within {cost.limit:.4g}"


def _published(rows: Sequence[StudyRow]) -> go.Scatter:
    shown = [row for row in rows if row.published is not None]
    bounds = [row.published_is_bound for row in shown]
    return go.Scatter(
        x=[row.published for row in shown],
        y=[line(row) for row in shown],
        mode="markers+text",
        name="RL-CSP's N_mean",
        text=["> " if bound else "" for bound in bounds],
        textposition="middle left",
        marker={
            "symbol": [BOUND if bound else "diamond-open" for bound in bounds],
            "size": 13,
            "color": INK,
            "line": {"width": 2},
        },
        hovertemplate="published: %{text}%{x} steps<extra>%{y}</extra>",
    )
