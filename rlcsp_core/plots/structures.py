"""Figures of single structures: powder patterns."""

from __future__ import annotations

import plotly.graph_objects as go

from rlcsp_core.analysis.diffraction import RANGE, Pattern, Profile
from rlcsp_core.plots.canvas import canvas
from rlcsp_core.plots.palette import ACCEPTED, INK, TARGET

ANGLE = "2θ (degrees)"
INTENSITY = "Intensity (arbitrary units)"
OFFSET = 115.0  # by which the reference lies below the structure


def diffraction_figure(
    name: str, pattern: Pattern, measured: Profile, reference: tuple[str, Profile] | None = None
) -> go.Figure:
    """A powder pattern with its lines; a reference pattern below it."""
    figure = canvas(ANGLE, INTENSITY, height=340)
    if reference is not None:
        title, other = reference
        figure.add_trace(_curve(title, other, -OFFSET, TARGET))
    figure.add_trace(_curve(name, measured, 0.0, ACCEPTED))
    figure.add_scatter(
        x=pattern.angle,
        y=pattern.intensity,
        mode="markers",
        name="lines",
        marker={"symbol": "line-ns", "size": 7, "line": {"width": 1.5, "color": INK}},
        text=pattern.labels,
        hovertemplate="%{text}<br>2θ %{x:.2f}°, %{y:.1f}<extra></extra>",
    )
    figure.update_xaxes(range=RANGE)
    figure.update_yaxes(showticklabels=False, showgrid=False, ticks="")
    return figure


def _curve(name: str, curve: Profile, offset: float, colour: str) -> go.Scatter:
    return go.Scatter(
        x=curve.angle,
        y=curve.intensity + offset,
        name=name,
        mode="lines",
        line={"color": colour, "width": 1.6},
        hoverinfo="skip",
    )
