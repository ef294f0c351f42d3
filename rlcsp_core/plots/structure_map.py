"""Energy of distinct structures against their volume; a click on one is answered with its place."""

from __future__ import annotations

from collections import Counter

import numpy as np
import plotly.graph_objects as go

from rlcsp_core.analysis.structure_map import StructureMap
from rlcsp_core.plots.canvas import canvas
from rlcsp_core.plots.palette import INK, MUTED, REJECTED, SPARE_COLOURS

OTHERS = "other space groups"
NAMED = 7  # space groups with a colour of their own: those of the lowest structures
SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "star",
    "pentagon",
    "hexagon",
)  # seen without colour too
READABLE = 60  # edges; more hide the structures, and are shown on demand


def structure_map_figure(known: StructureMap, chosen: int | None = None) -> go.Figure:
    """Structures coloured by space group, the chosen one in a ring; lines are accepted steps.

    The place of each point is its `customdata`."""
    figure = canvas("Volume (Å³/atom)", "Energy above the lowest (meV/atom)", height=420)
    if len(known.edges):
        figure.add_trace(_edges(known))
    names = list(dict.fromkeys(known.space_group))
    named = names[:NAMED]
    counts = Counter(known.space_group)
    for name, colour, symbol in zip(named, SPARE_COLOURS, SYMBOLS, strict=False):
        places = [g for g, group in enumerate(known.space_group) if group == name]
        figure.add_trace(_points(known, places, f"{name}: {counts[name]}", colour, symbol))
    if rest := [g for g, group in enumerate(known.space_group) if group not in named]:
        figure.add_trace(_points(known, rest, f"{OTHERS}: {len(rest)}", REJECTED, "circle"))
    if chosen is not None:
        figure.add_scatter(
            x=[known.volume[chosen]],
            y=[known.above[chosen]],
            mode="markers",
            name="shown above",
            marker={"symbol": "circle-open", "size": 20, "color": INK, "line": {"width": 2}},
            hoverinfo="skip",
            showlegend=False,
        )
    figure.update_xaxes(showgrid=True)
    return figure


def _edges(known: StructureMap) -> go.Scatter:
    ends = known.edges
    gap = np.full(len(ends), np.nan)
    x, y = (
        np.column_stack([values[ends[:, 0]], values[ends[:, 1]], gap]).ravel()
        for values in (known.volume, known.above)
    )
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        name=f"accepted steps: {len(ends)}",
        line={"color": MUTED, "width": 1},
        opacity=0.5,
        hoverinfo="skip",
        visible=True if len(ends) <= READABLE else "legendonly",
    )


def _points(known: StructureMap, places: list[int], name: str, colour: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=known.volume[places],
        y=known.above[places],
        mode="markers",
        name=name,
        marker={"color": colour, "symbol": symbol, "size": 10, "line": {"width": 1, "color": INK}},
        customdata=places,
        text=[f"{known.space_group[g]}, {known.n_atoms[g]} atoms" for g in places],
        hovertemplate="%{text}<br>%{y:.1f} meV/atom above the lowest, %{x:.3f} Å³/atom<extra></extra>",
    )


def place_clicked(figure: go.Figure, curve: object, index: object) -> int | None:
    """The place of the structure that a browser says was clicked; None where there is none."""
    if not (isinstance(curve, int) and isinstance(index, int) and 0 <= curve < len(figure.data)):
        return None
    places = figure.data[curve].customdata
    return int(places[index]) if places is not None and 0 <= index < len(places) else None
