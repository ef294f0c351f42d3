"""What is watched while a search runs."""

from __future__ import annotations

import numpy as np

from rlcsp_core.analysis.aggregate import pooled_minima
from rlcsp_core.analysis.metrics import EnergySequence
from rlcsp_core.analysis.policy_map import over_energy, policy_map, with_row
from rlcsp_core.analysis.progress import (
    binned_policy,
    energy_window,
    processor_share,
    settled_window,
    steps_per_second,
    unmasked,
)


def test_the_axis_holds_the_lower_half_and_what_is_lowest(rng) -> None:
    energies = np.append(rng.uniform(-1.0, 5.0, 200), [1e3, np.nan])
    window = energy_window(energies)
    assert window is not None
    assert window.low < np.nanmin(energies)
    assert np.nanmedian(energies) < window.high < np.nanquantile(energies, 0.75)


def test_nothing_is_left_out_of_a_narrow_range_and_the_target_is_shown() -> None:
    narrow = np.array([-1.0, -0.2, -0.1, 0.0])
    window = energy_window(narrow, target=-3.0)
    assert window is not None
    assert window.low < -3.0
    assert window.high > narrow.max(), "a point on the edge is cut in half"
    assert energy_window(np.array([np.nan])) is None


def test_a_single_energy_is_inside_its_window() -> None:
    window = energy_window(np.array([-27.3]))
    assert window is not None
    assert window.low + 0.005 < -27.3 < window.high - 0.005


def test_an_action_that_cannot_apply_keeps_its_share() -> None:
    whole = np.array([0.1, 0.2, 0.3, 0.4])
    can = np.array([[1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1], [1, 0, 0, 1]], dtype=bool)
    recorded = np.where(can, whole, 0)
    recorded /= recorded.sum(axis=1, keepdims=True)
    found, could = unmasked(recorded)
    np.testing.assert_array_equal(could, can)
    np.testing.assert_allclose(found, np.tile(whole, (4, 1)), atol=0.003)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert unmasked(np.zeros((0, 9)))[0].shape == (0, 9)


def test_the_share_of_a_processor_is_that_of_the_last_steps() -> None:
    elapsed = np.arange(200.0)
    cpu = np.where(elapsed < 100, elapsed, 100 + 0.25 * (elapsed - 100))
    assert np.isclose(processor_share(elapsed, cpu), 0.25)
    assert processor_share(elapsed, np.full(200, np.nan)) is None


def test_speed_is_that_of_the_last_steps() -> None:
    elapsed = np.concatenate([np.arange(1, 101) * 10.0, 1000 + np.arange(1, 51) * 0.1])
    assert np.isclose(steps_per_second(np.arange(1, 151), elapsed, recent=50), 10.0)
    assert steps_per_second(np.array([1]), np.array([1.0])) is None


def test_binning_keeps_probabilities_and_their_mean(rng) -> None:
    p = rng.dirichlet(np.ones(9), 1003)
    binned = binned_policy(np.arange(1, 1004), p, bins=100)
    assert len(binned.step) <= 100
    np.testing.assert_allclose(binned.probabilities.sum(axis=1), 1.0)
    few = binned_policy(np.arange(1, 51), p[:50], bins=100)
    np.testing.assert_array_equal(few.probabilities, p[:50])


def test_pooled_minima_by_hand() -> None:
    one = EnergySequence(np.array([1, 9]), np.array([-1.0, -5.0]))
    two = EnergySequence(np.array([2, 10]), np.array([-3.0, -7.0]))
    pooled = pooled_minima([one, two], stretches=2)
    np.testing.assert_allclose(pooled.step, [2.5, 7.5])
    np.testing.assert_allclose(pooled.median, [-2.0, -6.0])
    np.testing.assert_array_equal(pooled.n, [2, 2])
    assert len(pooled_minima([]).step) == 0


def test_a_policy_without_parameters_is_uniform_at_every_energy() -> None:
    z = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(over_energy(np.zeros((9, 2)), z, 0.1), 1 / 9)


def test_the_map_holds_the_policies_of_its_moments(rng) -> None:
    theta, z, step = rng.normal(size=(500, 9, 2)), np.linspace(-2, 2, 5), np.arange(0, 2500, 5)
    chart = policy_map(step, theta, 3, z, z, 0.1)
    assert chart.step[0] == 0
    assert chart.step[-1] == step[-1]
    u = int(np.searchsorted(step, chart.step[7]))
    np.testing.assert_allclose(chart.probability[:, 7], over_energy(theta[u], z, 0.1)[:, 3])


def test_one_row_of_theta_is_changed_and_the_rest_is_left() -> None:
    theta = np.arange(12.0).reshape(4, 3)
    changed = with_row(theta, 2, [-1.0, -2.0])
    np.testing.assert_array_equal(changed[2], [-1.0, -2.0, 8.0])
    np.testing.assert_array_equal(np.delete(changed, 2, 0), np.delete(theta, 2, 0))
    assert theta[2, 0] == 6.0
    np.testing.assert_array_equal(over_energy(theta, 0.5, 0.1), over_energy(theta, np.array([0.5]), 0.1))


def test_the_axis_of_a_replay_leaves_out_the_first_drops() -> None:
    best = np.array([-23.0, -26.0, -27.30, -27.35, *[-27.39] * 96])
    window = settled_window(best, best + 0.01)
    assert window is not None
    assert -27.42 < window.low < -27.39
    assert -27.30 < window.high < -27.25
    assert settled_window(np.array([np.nan]), np.array([np.nan])) is None
