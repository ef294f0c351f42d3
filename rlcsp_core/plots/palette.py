"""Colours and lines, the same wherever something is drawn.

Actions, algorithms and baselines carry theirs (`Action.colour`, `AgentKind.colour`, `Baseline.shade` and `dash`).  The
nine published actions were chosen so that any two differ by at least ΔE = 25 (CIE 1976) in normal vision and in
simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009, doi 10.1109/TVCG.2009.113), and so that each
stands out from white and from the dark page.  A family of actions keeps a hue: sites blue, blocks and layers green,
lattice yellow, new structures warm.  Algorithms use the set of Okabe and Ito (2008); a baseline shifts its algorithm's
colour and has its own dash, so that lines stay apart without colour too.

Text, grid and page take Streamlit's CSS variables, which the chart component resolves in the theme of the reader.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

from rlcsp_core.agents import AGENTS, BASELINES
from rlcsp_core.agents.outside import COLOUR as OTHER_ALGORITHM

INK = "var(--st-text-color)"
MUTED = "var(--st-gray-text-color)"
PAGE = "var(--st-background-color)"
GRID = "var(--st-border-color)"

HATCHING = "/"  # of actions of our own
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
PAGES = ("#ffffff", "#12171e")  # backgrounds of the two themes, see .streamlit/config.toml
CONTRAST = 1.7  # of an area against the page; its outline and its neighbours help

ACCEPTED = "#1f83c9"
REJECTED = "#9aa3ad"
FAILED = "#d55e00"
TARGET = "#009e73"


class LineStyle(NamedTuple):
    """How the curve of an algorithm is drawn."""

    colour: str
    dash: str


def line_style(algorithm: str, baseline: str | None = None) -> LineStyle:
    """Colour by algorithm, shade and dash by baseline."""
    kind, judged = AGENTS.get(algorithm), BASELINES.get(baseline or "none")
    colour = OTHER_ALGORITHM if kind is None else kind.colour
    return (
        LineStyle(colour, "solid") if judged is None else LineStyle(shaded(colour, judged.shade), judged.dash)
    )


def distinct_styles(styles: Mapping[str, LineStyle]) -> dict[str, LineStyle]:
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


def shaded(colour: str, shift: float) -> str:
    """A hex colour moved towards white (shift > 0) or black (shift < 0)."""
    goal = 255 if shift > 0 else 0
    channels = [round(c + (goal - c) * abs(shift)) for c in _rgb(colour)]
    return "#{:02x}{:02x}{:02x}".format(*channels)


def contrast(colour: str, other: str) -> float:
    """Ratio of the luminances of two hex colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted(map(_luminance, (colour, other)))
    return (lighter + 0.05) / (darker + 0.05)


def standing_out(colour: str) -> str:
    """A hex colour of the same hue that stands out from the pages of both themes by CONTRAST."""
    for page, way in zip(PAGES, (-0.02, 0.02), strict=True):
        while contrast(colour, page) < CONTRAST:
            colour = shaded(colour, way)
    return colour


def translucent(colour: str, opacity: float) -> str:
    """A hex colour as `rgba(…)`."""
    red, green, blue = _rgb(colour)
    return f"rgba({red},{green},{blue},{opacity:g})"


def _luminance(colour: str) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in _rgb(colour))
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
