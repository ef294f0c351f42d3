"""Experiments side by side: curves over seeds, distributions, times to the target.

Every experiment keeps its colour and dash, so that the figures can be read together and without colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from rlcsp_core.analysis.aggregate import AT_MINIMUM, Aggregate, AxisRange, PooledMinima
from rlcsp_core.analysis.metrics import BestSoFar
from rlcsp_core.analysis.survival import SurvivalCurve
from rlcsp_core.plots.canvas import ENERGY, LOG_AXIS, ROOM, STEP, canvas, name_below, shown
from rlcsp_core.plots.palette import INK, LineStyle, translucent
from rlcsp_core.records import Array, IntArray

Styles = Mapping[str, LineStyle]
BAND_OPACITY = 0.13
BANDS = 4  # so many on top of each other are told apart; more are fainter
DECADES = (0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0)  # meV/atom
TRACE_OPACITY = 0.35


class Reference(NamedTuple):
    """A single run that stays in the picture."""

    name: str
    x: Array
    energy: Array  # eV/atom


def best_energy_figure(
    medians: Mapping[str, Aggregate],
    styles: Styles,
    x_title: str,
    *,
    traces: Mapping[str, Sequence[tuple[Array, Array]]] | None = None,
    reference: Reference | None = None,
    window: AxisRange | None = None,
    logarithmic: bool = False,
    above: str | None = None,
) -> go.Figure:
    """Median over seeds with a band of quartiles; on demand every run, and one run to compare with.

    A logarithmic axis begins at the first step: the initial population lies at 0.  `above` names what energies in
    meV/atom are above of (see `aggregate.above`); their axis is logarithmic and ends at AT_MINIMUM."""
    y_title = f"Lowest {ENERGY[0].lower()}{ENERGY[1:]}" if above is None else f"Above {above} (meV/atom)"
    figure = canvas(x_title, y_title, height=440)
    for label, rank in _solid_first(medians, styles):
        curve, style = medians[label], styles[label]
        for x, y in (traces or {}).get(label, ()):
            _thin(figure, x, y, label, style)
        # each value holds until the next point of the grid
        _band(figure, curve.grid, curve.low, curve.high, label, style, len(medians), shape="hv")
        _line(
            figure, curve.grid, curve.median, label, style, shape="hv", rank=rank,
            customdata=curve.n, note="%{customdata} runs",
        )  # fmt: skip
    if reference is not None:
        _line(figure, reference.x, reference.energy, reference.name, LineStyle(INK, "solid"))
    if window is not None:
        figure.update_yaxes(range=shown(window))
    if above is not None:
        figure.update_yaxes(
            type="log",
            # down to the minimum: 40 meV/atom above is not the bottom
            autorangeoptions={"include": AT_MINIMUM},
            tickvals=[AT_MINIMUM, *DECADES],
            ticktext=[f"≤ {AT_MINIMUM:g}", *(f"{value:g}" for value in DECADES)],
        )
    end = max((float(curve.grid[-1]) for curve in medians.values()), default=0.0)
    figure.update_xaxes(autorangeoptions={"include": (1 + ROOM) * end})
    if logarithmic:
        figure.update_xaxes(**LOG_AXIS)
    name_below(figure, list(medians))
    return figure


def reached_figure(curves: Mapping[str, SurvivalCurve], styles: Styles) -> go.Figure:
    """Fraction of the runs at the target against steps (Kaplan–Meier), confidence band, ticks where runs were cut."""
    figure = canvas(STEP, "Fraction of runs at the target", height=440)
    end = max((curve.step[-1] for curve in curves.values()), default=1.0)
    for label, rank in _solid_first(curves, styles):
        curve, style = curves[label], styles[label]
        x = np.append(curve.step, end)
        low, high = (np.append(side, side[-1]) for side in (curve.low, curve.high))
        _band(figure, x, low, high, label, style, len(curves), shape="hv")
        name = f"{label} ({curve.n_reached} of {curve.n_runs})"
        reached = np.append(curve.reached, curve.reached[-1])
        _line(figure, x, reached, name, style, shape="hv", group=label, rank=rank)
        figure.add_scatter(
            x=curve.censored_step,
            y=curve.censored_reached,
            mode="markers",
            name=f"{label}, stopped before the target",
            legendgroup=label,
            showlegend=False,
            marker={"symbol": "line-ns", "size": 11, "line": {"color": style.colour, "width": 2}},
            hovertemplate="stopped at step %{x} without the target<extra>" + label + "</extra>",
        )
    figure.update_yaxes(range=[-0.01, 1.01])
    name_below(figure, list(curves))
    return figure


def minima_figure(pooled: Mapping[str, PooledMinima], styles: Styles) -> go.Figure:
    """Energies before each exploration, over all runs: median and quartiles."""
    figure = canvas(STEP, "Energy before a rise (eV/atom)", height=440)
    for label, minima in pooled.items():
        _band(figure, minima.step, minima.low, minima.high, label, styles[label], len(pooled))
        note = "%{customdata} minima"
        _line(figure, minima.step, minima.median, label, styles[label], customdata=minima.n, note=note)
    return figure


def run_trace(best: BestSoFar, *, against_time: bool) -> tuple[Array, Array]:
    """One run's curve with the points in which nothing changes left out: what a staircase needs."""
    x = np.asarray(best.elapsed if against_time else best.step, dtype=np.float64)
    keep = np.flatnonzero(np.diff(best.energy, prepend=np.inf) != 0)
    keep = np.unique(np.append(keep, len(x) - 1))
    return x[keep], best.energy[keep]


def _solid_first(labels: Iterable[str], styles: Styles) -> list[tuple[str, int]]:
    """In the order in which lines are drawn, with their places in the legend: what lies under dashes is seen."""
    ranked = [(label, rank) for rank, label in enumerate(labels)]
    return sorted(ranked, key=lambda one: styles[one[0]].dash != "solid")


def _line(
    figure: go.Figure, x: Array | IntArray, y: Array, name: str, style: LineStyle, *, shape: str = "linear",
    group: str | None = None, rank: int | None = None, customdata: IntArray | None = None, note: str = "",
) -> None:  # fmt: skip
    figure.add_scatter(
        x=x,
        y=y,
        name=name,
        mode="lines",
        legendgroup=group or name,
        legendrank=rank,
        customdata=customdata,
        line={"color": style.colour, "dash": style.dash, "width": 2.6, "shape": shape},
        hovertemplate="%{x:.5g}: %{y:.7g} " + note + "<extra>" + name + "</extra>",
    )


def _thin(figure: go.Figure, x: Array, y: Array, label: str, style: LineStyle) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        name=label,
        legendgroup=label,
        showlegend=False,
        mode="lines",
        opacity=TRACE_OPACITY,
        line={"color": style.colour, "width": 1, "shape": "hv"},
        hoverinfo="skip",
    )


def _band(
    figure: go.Figure, x: Array, low: Array, high: Array, label: str, style: LineStyle, among: int,
    shape: str = "linear",
) -> None:  # fmt: skip
    edge = {"width": 0, "shape": shape}
    common = {
        "x": x,
        "mode": "lines",
        "legendgroup": label,
        "showlegend": False,
        "hoverinfo": "skip",
        "line": edge,
    }
    figure.add_scatter(y=low, name=f"{label}, lower", **common)
    fill = translucent(style.colour, BAND_OPACITY * min(1.0, BANDS / among))
    figure.add_scatter(y=high, name=f"{label}, upper", fill="tonexty", fillcolor=fill, **common)
