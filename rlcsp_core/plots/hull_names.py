"""Names of compositions beside their marks on a hull: none covers another, and no tie line crosses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlcsp_core.analysis.hull_map import HullMap, HullMark, Place
from rlcsp_core.plots.palette import INK, MUTED

LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
FLOOR = 0.03  # of the height of a binary chart, where compositions without an energy stand
GAP = 18  # pixels between a mark and its name
NAME_HEIGHT = 0.036  # of the side of the triangle, that a name takes
SLANT = 40  # degrees, of names below a side of the triangle
STEEP = 60  # degrees, of names below a binary hull, which crowd where it is lowest


def lowered(formula: str) -> str:
    """Its digits lowered: Y₂O₃."""
    return formula.translate(LOWERED)


def place_of(mark: HullMark) -> Place:
    return mark.place or Place(mark.x, FLOOR)


def names_beside(hull: HullMap) -> list[dict[str, Any]]:
    """Of what is on the hull, what is known, and the end members."""
    named = [
        mark
        for mark in hull.marks
        if mark.place is not None
        and (mark.stable or mark.known is not None or mark.formula in hull.end_members)
    ]
    heights = _heights(named) if hull.ternary else {}
    return [_name(mark, hull, heights.get(mark.formula, place_of(mark).y)) for mark in named]


def _name(mark: HullMark, hull: HullMap, height: float) -> dict[str, Any]:
    corner, text = mark.formula in hull.end_members, lowered(mark.formula)
    return {
        "x": place_of(mark).x,
        "y": height,
        "text": f"<b>{text}</b>" if corner else text,
        "showarrow": False,
        "font": {
            "size": 17 if corner and hull.ternary else 14,
            "color": INK if mark.stable or corner else MUTED,
        },
        **(_outside(mark.fractions) if hull.ternary else _below(mark.stable)),
    }


def _heights(named: Sequence[HullMark]) -> dict[str, float]:
    """Of names beside the left and the right side, moved so that none covers another."""
    heights: dict[str, float] = {}
    for side in (0, 1):  # the end member that is not in a compound of this side
        mine = [mark for mark in named if mark.fractions[side] == 0 and 0 < mark.fractions[2] < 1]
        last = 1.0
        for mark in sorted(mine, key=lambda mark: -place_of(mark).y):
            last = min(place_of(mark).y, last - NAME_HEIGHT)
            heights[mark.formula] = last
    return heights


def _below(stable: bool) -> dict[str, Any]:
    """Where a name stands from its mark on a binary hull: below the line, or above it."""
    if stable:
        return {"yanchor": "top", "xanchor": "left", "yshift": 8 - GAP, "xshift": -6, "textangle": STEEP}
    return {"yanchor": "bottom", "yshift": GAP}


def _outside(fractions: Sequence[float]) -> dict[str, Any]:
    """The same in a triangle: outside of it, where no tie line crosses the name."""
    first, second, third = fractions
    if max(fractions) == 1:
        return {"yanchor": "bottom", "yshift": GAP} if third else {"yanchor": "top", "yshift": -GAP}
    if third == 0:
        return {"yanchor": "top", "xanchor": "left", "yshift": 8 - GAP, "xshift": -4, "textangle": SLANT}
    if first == 0:
        return {"xanchor": "left", "xshift": GAP}
    if second == 0:
        return {"xanchor": "right", "xshift": -GAP}
    return {"yanchor": "bottom", "yshift": GAP - 6}
