"""A run as a lane; one reading serves all sessions that watch it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.common.cache import cached
from pages.common.crystals import thumbnail_of
from pages.common.waiting import waiting
from rlcsp_core.actions import actions_of
from rlcsp_core.analysis.race import Lane, lane_of
from rlcsp_core.crystal.composition import Preset, presets
from rlcsp_core.plots.race import lane_data
from rlcsp_core.plots.thumbnail import as_address
from rlcsp_core.store import ENDED, Reader, RunInfo

REFRESH = 1.0  # s between looks at the store
KEPT = 16


def is_over(run: RunInfo) -> bool:
    return run.state in ENDED


def show_waiting(run: RunInfo) -> None:
    """What goes on before the first structure is there."""
    found = waiting(run)
    if found is None:
        st.info("The search ended without a structure." if is_over(run) else "About to start …")
    else:
        st.progress(*found)


def goal_of(run: RunInfo) -> Preset | None:
    """The known minimum that the search is after; None for a search that has another target."""
    preset = presets().get(run.composition)
    return preset if preset is not None and run.config.get("target") == preset.target else None


@cached(KEPT)
def lane_of_run(
    store: Reader, run: RunInfo, name: str, note: str, *, pictures: bool = False
) -> dict[str, Any] | None:
    """What the component draws; None as long as no structure is relaxed."""
    steps = store.steps(run.id)
    lane = lane_of(store.population(run.id), steps, actions_of(run.config), run.target_step, is_over(run))
    if lane is None:
        return None
    shown = _pictures(store, run, lane) if pictures else {}
    return lane_data(lane, float(run.config["target"]), name, note, shown)


def _pictures(store: Reader, run: RunInfo, lane: Lane) -> dict[int, str]:
    """New lowest structures are always kept."""
    return {step: as_address(thumbnail_of(store.structure(run.id, step))) for step in lane.drops}
