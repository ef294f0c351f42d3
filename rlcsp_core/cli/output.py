"""Results as lines: JSON objects for programs, columns for people."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

MISSING = "–"
LONGEST = 1000  # letters of an error


class Column(NamedTuple):
    """How one key is shown to people."""

    key: str
    width: int
    form: str = ""  # format specification of a number


class Lines:
    """Prints one record after the other as it comes."""

    def __init__(self, as_json: bool, columns: tuple[Column, ...]) -> None:
        self.as_json, self.columns = as_json, columns
        self.begun = False

    def print(self, values: Mapping[str, Any]) -> None:
        if self.as_json:
            print(to_json(values), flush=True)
            return
        if not self.begun:
            print("  ".join(f"{c.key:<{c.width}}" for c in self.columns).rstrip())
            self.begun = True
        print(
            "  ".join(f"{_text(values[c.key], c.form):<{c.width}}" for c in self.columns).rstrip(), flush=True
        )


def to_json(values: Mapping[str, Any]) -> str:
    """One line; numbers that JSON does not have are null."""
    return json.dumps({key: _finite(value) for key, value in values.items()}, allow_nan=False)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any, form: str) -> str:
    value = _finite(value)
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, form) if form else str(value)


def complain(message: str) -> None:
    """One line on standard error, however long the word that it is about."""
    line = " ".join(message.split())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"
    print(f"error: {line}", file=sys.stderr)
