"""What training made of a policy: the probability of each action before and after it, and the curve of the training.

    before    every action alike: 1/n each
    after     π(a) = (1−ε) softmax_a θ_a + ε/n      ε: exploration of the algorithm `fixed`

No action masked; those that share a row of θ are summed.  Shapes: G groups of actions, A actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rlcsp_core.actions import Action, action_set, is_sized, policy_group
from rlcsp_core.actions.own import SIZED
from rlcsp_core.agents.fixed import FixedConfig
from rlcsp_core.analysis.policy_map import over_energy
from rlcsp_core.records import Array
from rlcsp_core.search.policies import start_of

WITHOUT = "without-"  # begins the name of a policy that was learned on all compounds but one
MOST_NAMED = 4  # numbers of formula units


class Change(NamedTuple):
    """Probabilities before and after, the largest first."""

    names: tuple[str, ...]  # [G]
    colours: tuple[str, ...]  # [G]
    before: Array  # [G]
    after: Array  # [G]

    @property
    def points(self) -> Array:
        """[G] percentage points that each has gained."""
        return 100 * (self.after - self.before)


class Place(NamedTuple):
    """A point of the training curve."""

    search: int  # its number in a stream of searches that learn from each other, from 1
    steps: float  # geometric mean over streams; a search given up counts with its limit
    reached: float  # part that found the target


def curve_of(policy: Mapping[str, Any]) -> tuple[Place, ...]:
    """The curve in the provenance of a policy; empty where there is none."""
    return tuple(Place(*row) for row in policy.get("provenance", {}).get("curve", ()))


def change_by_training(policy: Mapping[str, Any], formula: str, max_atoms: int) -> Change:
    """For searches of one compound; policy: as `load_policy` gives it."""
    actions = action_set(policy["actions"], formula, max_atoms)
    theta = start_of(policy, policy["actions"], actions, policy["features"]).theta
    after = over_energy(theta, 0.0, FixedConfig().exploration)[0]
    return change(np.full(len(actions), 1 / len(actions)), after, actions)


def change(before: Array, after: Array, actions: Sequence[Action]) -> Change:
    """before and after: [A]."""
    groups: dict[str, list[int]] = {}
    for row, action in enumerate(actions):
        groups.setdefault(policy_group(action), []).append(row)
    sums = [(float(before[rows].sum()), float(after[rows].sum()), rows) for rows in groups.values()]
    sums.sort(key=lambda entry: -entry[1])
    return Change(
        tuple(_name([actions[row] for row in rows]) for *_, rows in sums),
        tuple(actions[rows[len(rows) // 2]].colour for *_, rows in sums),
        np.array([entry[0] for entry in sums]),
        np.array([entry[1] for entry in sums]),
    )


def _name(actions: Sequence[Action]) -> str:
    first = actions[0]
    if not is_sized(first) or len(actions) == 1:
        return first.name
    units = [str(action.number - SIZED) for action in actions]
    named = units if len(units) <= MOST_NAMED else [*units[: MOST_NAMED - 1], "…"]
    return f"Symmetric, {', '.join(named)} units"


def in_words(changed: Change) -> str:
    """The largest gain and the largest loss."""
    up, down = int(np.argmax(changed.points)), int(np.argmin(changed.points))
    if changed.points[up] < 1:
        return "Nothing has changed by more than a point."
    said = [
        f"“{changed.names[k]}” {verb} from {100 * changed.before[k]:.0f} to {100 * changed.after[k]:.0f} %"
        for k, verb in ((up, "rose"), (down, "fell"))
    ]
    return f"{said[0]}; {said[1]}."
