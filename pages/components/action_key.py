"""The key to the actions' colours, once for all charts of a page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rlcsp_core.actions import Action

SWATCH = (
    '<span style="white-space:nowrap;display:inline-flex;align-items:center;gap:.4rem">'
    '<span style="width:.9rem;height:.9rem;border-radius:.2rem;background:{colour}"></span>{title}</span>'
)


def action_key(actions: Sequence[Action]) -> None:
    """Names and colours come from our own tables, so they may stand in HTML."""
    entries = [SWATCH.format(colour=action.colour, title=action.title) for action in actions]
    st.html(
        f'<div style="display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;font-size:.92rem">{"".join(entries)}</div>'
    )
