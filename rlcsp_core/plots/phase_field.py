"""Which compositions of a field are stable: three end members as a triangle, two against formation energy.

Marks say two things without colour: filled is on the hull, a diamond is a compound that is known to exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import plotly.graph_objects as go

from rlcsp_core.analysis.hull_map import HullMap, HullMark, in_triangle
from rlcsp_core.plots.canvas import FONT_SIZE, TOOLS, canvas
from rlcsp_core.plots.hull_names import lowered, names_beside, place_of
from rlcsp_core.plots.palette import GRID, INK, MUTED, PAGE, TARGET

FURTHEST = 100.0  # meV/atom, the end of the scale of colours: one scale for all fields and energies
# from near to far: blue to orange keeps apart for readers who do not tell red from green, and on both pages
SCALE = ((0.0, "#3b82d0"), (0.5, "#b06ab3"), (1.0, "#e0702c"))
HEIGHT = 610
TOP = 78  # pixels, for the key
PLAIN, KNOWN, NONE = "circle", "diamond", "x-thin"
SIZES = {PLAIN: 13, KNOWN: 16, NONE: 7}
RING = 12  # pixels, radius of the ring of a minimum that was not found again
GRID_LINES = (0.2, 0.4, 0.6, 0.8)  # mole fractions


def phase_field_figure(hull: HullMap, chosen: int | None = None) -> go.Figure:
    """The place of each mark is its `customdata`, the chosen one has a ring.

    `meta` is the table of the figure, since the axes of a triangle cannot name what is drawn."""
    figure = _triangle() if hull.ternary else _plane(hull)
    traces = [_tie_lines(hull)]
    for name, mine, symbol in _kinds(hull.marks):
        if mine:
            traces.append(_marks(hull.marks, name, mine, symbol))
            if symbol.endswith("-open"):
                traces.append(_key(name, symbol.removesuffix("-open")))
    if chosen is not None:
        traces.append(_ring(hull.marks[chosen]))
    figure.add_traces(traces)
    # all at once: one after the other they take ten times as long
    figure.update_layout(
        shapes=[*(_grid() if hull.ternary else ()), *_rings_of_doubt(hull.marks)],
        annotations=names_beside(hull),
        meta=_table(hull),
    )
    return figure


def _triangle() -> go.Figure:
    figure = canvas("", "", height=HEIGHT)
    figure.update_xaxes(visible=False, range=[-0.07, 1.07], constrain="domain")
    figure.update_yaxes(visible=False, range=[-0.09, 0.92], scaleanchor="x", constrain="domain")
    # the scale in the corner that a triangle leaves empty
    figure.update_layout(margin={"l": 8, "t": TOP, "b": 8}, coloraxis=_scale(x=0.0, y=1.0))
    return figure


def _grid() -> list[dict[str, Any]]:
    """Lines of equal mole fractions, and the sides."""
    lines = [
        _line(ends, GRID)
        for f in GRID_LINES
        for ends in (
            ((f, 1 - f, 0), (f, 0, 1 - f)),
            ((1 - f, f, 0), (0, f, 1 - f)),
            ((1 - f, 0, f), (0, 1 - f, f)),
        )
    ]
    sides = combinations(((1, 0, 0), (0, 1, 0), (0, 0, 1)), 2)
    return [*lines, *(_line(ends, MUTED) for ends in sides)]


def _line(ends: Sequence[Sequence[float]], colour: str) -> dict[str, Any]:
    """Between two mole fractions."""
    one, other = map(in_triangle, ends)
    where = {"x0": one.x, "y0": one.y, "x1": other.x, "y1": other.y}
    return {"type": "line", "layer": "below", "line": {"color": colour, "width": 1}, **where}


def _plane(hull: HullMap) -> go.Figure:
    """Compositions without an energy stand on the floor, on an axis of its own."""
    figure = canvas(
        f"Share of the atoms from {lowered(hull.end_members[1])}",
        f"Formation energy {hull.by} (meV/atom)",
        height=HEIGHT,
    )
    figure.update_layout(
        margin={"t": TOP, "r": TOOLS + 90},
        coloraxis=_scale(x=1.03, y=0.8),
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    )
    figure.update_xaxes(range=[-0.07, 1.07], tickformat=".0%")
    return figure


def _scale(x: float, y: float) -> dict[str, Any]:
    """Colours of energies above the hull; its upper left corner stands there."""
    bar = {
        "title": {"text": "meV/atom<br>above<br>the hull", "font": {"size": FONT_SIZE}},
        "tickvals": [0, 25, 50, 75, FURTHEST],
        "ticktext": ["0", "25", "50", "75", f"≥ {FURTHEST:g}"],
        "tickfont": {"color": MUTED},
        "outlinewidth": 0,
        "thickness": 12,
        "len": 0.42,
        "x": x,
        "xanchor": "left",
        "y": y,
        "yanchor": "top",
    }
    return {"colorscale": SCALE, "cmin": 0.0, "cmax": FURTHEST, "colorbar": bar}


def _tie_lines(hull: HullMap) -> go.Scatter:
    places = [place_of(mark) for mark in hull.marks]
    x, y = (
        [each for i, j in hull.edges for each in (places[i][axis], places[j][axis], None)] for axis in (0, 1)
    )
    line = {"color": TARGET, "width": 1.8}
    return go.Scatter(x=x, y=y, mode="lines", name="convex hull", line=line, hoverinfo="skip")


def _kinds(marks: Sequence[HullMark]) -> list[tuple[str, list[int], str]]:
    """Name, places and symbol of each kind of mark."""
    kinds: dict[tuple[str, str], list[int]] = {}
    for stable in (True, False):
        for known in (True, False):
            name = f"{'known' if known else 'other'}, {'on' if stable else 'above'} the hull"
            symbol = (KNOWN if known else PLAIN) + ("" if stable else "-open")
            kinds[name, symbol] = [
                m
                for m, mark in enumerate(marks)
                if mark.above is not None and (mark.stable, mark.known is not None) == (stable, known)
            ]
    kinds["no energy", NONE] = [m for m, mark in enumerate(marks) if mark.above is None]
    return [(name, mine, symbol) for (name, symbol), mine in kinds.items()]


def _marks(marks: Sequence[HullMark], name: str, mine: Sequence[int], symbol: str) -> go.Scatter:
    shape = symbol.removesuffix("-open")
    marker: dict[str, Any] = {"symbol": shape, "size": SIZES[shape]}
    if shape == NONE:
        marker |= {"color": MUTED, "line": {"width": 1.5, "color": MUTED}}
    elif shape == symbol:
        marker |= {"color": TARGET, "line": {"width": 1.5, "color": INK}}
    else:  # filled with the page: no tie line runs through it
        above = [marks[m].above for m in mine]
        marker |= {"color": PAGE, "line": {"color": above, "coloraxis": "coloraxis", "width": 3}}
    return go.Scatter(
        x=[place_of(marks[m]).x for m in mine],
        y=[place_of(marks[m]).y for m in mine],
        yaxis=_axis(marks[mine[0]]),
        mode="markers",
        name=name,
        marker=marker,
        customdata=list(mine),
        text=["<br>".join([f"<b>{lowered(marks[m].formula)}</b>", *marks[m].words]) for m in mine],
        hovertemplate="%{text}<extra></extra>",
        showlegend=shape == symbol,
    )


def _axis(mark: HullMark) -> str:
    return "y2" if mark.place is None else "y"


def _key(name: str, shape: str) -> go.Scatter:
    """An open mark in the key, in a colour of the scale."""
    marker = {
        "symbol": shape,
        "size": SIZES[shape],
        "color": PAGE,
        "line": {"width": 3, "color": SCALE[1][1]},
    }
    return go.Scatter(x=[None], y=[None], mode="markers", name=name, marker=marker, hoverinfo="skip")


def _ring(mark: HullMark) -> go.Scatter:
    place = place_of(mark)
    return go.Scatter(
        x=[place.x],
        y=[place.y],
        yaxis=_axis(mark),
        mode="markers",
        name="chosen",
        marker={"symbol": "circle-open", "size": 32, "color": INK, "line": {"width": 2}},
        hoverinfo="skip",
        showlegend=False,
    )


def _rings_of_doubt(marks: Sequence[HullMark]) -> list[dict[str, Any]]:
    """In pixels, so that they stay round; below the marks, so that those can be clicked."""
    places = [place_of(mark) for mark in marks if mark.doubtful and mark.above is not None]
    ring = {
        "type": "circle",
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "x0": -RING,
        "x1": RING,
        "y0": -RING,
        "y1": RING,
        "layer": "below",
        "line": {"color": INK, "width": 1.5, "dash": "dot"},
        "name": "one seed only",
    }
    return [
        ring | {"xanchor": place.x, "yanchor": place.y, "showlegend": n == 0}
        for n, place in enumerate(places)
    ]


def _table(hull: HullMap) -> dict[str, Any]:
    """The marks with their numbers, None where there is none."""
    columns = [
        "composition",
        *(f"fraction of {member}" for member in hull.end_members),
        f"formation energy {hull.by} (meV/atom)",
        f"above the hull {hull.by} (meV/atom)",
        "searches that ended at its minimum",
        "searches",
        "known compound",
    ]
    rows = [
        [
            mark.formula,
            *mark.fractions,
            mark.formation,
            mark.above,
            mark.hits,
            mark.n_finished,
            mark.known,
        ]
        for mark in hull.marks
    ]
    return {"columns": columns, "rows": rows}
