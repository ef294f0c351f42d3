"""One fixed colour for each action, algorithm and element, wherever it is drawn.

The nine actions were chosen so that any two differ by at least ΔE = 25 (CIE 1976) in normal vision and in simulated
protanopia, deuteranopia and tritanopia (Machado et al. 2009, doi 10.1109/TVCG.2009.113), and so that each stands out
from white and from the dark page.  A family of actions keeps a hue: sites blue, blocks and layers green, assembly
yellow, new structures warm.  Algorithms use the set of Okabe and Ito (2008); a baseline shifts its algorithm's colour
and has its own dash, so that lines stay apart without colour too.

Text, grid and page take Streamlit's CSS variables, which the chart component resolves in the theme of the reader.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

INK = "var(--st-text-color)"
MUTED = "var(--st-gray-text-color)"
PAGE = "var(--st-background-color)"
PANEL = "var(--st-secondary-background-color)"
GRID = "var(--st-border-color)"
ACCENT = "var(--st-primary-color)"

ACTION_COLOURS: dict[int, str] = {  # by published number
    1: "#5ad1ff",
    2: "#a2cdb3",
    3: "#cfb714",
    4: "#216236",
    5: "#896b04",
    6: "#f79967",
    7: "#a23c7b",
    9: "#5681f6",
    10: "#5d3b9d",
}
EXTENSION_COLOURS: dict[int, str] = {  # our own; hatched, since fourteen colours cannot all be far apart
    11: "#a60019",
    12: "#ebaa38",
    13: "#afb99d",
    14: "#2c5471",
    15: "#02cffd",
}
HATCHING = "/"
ALGORITHM_COLOURS: dict[str, str] = {  # by key of agents.AGENTS
    "uniform": "#8a929c",
    "original": "#a8742a",
    "rlcsp": "#1f83c9",
    "npg": "#d55e00",
    "ppo": "#009e73",
    "actor-critic": "#6a24cf",  # these two ΔE ≥ 24 from the five above, for every reader
    "trpo": "#e8b800",
}
OTHER_ALGORITHM = "#b0803a"
SPARE_COLOURS = (  # for further configurations of one algorithm and baseline (Tol's muted set)
    "#cc6677",
    "#44aa99",
    "#aa4499",
    "#999933",
    "#882255",
    "#88ccee",
    "#117733",
    "#6f63c4",
)
SPARE_DASHES = ("dash", "dot", "dashdot", "longdash", "longdashdot")
ELEMENT_COLOURS: dict[str, str] = {
    "Y": "#35a7e0",
    "Sr": "#e8b800",
    "Ti": "#8272b0",
    "O": "#d9442f",
}  # ΔE ≥ 20, as above

ACCEPTED = "#1f83c9"
REJECTED = "#9aa3ad"
FAILED = "#d55e00"
TARGET = "#009e73"

# baseline: (how far towards white, above 0, or black, below 0; dash)
BASELINE_STYLES: dict[str | None, tuple[float, str]] = {
    None: (0.0, "solid"),
    "none": (0.0, "solid"),
    "b1": (0.5, "dash"),
    "b2": (0.0, "dot"),
    "combined": (-0.35, "dashdot"),
    "average": (-0.2, "longdash"),
    "mean": (0.25, "longdashdot"),
}


class LineStyle(NamedTuple):
    """How the curve of an algorithm is drawn."""

    colour: str
    dash: str


def line_style(algorithm: str, baseline: str | None = None) -> LineStyle:
    """Colour by algorithm, shade and dash by baseline."""
    shift, dash = BASELINE_STYLES.get(baseline, (0.0, "solid"))
    return LineStyle(shaded(ALGORITHM_COLOURS.get(algorithm, OTHER_ALGORITHM), shift), dash)


def told_apart(styles: Mapping[str, LineStyle]) -> dict[str, LineStyle]:
    """The same, but for names that would look like one before them: these take a spare colour and another dash."""
    found: dict[str, LineStyle] = {}
    spare = (
        LineStyle(shaded(colour, -0.3 * lap), SPARE_DASHES[(n + lap) % len(SPARE_DASHES)])
        for lap in itertools.count()
        for n, colour in enumerate(SPARE_COLOURS)
    )
    for name, style in styles.items():
        taken = set(found.values())
        while style in taken:
            style = next(spare)
        found[name] = style
    return found


def action_colour(number: int) -> str:
    """Of any action, published or our own."""
    return (ACTION_COLOURS | EXTENSION_COLOURS)[number]


def shaded(colour: str, shift: float) -> str:
    """A hex colour moved towards white (shift > 0) or black (shift < 0)."""
    goal = 255 if shift > 0 else 0
    channels = [round(c + (goal - c) * abs(shift)) for c in _rgb(colour)]
    return "#{:02x}{:02x}{:02x}".format(*channels)


def translucent(colour: str, opacity: float) -> str:
    """A hex colour as `rgba(…)`."""
    red, green, blue = _rgb(colour)
    return f"rgba({red},{green},{blue},{opacity:g})"


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
