"""Columns that make room where the screen is narrow.

Streamlit stacks columns on telephones only: on a tablet a table beside a chart is cut to half its words.  Columns made
here carry a class, which the style of every page (`frame.STYLE`) rearranges up to NARROW pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

NARROW = 1024  # pixels, of a tablet held upright or across
BESIDE = "beside"  # begins the key, and so the class, of columns that are stacked
LAST_FIRST = f"{BESIDE}-last-first"  # the last of them on top
AROUND = "around"  # of three parts: the second right of the others
CELLS = "cells"  # of small ones that go on in the next row
LIVE = "live"  # of what is drawn again every second: it does not turn grey meanwhile
WIDE = f"{CELLS}-wide"  # two of them a row
SMALLEST_CELL, SMALLEST_WIDE = "9rem", "16rem"
_ROW = '> div > [data-testid="stHorizontalBlock"]'
_COLUMN = '> [data-testid="stColumn"]'
STYLE = f"""
[class*="st-key-{LIVE}-"] [data-stale="true"] {{ opacity: 1 !important; }}
@media (min-width: {NARROW + 1}px) {{
  [class*="st-key-{AROUND}"] {{ display: grid; grid-template: auto 1fr / 2fr 3fr; column-gap: 4rem; }}
  [class*="st-key-{AROUND}"] > :nth-child(2) {{ grid-area: 1 / 2 / span 2; }}
}}
@media (max-width: {NARROW}px) {{
  [class*="st-key-{BESIDE}"] {_ROW} {{ flex-direction: column; gap: 1rem; }}
  [class*="st-key-{LAST_FIRST}"] {_ROW} {{ flex-direction: column-reverse; gap: 1rem; }}
  [class*="st-key-{BESIDE}"] {_ROW} {_COLUMN} {{ width: 100%; flex: none; }}
  [class*="st-key-{CELLS}"] {_ROW} {{ flex-wrap: wrap; }}
  [class*="st-key-{CELLS}"] {_ROW} {_COLUMN} {{ flex: 1 1 {SMALLEST_CELL}; min-width: {SMALLEST_CELL}; }}
  [class*="st-key-{WIDE}"] {_ROW} {_COLUMN} {{ flex-basis: {SMALLEST_WIDE}; min-width: {SMALLEST_WIDE}; }}
}}
"""


def beside(
    name: str, widths: Sequence[float], *, last_first: bool = False, gap: Literal["small", "large"] = "large"
) -> list[DeltaGenerator]:
    """Columns of these widths, below each other on a tablet; `name` tells them from others of the page.

    gap: small between fields and charts of one kind."""
    return st.container(key=f"{LAST_FIRST if last_first else BESIDE}-{name}").columns(widths, gap=gap)


def around(name: str) -> list[DeltaGenerator]:
    """Three parts, the second right of the first and the third; on a tablet below each other in this order."""
    with st.container(key=f"{AROUND}-{name}"):
        return [st.container() for _ in range(3)]


def cells(
    name: str,
    widths: Sequence[float],
    *,
    vertical_alignment: Literal["top", "center", "bottom"] = "top",
    wide: bool = False,
) -> list[DeltaGenerator]:
    """Small columns, as for figures or fields; in several rows on a tablet."""
    row = st.container(key=f"{WIDE if wide else CELLS}-{name}")
    return row.columns(widths, vertical_alignment=vertical_alignment)
