"""Every measure, computed by hand."""

import numpy as np
import pytest

from rlcsp_core.analysis import metrics
from rlcsp_core.analysis.distribution import distribution, pooled_distribution
from rlcsp_core.errors import ConfigError

NAN = np.nan


@pytest.mark.parametrize(
    ("energies", "lengths"),
    [
        ([5, 4, 3, 2, 5], [4]),  # the report's example
        ([5, 4, 3, 2, 5, 6], [4, 1]),
        ([5, 5, 5, 4, 6, 6, 7], [4, 2]),  # equal energies do not rise
        ([1, 2, 3], [1, 1]),
        ([3, 2, 1], []),  # nothing ended it
        ([5, NAN, 4, NAN, 6, NAN], [2]),  # a failed step neither continues nor ends
        ([5, 5 + 5e-7, 4, 9], [3]),  # the same energy within rounding
        ([], []),
        ([NAN, NAN], []),
        ([7], []),
    ],
)
def test_generation_sequence(energies, lengths):
    assert metrics.generation_sequence(np.array(energies, dtype=float)).tolist() == lengths


def test_generation_lengths_and_the_unfinished_rest_make_up_all_valid_steps(rng):
    energies = rng.normal(size=500)
    energies[rng.random(500) < 0.1] = NAN
    valid = energies[~np.isnan(energies)]
    rises = np.flatnonzero(np.diff(valid) > 0)
    lengths = metrics.generation_sequence(energies)
    assert len(lengths) == len(rises)
    assert lengths.sum() == rises[-1] + 1


def test_energy_sequence_drops_repeats_and_failures():
    sequence = metrics.energy_sequence(np.array([5, 5, NAN, 5, 4, 2, 2, 6, 1, NAN, 1, 3]))
    assert sequence.energy.tolist() == [5, 4, 2, 6, 1, 3]
    assert sequence.step.tolist() == [1, 5, 6, 8, 9, 12]
    minima = metrics.local_minima(sequence)
    assert minima.energy.tolist() == [2, 1]
    assert minima.step.tolist() == [6, 9]


@pytest.mark.parametrize("energies", [[], [NAN], [3.0], [3, 2, 1]])
def test_no_rise_no_minimum(energies):
    sequence = metrics.energy_sequence(np.array(energies, dtype=float))
    assert len(metrics.local_minima(sequence).energy) == 0


def test_moves_in_both_conventions(make_curve):
    curve = make_curve([0.0] * 5, attempts=np.array([1, 4, 1, 2, 1]))
    assert metrics.moves_sequence(curve).tolist() == [1, 4, 1, 2, 1]
    assert metrics.moves_sequence(curve, "report").tolist() == [3, 1]
    with pytest.raises(ConfigError, match=r"'theirs'.*attempts, report"):
        metrics.moves_sequence(curve, "theirs")


def test_best_so_far_starts_with_the_initial_population(make_curve):
    best = metrics.best_so_far(make_curve([-1, NAN, -3, -2], initial=[NAN, -0.5, -1.5]))
    assert best.step.tolist() == [0, 1, 2, 3, 4]
    assert best.energy.tolist() == [-1.5, -1.5, -1.5, -3, -3]
    assert best.elapsed.tolist() == [10, 11, 12, 13, 14]


def test_best_so_far_is_nan_until_something_is_known(make_curve):
    best = metrics.best_so_far(make_curve([NAN, -1], initial=[NAN]))
    np.testing.assert_array_equal(best.energy, [NAN, NAN, -1])


@pytest.mark.parametrize(
    ("energies", "initial", "lowest", "drop"),
    [
        ([-1, -4, -2], [-1, -2], -4, 2),
        ([-1, NAN], [-3], -3, 0),
        ([NAN], [NAN], None, None),
        ([-1], [NAN], -1, None),
        ([], [-1], -1, 0),
    ],
)
def test_lowest_energy_and_its_drop(make_curve, energies, initial, lowest, drop):
    curve = make_curve(energies, initial)
    assert metrics.lowest_energy(curve) == lowest
    assert metrics.energy_drop(curve) == drop


@pytest.mark.parametrize(
    ("energies", "initial", "expected"),
    [
        ([-1, -2, -3], [0], (3, 13.0, True)),
        ([-1, -3 + 1.9e-5, -3], [0], (2, 12.0, True)),
        ([-1, -3 + 2.1e-5, NAN], [0], (3, 13.0, False)),
        ([-1, -5], [0], (2, 12.0, True)),  # below the target is reached as well
        ([-1], [-3], (0, 10.0, True)),
        ([], [0], (0, 10.0, False)),
    ],
)
def test_steps_and_time_to_target(make_curve, energies, initial, expected):
    assert metrics.steps_to_target(make_curve(energies, initial, target=-3.0)) == expected


def test_without_a_target_there_is_nothing_to_reach(make_curve):
    assert metrics.steps_to_target(make_curve([-1.0])) is None


def test_columns_of_different_length_are_refused(make_curve):
    with pytest.raises(ValueError, match="one of each a step"):
        make_curve([1.0, 2.0], attempts=np.array([1]))


def test_distribution_by_hand():
    d = distribution(np.array([2, 4, 4, 5, 5, 1]))
    assert (d.n, d.mean, d.median, d.mode) == (6, 3.5, 4.0, 4)  # 4 and 5 twice: the smaller
    assert d.deviation == pytest.approx(np.sqrt((2.25 + 0.25 * 2 + 2.25 * 2 + 6.25) / 5))
    assert d.values.tolist() == [1, 2, 4, 5]
    assert d.counts.tolist() == [1, 1, 2, 2]


def test_distribution_of_next_to_nothing():
    assert distribution(np.array([], dtype=int))[:5] == (0, None, None, None, None)
    assert distribution(np.array([3]))[:5] == (1, 3.0, 3.0, 3, None)
    assert pooled_distribution([]).n == 0


def test_pooling_weighs_entries_not_runs():
    assert pooled_distribution([np.array([1]), np.array([4, 4, 4])]).mean == 2.5
