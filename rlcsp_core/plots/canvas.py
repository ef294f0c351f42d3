"""The empty figure every chart starts from: calm, large enough for a lecture hall, coloured by the reader's theme."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import plotly.graph_objects as go

from rlcsp_core.analysis.aggregate import AxisRange
from rlcsp_core.plots.palette import GRID, INK, MUTED, PAGE

FONT_SIZE = 14
FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'
ENERGY = "Energy (eV/atom)"
STEP = "Step"
ROW = 17  # pixels that a labelled bar needs
TOOLS = 34  # pixels at the right, for the buttons of a chart
ABOVE = 5  # names that fit above a chart on a tablet
LEGEND_ROW = 24  # pixels
ROOM = 0.04  # of an axis, beyond what it must show: a line on the edge is not seen
DRAWN_AGAIN = (
    "drawn again"  # in the meta of a trace: its points are those of others, marked where they do not fit
)
_ROUND = [m * 10.0**k for k in range(-6, 9) for m in (1, 2, 5)]
LOG_AXIS = {  # numbers in full: Plotly's own are single digits between powers of ten
    "type": "log",
    "tickvals": _ROUND,
    "ticktext": [f"{value:.12g}" if value < 1e4 else f"{value:,.0f}".replace(",", " ") for value in _ROUND],
}


def canvas(x_title: str, y_title: str, *, height: int = 340, legend: bool = True) -> go.Figure:
    """Axes with titles and nothing in them."""
    axis = {
        "gridcolor": GRID,
        "zeroline": False,
        "linecolor": GRID,
        "tickcolor": GRID,
        "ticks": "outside",
        "tickfont": {"color": MUTED},
        "title": {"standoff": 8},
        "automargin": True,
    }
    # all at once: a figure that is made first and changed then takes ten times as long
    return go.Figure(
        layout={
            "template": "none",
            "height": height,
            "margin": {"l": 62, "r": TOOLS, "t": 40 if legend else 14, "b": 48},
            "paper_bgcolor": PAGE,
            "plot_bgcolor": PAGE,
            "font": {"family": FONT, "size": FONT_SIZE, "color": INK},
            "hoverlabel": {
                "font": {"family": FONT, "size": FONT_SIZE, "color": INK},
                "bgcolor": PAGE,
                "bordercolor": GRID,
            },
            "showlegend": legend,
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": MUTED,
                "activecolor": INK,
                "orientation": "v",  # in the margin, where it covers nothing
            },
            "xaxis": {**axis, "title": {"text": x_title, "standoff": 8}, "showgrid": False},
            "yaxis": {**axis, "title": {"text": y_title, "standoff": 8}},
        }
    )


def room_for(bars: int, height: int) -> int:
    """The height of a chart of horizontal bars, more where they need it."""
    return max(height, ROW * bars + 80)


def shown(window: AxisRange) -> list[float]:
    """Ends of an axis."""
    room = ROOM * (window.high - window.low)
    return [window.low - room, window.high + room]


def name_below(figure: go.Figure, names: Sequence[str]) -> None:
    """More names than fit above a chart stand below it, and the chart keeps its height."""
    if len(names) <= ABOVE:
        return
    figure.update_layout(
        height=figure.layout.height + LEGEND_ROW * ceil(len(names) / 2),
        margin={"t": 14},
        legend={"xref": "container", "yref": "container", "y": 0, "yanchor": "bottom"},
    )
