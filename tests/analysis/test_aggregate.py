"""Best energy over several runs, by hand."""

import numpy as np
import pytest

from rlcsp_core.analysis.aggregate import (
    AT_MINIMUM,
    EARLY_POINTS,
    GRID_POINTS,
    above,
    best_energy,
    common_grid,
    energy_range,
    n_ending_alike,
    on_grid,
    window,
)

NAN = np.nan


def test_median_and_band_by_hand(make_curve):
    curves = [make_curve(energies, initial=[0]) for energies in ([-1, -1, -4], [-2, -2, -2], [-3, -6, -6])]
    band = best_energy(curves)
    assert band.grid.tolist() == [0, 1, 2, 3]
    assert band.median.tolist() == [0, -2, -2, -4]
    assert band.low.tolist() == [0, -2.5, -4, -5]
    assert band.high.tolist() == [0, -1.5, -1.5, -3]
    assert band.n.tolist() == [3, 3, 3, 3]


def test_runs_that_ended_leave_and_runs_at_the_target_stay(make_curve):
    short = make_curve([-1], target=-5.0)
    reached = make_curve([-5], target=-5.0)
    long = make_curve([-1, -2, -3], target=-5.0)
    band = best_energy([short, reached, long])
    assert band.n.tolist() == [3, 3, 2, 2]
    assert band.median.tolist() == [0, -1, -3.5, -4]


def test_medians_that_end_at_one_energy_are_counted(make_curve):
    curves = [best_energy([make_curve([-1.0, end])]) for end in (-2.0, -3.0, -2.0 - 1e-8, -4.0, -2.0)]
    assert n_ending_alike(curves) == 3
    assert n_ending_alike([curves[0], best_energy([])]) == 1
    assert n_ending_alike([]) == 0


def test_a_failed_step_does_not_change_the_curve(make_curve):
    band = best_energy([make_curve([-1, NAN, -2], initial=[NAN])])
    np.testing.assert_array_equal(band.median, [NAN, -1, -1, -2])
    assert band.n.tolist() == [0, 1, 1, 1]


def test_time_axis_takes_the_last_step_before_each_moment(make_curve):
    curve = make_curve([-1, -2], initial=[0])  # at 10, 11 and 12 s
    got = on_grid(curve, "time", np.array([0.0, 9.9, 10.0, 11.5, 12.0, 12.1]))
    np.testing.assert_array_equal(got, [NAN, NAN, 0, -1, -2, NAN])


def test_grid_is_every_step_or_thinned_to_the_same_ends(make_curve):
    assert common_grid([make_curve([0] * 7)], "steps").tolist() == list(range(8))
    long = common_grid([make_curve([0] * 5000)], "steps")
    assert (long[0], long[1], long[-1]) == (0, 1, 5000)
    assert GRID_POINTS < len(long) < GRID_POINTS + EARLY_POINTS
    assert np.max(np.diff(long)) <= np.ceil(5000 / (GRID_POINTS - 1))
    decades = [np.count_nonzero((long >= 10**k) & (long < 10 ** (k + 1))) for k in range(3)]
    assert min(decades) >= 9  # there is something to see in each decade of a logarithmic axis
    assert (long == long.round()).all()


def test_no_runs_give_an_empty_answer():
    band = best_energy([])
    assert band.n.tolist() == [0]
    assert np.isnan(band.median).all()


def test_outliers_do_not_stretch_the_axis():
    values = np.concatenate([np.linspace(-30, -29, 101), [1000.0, NAN, 2000.0]])
    shown = energy_range([values])
    assert (shown.low, shown.high) == pytest.approx((-30, -29))
    assert (shown.n_below, shown.n_above) == (0, 2)
    assert energy_range([np.array([NAN])]) is None


def test_an_axis_shows_some_millielectronvolts_at_least():
    values = np.array([-27.0, -27.31, *(-27.354 + 1e-9 * np.arange(50))])
    window = energy_range([values])
    assert (window.high, window.n_above) == (-27.31, 1)


def test_the_axis_for_bands_holds_those_of_all_experiments(make_curve):
    medians = [best_energy([make_curve([low] * 30, initial=[low])]) for low in (-1.0, -3.0)]
    assert window(medians)[:2] == (-3.0, -1.0)
    assert window([]) is None
    assert energy_range([np.array([-2.0, NAN]), np.array([-1.0])])[:2] == (-2.0, -1.0)


def test_energies_above_a_minimum_end_at_what_counts_as_reached() -> None:
    energy = np.array([-1.0, -1.9, -2.0 + 1e-6, -2.0, -2.5])
    assert above(energy, -2.0) == pytest.approx([1000.0, 100.0, AT_MINIMUM, AT_MINIMUM, AT_MINIMUM])
    assert np.isnan(above(np.array([np.nan]), -2.0)).all()
