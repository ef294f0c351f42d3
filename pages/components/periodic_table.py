"""A periodic table to choose elements from; those that do not go with the chosen ones are grey and say why.

The script draws a grid of buttons: 118 of Streamlit's own would be as many widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from ase.data import atomic_names, atomic_numbers, chemical_symbols

from rlcsp_core.plots.elements import element_colour

LANTHANUM, ACTINIUM = 57, 89
SERIES = 15  # elements from each of them, in a row of their own
LAST = 118

_component = st.components.v2.component(
    "rlcsp_periodic_table",
    html='<div class="periodic-table" role="group" aria-label="Periodic table"></div>',
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def periodic_table(
    chosen: Sequence[str], partners: Mapping[str, Sequence[str]], *, key: str, on_pick: Callable[[], None]
) -> None:
    """partners: by element, what has it together with the chosen ones.  `picked(key)` tells the element in on_pick."""
    cells = [cell | _state(cell["symbol"], chosen, partners) for cell in _cells()]
    _component(key=key, data={"cells": cells, "chosen": list(chosen)}, on_picked_change=on_pick)


def picked(key: str) -> str | None:
    """The element that was clicked, whatever a browser sends."""
    symbol = getattr(st.session_state.get(key), "picked", None)
    return symbol if isinstance(symbol, str) and symbol in atomic_numbers else None


def _state(symbol: str, chosen: Sequence[str], partners: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    name = f"{atomic_names[atomic_numbers[symbol]]} ({symbol})"
    if symbol in chosen:
        return {"off": False, "hint": f"{name}, chosen: click to take it away"}
    if known := partners.get(symbol):
        return {"off": False, "hint": f"{name}: {', '.join(known)}"}
    others = " and ".join(element for element in chosen)
    lacking = (
        f"no shipped potential has it together with {others}"
        if symbol in partners
        else "no shipped potential has it"
    )
    return {"off": True, "hint": f"{name}: {lacking}"}


@cache
def _cells() -> tuple[dict[str, Any], ...]:
    """Place and colour of each element."""
    from pymatgen.core import Element

    cells = []
    for number in range(1, LAST + 1):
        symbol, row, column = chemical_symbols[number], *_place(number, Element)
        cells.append(
            {
                "symbol": symbol,
                "number": number,
                "row": row,
                "column": column,
                "colour": element_colour(symbol),
            }
        )
    return tuple(cells)


def _place(number: int, element: Any) -> tuple[int, int]:
    for row, first in ((8, LANTHANUM), (9, ACTINIUM)):
        if first <= number < first + SERIES:
            return row, 3 + number - first
    found = element.from_Z(number)
    return found.row, found.group
