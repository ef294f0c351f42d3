"""The recorded race, and how typical it is."""

from __future__ import annotations

import streamlit as st

from pages.common.errors import plain
from pages.common.wording import typeset
from pages.components.race import show_race
from pages.components.race_words import (
    TRAINED,
    UNTRAINED,
    again_in_words,
    recorded_actions_in_words,
    said_by_pairs,
    trained_note,
)
from rlcsp_core.analysis.race import recorded_race
from rlcsp_core.crystal.composition import presets
from rlcsp_core.plots.race import lane_data


def show_recorded_race(key: str, *, policy: bool = False, space: bool = True) -> None:
    """With the policies as bars, if wanted; space: whether the space bar may hold it in a lecture."""
    race = recorded_race()
    preset = presets()[race.composition]
    compound = typeset(race.composition)
    first, second = race.lanes
    st.markdown(f"**{compound}: who finds {preset.name} first?**")
    show_race(
        [
            lane_data(first, race.target, *UNTRAINED),
            lane_data(second, race.target, TRAINED, trained_note(race.policy)),
        ],
        preset.name,
        f"Two recorded searches for {compound}: untrained, {first.arrived} steps to {preset.name}; trained, "
        f"{second.arrived} steps.",
        key=key,
        play=True,
        policy=policy,
        height=144,
        space=space,
    )
    st.caption(
        plain(
            f"Energy above {preset.name} in meV/atom against steps. {recorded_actions_in_words() or ''} "
            f"{said_by_pairs(race.composition)} {again_in_words()}"
        )
    )
