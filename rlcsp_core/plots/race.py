"""Lanes of a race as lists that the component of the pages draws: energies above the goal, new lowest ones named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlcsp_core.actions import action_numbered
from rlcsp_core.analysis.race import FAMILIES, Lane

MILLI = 1000
DIGITS = 1  # of meV/atom
FAMILY_NAMES = [family.value for family in FAMILIES]


def lane_data(
    lane: Lane, target: float, name: str, note: str = "", pictures: Mapping[int, str] | None = None
) -> dict[str, Any]:
    """pictures: addresses of images of the structures that new lowest energies belong to, by step."""
    above = np.round(MILLI * (lane.energy - target), DIGITS)
    members = np.round(MILLI * (lane.members - target), DIGITS)
    known = pictures or {}
    return {
        "name": name,
        "note": note,
        "members": members[np.isfinite(members)].tolist(),
        "start": round(MILLI * (lane.start - target), DIGITS),
        "above": [None if np.isnan(value) else value for value in above.tolist()],
        "drops": [
            {
                "step": step,
                "above": float(above[step - 1]),
                "title": action_numbered(int(lane.action[step - 1])).name,
                "what": action_numbered(int(lane.action[step - 1])).description.rstrip("."),
                "colour": action_numbered(int(lane.action[step - 1])).colour,
                "picture": known.get(step),
            }
            for step in lane.drops
        ],
        "families": np.round(100 * lane.families).astype(int).tolist(),
        "arrived": lane.arrived,
        "ended": lane.ended,
    }
