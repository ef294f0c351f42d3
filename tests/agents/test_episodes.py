"""Returns and standardised rewards, against slow obvious versions."""

import numpy as np
import pytest

from rlcsp_core.agents.episodes import RewardScale, returns_to_go


def test_returns_sum_what_follows_within_the_episode():
    np.testing.assert_array_equal(returns_to_go(np.array([1.0, -2.0, 5.0])), [4.0, 3.0, 5.0])


def test_reward_scale_equals_the_obvious_version(rng):
    window, warm_up = 20, 10
    scale = RewardScale(window, warm_up)
    history = []
    for k in range(100):
        reward = float(rng.standard_t(2) * 3)
        got = scale.standardised(reward)
        history.append(np.clip(reward, -1, 1) if k < warm_up else reward)
        recent = np.array(history[-window:])
        expected = history[-1] if k < warm_up else (reward - recent.mean()) / recent.std()
        assert got == pytest.approx(expected, abs=1e-12)


def test_scale_and_offset_of_the_rewards_do_not_matter(rng):
    rewards = rng.normal(size=50)
    plain, changed = RewardScale(5000, 0), RewardScale(5000, 0)
    for reward in rewards:
        assert plain.standardised(reward) == pytest.approx(changed.standardised(1000 * reward - 7), abs=1e-9)


@pytest.mark.parametrize("reward", [0.0, 0.1, -3.0, 1e6])
def test_equal_rewards_teach_nothing(reward):
    scale = RewardScale(100, 0)
    assert [scale.standardised(reward) for _ in range(300)] == [0.0] * 300


@pytest.mark.parametrize("reward", [np.nan, np.inf])
def test_rewards_that_are_not_finite_are_refused(reward):
    with pytest.raises(ValueError, match="finite"):
        RewardScale(10, 0).standardised(reward)
