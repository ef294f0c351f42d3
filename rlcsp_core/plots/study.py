"""What the target takes, as dots with intervals; open triangles with an arrow where some runs did not arrive.

The paper's means, open diamonds, stand beside those of their kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

import plotly.graph_objects as go

from rlcsp_core.analysis.study import StudyRow
from rlcsp_core.analysis.survival import Cost
from rlcsp_core.plots.canvas import LOG_AXIS, canvas
from rlcsp_core.plots.palette import INK, LineStyle

BOUND = "triangle-right-open"  # points on to where the mean may lie
ROW_HEIGHT = 34
FEW = 0.5  # steps; where a mean of no steps stands, since a logarithmic axis has no 0


def study_figure(rows: Sequence[StudyRow], styles: Mapping[str, LineStyle], *, cpu: bool) -> go.Figure:
    """What each addition buys: one line for each configuration and composition, on a logarithmic axis.

    The paper's means count all steps of every run: beside restricted ones they would say nothing."""
    known = [(row, cost) for row in rows if (cost := row.cpu if cpu else row.steps) is not None]
    restricted = any(cost.limit is not None for _, cost in known)
    what = "CPU seconds" if cpu else "Steps"
    title = f"{what} to the target, {'restricted ' * restricted}mean"
    line = _naming({(row.composition, row.target) for row, _ in known})
    lines = list(dict.fromkeys(line(row) for row, _ in known))
    figure = canvas(title, "", height=150 + ROW_HEIGHT * len(lines))
    for name in dict.fromkeys(row.configuration for row, _ in known):
        costs = [(line(row), cost) for row, cost in known if row.configuration == name]
        figure.add_trace(_dots(name, costs, styles[name], FEW).update(showlegend=False))
    if not cpu and not restricted:
        paper = {line(row): (row.published, row.published_is_bound) for row, _ in known if row.published}
        figure.add_trace(_published(paper))
    figure.update_xaxes(**LOG_AXIS, showgrid=True)
    order = {"categoryorder": "array", "categoryarray": lines[::-1]}
    figure.update_yaxes(showgrid=False, tickfont={"color": INK}, dtick=1, **order)
    return figure


def _naming(tasks: Collection[tuple[str, float]]) -> Callable[[StudyRow], str]:
    """What stands at the axis: of composition and target, what tells one task from the others."""
    targets = Counter(composition for composition, _ in tasks)

    def line(row: StudyRow) -> str:
        if len(tasks) == 1:
            return row.configuration
        target = f" ({row.target:.4f})".replace("-", "−") if targets[row.composition] > 1 else ""
        return f"{row.composition}{target} · {row.configuration}"

    return line


def mean_steps_figure(
    means: Mapping[str, Cost], styles: Mapping[str, LineStyle], published: Mapping[str, tuple[float, bool]]
) -> go.Figure:
    """Mean steps of experiments of one task; published values, another kind of mean on other machines' runs, beside."""
    figure = canvas("Steps to the target, mean", "", height=120 + 44 * len(means))
    for label, mean in means.items():
        figure.add_trace(_dots(label, [(label, mean)], styles[label]).update(showlegend=False))
    if shown := {label: value for label, value in published.items() if label in means}:
        figure.add_trace(_published(shown))
    figure.update_xaxes(showgrid=True, rangemode="tozero")
    # room above the first row for what stands at its mark
    figure.update_yaxes(range=[len(means) - 0.5, -0.8], showgrid=False, tickfont={"color": INK}, dtick=1)
    return figure


def _dots(name: str, costs: Sequence[tuple[str, Cost]], style: LineStyle, least: float = 0.0) -> go.Scatter:
    """A dot at each line of the figure; `least`: where the axis begins."""
    known = [cost for _, cost in costs]
    x = [max(cost.mean, least) for cost in known]
    return go.Scatter(
        x=x,
        y=[at for at, _ in costs],
        mode="markers+text",
        text=["" if cost.all_arrived else f"> {cost.mean:.0f} →" for cost in known],
        textposition="top center",
        textfont={"color": INK, "size": 11},
        cliponaxis=False,
        name=name,
        marker={
            "color": style.colour,
            "size": 12,
            "line": {"color": style.colour, "width": 2},
            "symbol": ["circle" if cost.all_arrived else BOUND for cost in known],
        },
        error_x={
            "array": [max(cost.high - at, 0) for cost, at in zip(known, x, strict=True)],
            "arrayminus": [max(at - max(cost.low, least), 0) for cost, at in zip(known, x, strict=True)],
            "width": 0,  # the ends of an interval of no length would cross out its mark
            "color": style.colour,
            "thickness": 2.5,
        },
        customdata=[
            [c.low, c.high, c.n_reached, c.n_runs, "" if c.all_arrived else "more than ", _within(c)]
            for c in known
        ],
        hovertemplate="%{customdata[4]}%{x:.4g}%{customdata[5]}, %{customdata[0]:.4g} … %{customdata[1]:.4g}; "
        "%{customdata[2]} of %{customdata[3]} runs reached it<extra>" + name + "</extra>",
    )


def _within(cost: Cost) -> str:
    return "" if cost.limit is None else f" within {cost.limit:.4g}"


def _published(means: Mapping[str, tuple[float, bool]]) -> go.Scatter:
    """By line of the figure, and whether the mean is a lower bound."""
    bounds = [bound for _, bound in means.values()]
    return go.Scatter(
        x=[steps for steps, _ in means.values()],
        y=list(means),
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
