"""A row of figures, each with a note below it."""

from __future__ import annotations

from collections.abc import Sequence

from pages.common.columns import cells


def show_figures(
    name: str, figures: Sequence[tuple[str, str, str | None]], first: float = 1, help: str | None = None
) -> None:
    """(label, value, note) each; `first` is the width of the first in that of the others, `help` explains its note."""
    columns = cells(name, [first] + [1] * (len(figures) - 1))
    for k, (column, (label, value, note)) in enumerate(zip(columns, figures, strict=True)):
        column.metric(
            label,
            value,
            note,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help=help if note and k == 0 else None,
        )
