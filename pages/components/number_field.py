"""Numbers that are typed as text and read here.

A browser's own number field drops what it does not like, and the page sees the last number it did like: 5 for 0,05.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import streamlit as st

from pages.common.errors import plain
from pages.common.wording import MINUS

WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
DECIMAL = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
LONGEST = 40  # characters


def read_number(text: str, low: float, high: float, *, whole: bool) -> float | None:
    """A number within the limits, with a decimal point or comma; None where the text is none."""
    text = text.strip().replace(MINUS, "-")
    if not (WHOLE if whole else DECIMAL).fullmatch(text):
        return None
    value = int(text) if whole else float(text.replace(",", "."))
    return value if low <= value <= high else None


def written(value: float) -> str:
    """As one would type it."""
    return f"{value:.12g}".replace("-", MINUS) if abs(value) >= 1e-4 else f"{value:g}"


def number_field(
    label: str, value: float, low: float, high: float, *, whole: bool, key: str, place: Any = st,
    help: str | None = None, persist_state: Literal["page"] | None = None,
) -> Any:  # fmt: skip
    """The number in the field, int where it must be `whole`; None, and a sentence below, where there is none."""
    text = place.text_input(
        label, written(value), max_chars=LONGEST, key=key, help=help, persist_state=persist_state
    )
    found = read_number(text, low, high, whole=whole)
    if found is None:
        kind = "whole number" if whole else "number"
        place.markdown(f":red[{plain(f'Not a {kind} from {written(low)} to {written(high)}: {text!r}.')}]")
    return found
