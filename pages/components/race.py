"""Searches as lanes that are drawn step by step, at a pace that can be followed; see race.js.

The script gets numbers and names of our own, and sets text as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.common.share import lecture_key
from rlcsp_core.plots.race import FAMILY_NAMES

_component = st.components.v2.component(
    "rlcsp_race",
    html='<div class="race"></div>',
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def show_race(
    lanes: Sequence[dict[str, Any]],
    goal: str,
    words: str,
    *,
    key: str,
    play: bool,
    policy: bool,
    height: int = 150,
    space: bool = True,
) -> None:
    """Its state carries `seen` when it is drawn to the end.  lanes: `lane_data` of each; policy: whether its bars stand
    beside; height: px of a lane; space: whether the space bar is its key in a lecture, where no button has it."""
    data = {
        "lanes": list(lanes),
        "families": FAMILY_NAMES if policy else None,
        "goal": goal,
        "words": words,
        "play": play,
        "height": height,
        "keys": space and lecture_key("Space") is not None,
    }
    _component(key=key, data=data, on_seen_change=lambda: None)  # with it, its state carries `seen`
