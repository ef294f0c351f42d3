"""The key to the actions' colours, once for all charts of a page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rlcsp_core.actions import Action, is_sized

SWATCH = (
    '<span style="white-space:nowrap;display:inline-flex;align-items:center;gap:.4rem">'
    '<span style="width:.9rem;height:.9rem;border-radius:.2rem;background:{colour}"></span>{title}</span>'
)


def action_key(actions: Sequence[Action]) -> None:
    """Names and colours come from our own tables, so they may stand in HTML."""
    entries = [SWATCH.format(colour=a.colour, title=a.title) for a in actions if not is_sized(a)]
    if sized := [action for action in actions if is_sized(action)]:
        colours = ",".join([a.colour for a in sized] * (1 + (len(sized) == 1)))
        title = f"{sized[0].number}–{sized[-1].number} · Symmetric, 1 to {len(sized)} units"
        entries.append(SWATCH.format(colour=f"linear-gradient(to right,{colours})", title=title))
    st.html(
        f'<div style="display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;font-size:.92rem">{"".join(entries)}</div>'
    )
