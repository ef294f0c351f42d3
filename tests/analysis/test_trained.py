"""What training changed: probabilities add up, groups are the policy's own, and the words name the largest change."""

from __future__ import annotations

import numpy as np
import pytest

from rlcsp_core.actions import ACTIONS, action_set, policy_groups
from rlcsp_core.agents.fixed import FixedConfig
from rlcsp_core.analysis.trained import change, change_by_training, curve_of, in_words
from rlcsp_core.search.policies import load_policy, policy_names

NAMES = policy_names()


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_policy_is_a_distribution_before_and_after(name: str) -> None:
    changed = change_by_training(load_policy(name), "Y2O3", 80)
    assert changed.before.sum() == pytest.approx(1.0)
    assert changed.after.sum() == pytest.approx(1.0)
    assert changed.points.sum() == pytest.approx(0.0, abs=1e-9)
    assert len(set(changed.names)) == len(changed.names) == len(policy_groups("sized"))
    assert (np.diff(changed.after) <= 0).all()


def test_equal_preferences_change_nothing_and_are_said_to() -> None:
    policy = load_policy(NAMES[0])
    alike = policy | {"theta": {group: [0.0, 0.0] for group in policy["theta"]}}
    changed = change_by_training(alike, "Y2O3", 80)
    assert np.allclose(changed.points, 0.0)
    assert "Nothing" in in_words(changed)


def test_a_certain_preference_leaves_exploration_to_the_others() -> None:
    policy = load_policy(NAMES[0])
    sure = policy | {"theta": {group: [40.0 * (group == "5"), 0.0] for group in policy["theta"]}}
    changed = change_by_training(sure, "Y2O3", 80)
    n, exploration = len(action_set("sized", "Y2O3", 80)), FixedConfig().exploration
    assert changed.after[0] == pytest.approx(1 - exploration + exploration / n)
    assert changed.names[0] == "Double"


def test_words_name_the_largest_gain() -> None:
    before, after = np.full(len(ACTIONS), 1 / 9), np.array([5 / 9, *[0.5 / 9] * 8])
    changed = change(before, after, ACTIONS)
    assert in_words(changed).startswith(f"“{ACTIONS[0].name}” rose from 11 to 56 %")


def test_a_policy_without_provenance_has_no_curve() -> None:
    assert curve_of({}) == ()
    assert [place.search for place in curve_of(load_policy("general"))] == [1, 2, 3, 4, 5, 6]
