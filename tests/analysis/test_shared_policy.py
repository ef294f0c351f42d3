"""How a shared policy grew: laws of its numbers."""

import math

import numpy as np
import pytest

from rlcsp_core.analysis.shared_policy import Share, growth, shares, spread_evenly


def test_entropy_is_largest_where_all_actions_are_equal_and_falls_to_none(rng):
    theta = np.zeros((3, 9, 2))
    theta[:, :, 1] = rng.normal(size=9)  # what depends on the energy does not count at z = 0
    theta[1, :, 0] = 5.0
    theta[2, 4, 0] = 900.0
    entropy = growth(theta).entropy
    assert entropy[:2] == pytest.approx([math.log(9)] * 2)
    assert entropy[2] == pytest.approx(0.0, abs=1e-9)


def test_norms_are_lengths_of_parameters_and_of_their_steps(rng):
    steps = rng.normal(size=(20, 9, 2))
    theta = np.cumsum(steps, axis=0)
    grown = growth(theta)
    assert grown.norm == pytest.approx([np.linalg.norm(each) for each in theta])
    assert grown.change == pytest.approx([np.linalg.norm(each) for each in steps])


def test_no_update_has_no_numbers():
    assert all(len(values) == 0 for values in growth(np.zeros((0, 0, 0))))
    assert shares((), np.zeros(0, int), np.zeros(0), ["a"]) == [Share("a", 0, 0, 0, 0.0)]


def test_every_update_belongs_to_one_run(rng):
    makers = rng.choice(["a", "b", "c"], 50).tolist()
    change = rng.random(50)
    found = shares(makers, np.arange(1, 51), change, ["c", "d"])
    assert [share.run_id for share in found] == [*dict.fromkeys(makers), "d"]
    assert sum(share.updates for share in found) == 50
    assert sum(share.length for share in found) == pytest.approx(change.sum())
    assert all(makers[share.first - 1] == makers[share.last - 1] == share.run_id for share in found[:-1])


def test_drawn_updates_are_spread_from_the_first_to_the_last():
    assert spread_evenly(5, 100).tolist() == [0, 1, 2, 3, 4]
    few = spread_evenly(1000, 10)
    assert (len(few), few[0], few[-1]) == (10, 0, 999)
