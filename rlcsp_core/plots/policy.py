"""What the agent learned: probabilities against energy, over a run, and the course of the learning.

A moment is an update of θ.  Colours are those of the actions everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from rlcsp_core.actions import Action
from rlcsp_core.agents import OWN
from rlcsp_core.analysis.policy_map import PolicyMap
from rlcsp_core.analysis.trained import Change, Place
from rlcsp_core.plots.canvas import ENERGY, LOG_AXIS, STEP, TOOLS, canvas
from rlcsp_core.plots.palette import GRID, INK, MUTED, PAGE, LineStyle
from rlcsp_core.records import Array, IntArray

SCALE = "Cividis"  # the same for readers who see colours differently
NAMED, NAME_HEIGHT = 5, 0.06  # lines that are named; room for a name, part of the axis
NAME_WIDTH = 140  # pixels at the right, for a name
LEARNED = "#1f83c9"
CHANGE_ROW = 23  # pixels of a bar
LEAST_POINTS = 0.5  # of a change that is not rounded to none
FEW = 20  # searches, each of which has a tick
LEAST_SPAN = 0.1  # of probability, that the colours of a map cover


def over_energy_figure(
    energy: Array, probabilities: Array, actions: Sequence[Action], height: int = 380
) -> go.Figure:
    """π(a|E) of one moment; probabilities [Z, A]."""
    figure = canvas(ENERGY, "Probability", height=height, legend=False)
    _lines(figure, energy, probabilities, actions, "%{x:.3f} eV/atom: %{y:.3f}", width=3)
    top = max(0.3, 1.05 * float(probabilities.max(initial=0.0)))
    figure.update_yaxes(range=[0, top])
    named: list[float] = []
    for row in np.argsort(
        -probabilities[-1]
    ).tolist():  # names at the ends of the lines, where they have room
        end = float(probabilities[-1, row])
        if len(named) < NAMED and all(abs(end - other) > NAME_HEIGHT * top for other in named):
            named.append(end)
            figure.add_annotation(
                x=energy[-1],
                y=end,
                text=f" {actions[row].name}",
                showarrow=False,
                xanchor="left",
                bgcolor=PAGE,
            )
    figure.update_xaxes(range=[energy[0], energy[-1]])
    figure.update_layout(margin_r=TOOLS + NAME_WIDTH)
    return figure


def _lines(
    figure: go.Figure,
    x: Array | IntArray,
    values: Array,
    actions: Sequence[Action],
    hover: str,
    **line: object,
) -> None:
    """A line for each action, dashed for those of our own; values [K, A]."""
    for row, action in enumerate(actions):
        figure.add_scatter(
            x=x,
            y=values[:, row],
            name=action.title,
            mode="lines",
            line={"color": action.colour, "dash": "dash" if action.own else "solid", **line},
            hovertemplate=hover,
        )


def policy_map_figure(data: PolicyMap, name: str, beside: Sequence[PolicyMap] = ()) -> go.Figure:
    """The probability of one action over step × energy, on a scale of LEAST_SPAN at least: noise is no learning.

    The scale is that of all maps that stand `beside` each other."""
    figure = canvas(STEP, ENERGY, height=340, legend=False)
    maps = [data, *beside]
    lowest = min(float(each.probability.min()) for each in maps)
    highest = max(float(each.probability.max()) for each in maps)
    bottom = max(0.0, min(lowest, (lowest + highest - LEAST_SPAN) / 2))
    figure.add_heatmap(
        x=data.step,
        y=data.energy,
        z=data.probability,
        name=name,
        colorscale=SCALE,
        zmin=bottom,
        zmax=max(highest, bottom + LEAST_SPAN),
        colorbar={"title": {"text": "probability", "side": "right"}, "outlinewidth": 0, "thickness": 14},
        hovertemplate="step %{x}, %{y:.3f} eV/atom: %{z:.3f}<extra></extra>",
    )
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(range=[data.step[0], max(data.step[-1], 1)])
    figure.update_layout(
        modebar_orientation="h", margin_t=TOOLS
    )  # the colours' key stands where it would else
    return figure


def theta_figure(step: IntArray, theta: Array, actions: Sequence[Action], name: str) -> go.Figure:
    """One component of θ, that of the feature of this name, for every action over steps; theta [U, A]."""
    figure = canvas(STEP, f"θ of {name}", height=300, legend=False)
    _lines(figure, step, theta, actions, "step %{x}: %{y:.4f}", width=2, shape="hv")
    figure.update_yaxes(zeroline=True, zerolinecolor=GRID)
    return figure


def course_figure(
    curves: Mapping[str, tuple[IntArray, Array]],
    styles: Mapping[str, LineStyle],
    y_title: str,
    *,
    log: bool = False,
    highest: float | None = None,
) -> go.Figure:
    """A number per update of several runs: entropy, gradient norm.  highest: what it can be, from 0 on."""
    figure = canvas(STEP, y_title, height=280, legend=len(curves) > 1)
    for name, (step, value) in curves.items():
        figure.add_scatter(
            x=step,
            y=value,
            name=name,
            mode="lines" if len(step) > 1 else "markers",  # a line of one point is not seen
            line={"color": styles[name].colour, "dash": styles[name].dash, "width": 2},
            hovertemplate="step %{x}: %{y:.4g}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(rangemode="tozero")
    if log:
        figure.update_yaxes(**LOG_AXIS)
    if highest is not None:
        figure.update_yaxes(range=[0, 1.02 * highest])
    return figure


def change_figure(changed: Change, after: str = "after training") -> go.Figure:
    """Probabilities before and after as bars, with the change in points."""
    names = list(changed.names)
    figure = canvas("Probability (%)", "", height=90 + CHANGE_ROW * len(names))
    points = [
        f"{value:+.0f}".replace("-", "−") if abs(value) >= LEAST_POINTS else "±0" for value in changed.points
    ]
    figure.add_bar(
        x=100 * changed.after,
        y=names,
        orientation="h",
        name=after,
        marker={"color": list(changed.colours)},
        hovertemplate="%{x:.1f} %<extra>%{y}, after</extra>",
    )
    figure.add_scatter(
        x=100 * changed.before,
        y=names,
        mode="markers",
        name="before",
        marker={"symbol": "line-ns-open", "color": INK, "size": 15, "line": {"width": 3}},
        hovertemplate="%{x:.1f} %<extra>%{y}, before</extra>",
    )
    figure.add_scatter(
        x=100 * np.maximum(changed.before, changed.after),
        y=names,
        mode="text",
        text=[f"   {100 * p:.0f} %, {gain}" for p, gain in zip(changed.after, points, strict=True)],
        textposition="middle right",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK}, dtick=1)
    top = max(float(changed.after.max()), float(changed.before.max()))
    figure.update_xaxes(range=[0, min(118.0, 118 * top + 4)], showgrid=True)
    return figure


def training_figure(curve: Sequence[Place], *, height: int = 280) -> go.Figure:
    """Steps against the number of the search in a stream."""
    figure = canvas("Number of the search", "Steps to the target", height=height, legend=False)
    figure.add_scatter(
        x=[place.search for place in curve],
        y=[place.steps for place in curve],
        mode="lines+markers",
        name="steps",
        line={"color": LEARNED, "width": 3},
        marker={"size": 10},
        customdata=[100 * place.reached for place in curve],
        hovertemplate="search %{x}: %{y:.0f} steps, %{customdata:.0f} % reached<extra></extra>",
    )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(dtick=1 if len(curve) <= FEW else None)
    return figure


def softmax_figure(probabilities: Array, actions: Sequence[Action], height: int = 340) -> go.Figure:
    """One distribution over the actions [A] as bars."""
    figure = canvas("", "Probability", height=height, legend=False)
    figure.add_bar(
        x=[str(action.number) for action in actions],
        y=probabilities,
        marker={"color": [action.colour for action in actions]},
        customdata=[action.name for action in actions],
        text=[f"{p:.2f}" for p in probabilities],
        textposition="outside",
        hovertemplate="%{customdata}: %{y:.3f}<extra></extra>",
    )
    figure.update_xaxes(title={"text": "Action"}, type="category", tickfont={"color": INK})
    figure.update_yaxes(range=[0, max(0.3, 1.2 * float(probabilities.max()))])
    return figure


def variance_figure(variance: Mapping[str, float], bias: Mapping[str, tuple[float, float]]) -> go.Figure:
    """Variance of the gradient estimate with each baseline, relative to the first; bias beside it, with its error."""
    names = list(variance)
    none = variance[names[0]]
    figure = canvas("Variance of the gradient, relative to no baseline", "", height=110 + 46 * len(names))
    figure.add_bar(
        y=names,
        x=[value / none if none else np.nan for value in variance.values()],
        orientation="h",
        name="variance",
        marker={"color": LEARNED},
        hovertemplate="%{x:.3f} of the variance without baseline<extra>%{y}</extra>",
    )
    figure.add_vline(x=1, line={"color": MUTED, "dash": "dash"})
    figure.add_scatter(
        y=names,
        x=[bias[name][0] for name in names],
        error_x={"array": [bias[name][1] for name in names], "color": "#d55e00", "thickness": 2},
        mode="markers",
        name="bias, in standard deviations of the estimate",
        marker={"color": "#d55e00", "size": 11, "symbol": "diamond"},
        hovertemplate="bias %{x:.3f}<extra>%{y}</extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK})
    figure.update_xaxes(showgrid=True, rangemode="tozero")
    return figure


# runs that share a policy, by order; a symbol of its own tells apart those that come after the colours end
RUN_COLOURS = tuple(kind.colour for kind in OWN.values() if kind.learns)
LEGEND = 4  # runs; of more, names stand in the table and where the pointer is
RUN_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")


def shared_figure(
    version: IntArray, values: Array, runs: Sequence[str], y_title: str, *, highest: float | None = None
) -> go.Figure:
    """A number of a shared policy after each update [U]; a mark shows which of `runs` [U] made it."""
    names = list(dict.fromkeys(runs))
    figure = canvas("Update", y_title, height=300, legend=1 < len(names) <= LEGEND)
    figure.add_scatter(
        x=version,
        y=values,
        name="all",
        mode="lines",
        line={"color": MUTED, "width": 1},
        showlegend=False,
        hoverinfo="skip",
    )
    for k, name in enumerate(names):
        mine = np.array([each == name for each in runs])
        figure.add_scatter(
            x=version[mine],
            y=values[mine],
            name=name,
            mode="markers",
            marker={
                "color": RUN_COLOURS[k % len(RUN_COLOURS)],
                "symbol": RUN_SYMBOLS[k // len(RUN_COLOURS) % len(RUN_SYMBOLS)],
                "size": 4,
            },
            hovertemplate="update %{x}: %{y:.4g}<extra>" + name + "</extra>",
        )
    if highest is not None:
        figure.update_yaxes(range=[0, 1.02 * highest])
    return figure
