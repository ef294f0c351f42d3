"""Steps and CPU seconds to the target, by configuration: numbers one can work out by hand."""

import numpy as np
import pytest

from rlcsp_core.analysis.curves import RunCurve
from rlcsp_core.analysis.published import published
from rlcsp_core.analysis.study import cpu_to_target, ratio, study, sums
from rlcsp_core.analysis.survival import cost

TARGET = -10.0


def run(hit, length, label="A", composition="Y2O3", seconds=0.5, seed=0, experiment="x", target=TARGET):
    """A run that is at its target from step `hit` on (0: never) and spends `seconds` of CPU a step."""
    energies = np.full(length, -9.0)
    if hit:
        energies[hit - 1] = -10.0
    steps = np.arange(1, length + 1)
    return RunCurve(
        run_id=f"{label}{composition}{seed}", label=label, energies=energies, attempts=np.ones(length, int),
        elapsed=steps * 7.0, initial_energies=np.array([-8.0]), composition=composition, target=target, seed=seed,
        experiment=experiment, cpu=None if seconds is None else steps * seconds,
    )  # fmt: skip


def test_a_row_by_hand():
    (row,) = study([run(10, 10), run(20, 20), run(0, 60)])
    assert (row.n_runs, row.n_reached, row.n_steps, row.n_failed) == (3, 2, 90, 0)
    assert row.steps.mean == pytest.approx(30)
    assert row.steps.is_lower_bound
    assert row.steps.median == 20  # two of three by then
    assert row.cpu.mean == pytest.approx(15)
    assert row.published == 37789


def test_restricted_means_share_a_horizon_and_are_no_bounds():
    """A is known to the end, B to step 40: S_A = 1 to 10, 1/2 to 30, 0; S_B = 1 to 20, 1/2 to 40."""
    runs = [run(10, 10), run(30, 30), run(20, 20, label="B"), run(0, 40, label="B")]
    a, b = study(runs, restricted=True)
    assert (a.steps.limit, b.steps.limit) == (40, 40)
    assert a.steps.mean == pytest.approx(10 + 20 / 2)
    assert b.steps.mean == pytest.approx(20 + 20 / 2)
    assert a.cpu.limit == b.cpu.limit == 20
    assert b.cpu.mean == pytest.approx(15)
    assert not b.steps.is_lower_bound
    assert ratio(b.steps, a.steps).bound == ""


def test_every_task_has_a_horizon_of_its_own():
    runs = [run(0, 40), run(0, 60, label="B"), run(0, 15, composition="SrY2O4")]
    assert [row.steps.limit for row in study(runs, restricted=True)] == [40, 40, 15]


def test_a_longer_budget_does_not_make_a_configuration_look_dearer():
    short = [run(0, 100, seed=seed) for seed in range(4)] + [run(50, 50)]
    long = [run(0, 900, label="B", seed=seed) for seed in range(4)] + [run(50, 50, label="B")]
    plain = study([*short, *long])
    assert plain[1].steps.mean > 5 * plain[0].steps.mean
    fair = study([*short, *long], restricted=True)
    assert fair[0].steps.mean == pytest.approx(fair[1].steps.mean)


def test_cpu_time_is_that_of_the_step_of_the_target_and_not_of_the_end():
    assert cpu_to_target(run(4, 100)) == pytest.approx(2.0)
    assert cpu_to_target(run(0, 100)) == pytest.approx(50.0)
    assert np.isnan(cpu_to_target(run(4, 100, seconds=None)))


def test_runs_without_cpu_time_are_left_out_of_seconds_but_not_of_steps():
    (row,) = study([run(10, 10), run(30, 30, seconds=None)])
    assert (row.steps.n_runs, row.cpu.n_runs) == (2, 1)
    assert row.cpu.mean == pytest.approx(5)
    (none,) = study([run(10, 10, seconds=None)])
    assert none.cpu is None


def test_the_median_is_unknown_where_fewer_than_half_arrived():
    assert cost(np.array([5.0, 50.0, 50.0]), np.array([True, False, False])).median == np.inf


def test_a_censored_run_moves_the_median_as_kaplan_and_meier_say():
    # S: 2/3 at 1; the one stopped at 2 leaves one, which arrives at 9: S = 0
    assert cost(np.array([1.0, 2.0, 9.0]), np.array([True, False, True])).median == 9


def test_intervals_hold_the_mean_and_cover_it_about_as_often_as_they_say():
    rng = np.random.default_rng(3)
    samples = [cost(rng.exponential(100, 40), np.ones(40, bool)) for _ in range(200)]
    assert all(c.low <= c.mean <= c.high for c in samples)
    assert 0.88 <= np.mean([c.low <= 100 <= c.high for c in samples]) <= 0.99


def test_a_ratio_to_itself_is_one_with_an_interval_around_it():
    c = cost(np.array([10.0, 20.0, 30.0, 50.0]), np.ones(4, bool))
    own = ratio(c, c)
    assert own.value == 1
    assert own.low < 1 < own.high
    assert own.bound == ""


@pytest.mark.parametrize(("mine", "other", "bound"), [(0, 1, "≥"), (1, 0, "≤"), (0, 0, "?"), (1, 1, "")])
def test_a_ratio_of_bounds_says_which_side_it_bounds(mine, other, bound):
    sides = [cost(np.array([10.0, 20.0]), np.array([True, bool(reached)])) for reached in (mine, other)]
    assert ratio(*sides).bound == bound


def test_a_ratio_of_restricted_means_is_unknown_where_nobody_arrived():
    nobody = cost(np.full(20, 40.0), np.zeros(20, bool), 40)
    later = cost(np.full(20, 60.0), np.ones(20, bool), 40)
    somebody = cost(np.full(20, 20.0), np.arange(20) < 1, 40)
    assert ratio(nobody, nobody).bound == ratio(later, nobody).bound == "?"
    assert ratio(somebody, nobody).bound == ""


def test_nothing_is_a_ratio_to_no_steps():
    assert ratio(cost(np.array([1.0]), np.ones(1, bool)), cost(np.zeros(1), np.ones(1, bool))) is None


def test_targets_compositions_and_experiments_are_kept_apart():
    runs = [
        run(5, 5, label="Y2O3 · RLCSP"),
        run(5, 5, label="SrY2O4 · RLCSP", composition="SrY2O4"),
        run(5, 5, label="Y2O3 · RLCSP", target=-9.5),
        run(5, 5, label="Y2O3 · RLCSP", experiment="y"),
        run(5, 5, label="Y2O3 · RLCSP", target=None),
    ]
    rows = study(runs)
    assert [(r.configuration, r.composition, r.target) for r in rows] == [
        ("x: RLCSP", "Y2O3", -10.0),
        ("y: RLCSP", "Y2O3", -10.0),
        ("x: RLCSP", "SrY2O4", -10.0),
        ("x: RLCSP", "Y2O3", -9.5),
    ]


def test_the_sum_needs_all_five_compositions():
    compositions = list(dict.fromkeys(row.composition for row in published().n_mean))
    runs = [run(10 * (i + 1), 100, composition=name) for i, name in enumerate(compositions)]
    (total,) = sums(study(runs))
    assert total.steps == 10 + 20 + 30 + 40 + 50
    assert total.published == 90_847
    assert not total.is_lower_bound
    assert sums(study(runs[:4])) == ()
