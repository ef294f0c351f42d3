"""Survival statistics against numbers computed by hand, and the bootstrap against its library twin.

The example: runs reach the target after 1, 2 and 3 steps, one is stopped after 2, one after 4.

    S(1) = 4/5,  S(2) = 4/5 · 3/4 = 3/5,  S(3) = 3/5 · 1/2 = 3/10
    restricted mean to 4 = 1 + 4/5 + 3/5 + 3/10 = 2.7,   to 2.5 = 1 + 4/5 + ½ · 3/5 = 2.1
"""

import numpy as np
import pytest

from rlcsp_core.analysis import survival
from rlcsp_core.analysis.metrics import StepsToTarget


def results(steps, reached=None):
    reached = [True] * len(steps) if reached is None else reached
    return [StepsToTarget(s, float(s), bool(r)) for s, r in zip(steps, reached, strict=True)]


EXAMPLE = results([1, 2, 2, 3, 4], [1, 1, 0, 1, 0])


def test_kaplan_meier_by_hand():
    curve = survival.kaplan_meier(EXAMPLE)
    assert curve.step.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(curve.reached, [0, 0.2, 0.4, 0.7, 0.7])
    assert curve.censored_step.tolist() == [2, 4]
    np.testing.assert_allclose(curve.censored_reached, [0.4, 0.7])
    assert (curve.n_runs, curve.n_reached) == (5, 3)


def test_confidence_band_is_log_log_greenwood():
    """At step 2: Σ d/(n(n−d)) = 1/20 + 1/12, θ = 1.96 √Σ / ln S, band S^exp(±θ)."""
    curve = survival.kaplan_meier(EXAMPLE)
    survived = 0.6
    width = 1.959964 * np.sqrt(1 / 20 + 1 / 12) / np.log(survived)
    expected = sorted(1 - survived ** np.exp([width, -width]))
    assert [curve.low[2], curve.high[2]] == pytest.approx(expected, abs=1e-6)
    assert (curve.low <= curve.reached).all()
    assert (curve.reached <= curve.high).all()


def test_target_in_the_initial_population_counts_at_step_zero():
    curve = survival.kaplan_meier(results([0, 5], [1, 0]))
    assert curve.reached[0] == 0.5


@pytest.mark.parametrize("reached", [[0, 0, 0], [1, 1, 1]])
def test_all_or_none(reached):
    curve = survival.kaplan_meier(results([3, 3, 3], reached))
    assert curve.reached[-1] == reached[0]
    assert np.isfinite(curve.reached).all()


@pytest.mark.parametrize(("limit", "mean"), [(4.0, 2.7), (2.5, 2.1), (0.5, 0.5)])
def test_restricted_mean_by_hand(limit, mean):
    result = survival.cost(*survival.columns(EXAMPLE), limit)
    assert result.mean == pytest.approx(mean)
    assert result.low <= mean <= result.high
    assert (result.n_runs, result.n_reached, result.limit) == (5, 3, limit)


def test_fast_areas_equal_lifelines(rng):
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    steps = rng.integers(0, 30, size=25).astype(float)
    reached = rng.random(25) < 0.6
    draws = rng.multinomial(25, np.full(25, 1 / 25), size=5)
    for limit in (10.0, 29.0, 40.0):
        fast = survival.areas_under_survival(steps, reached, draws.astype(float), limit)
        for weights, area in zip(draws, fast, strict=True):
            fitter = KaplanMeierFitter().fit(np.repeat(steps, weights), np.repeat(reached, weights))
            assert area == pytest.approx(restricted_mean_survival_time(fitter, t=limit), abs=1e-9)


def test_curve_band_and_test_equal_those_of_lifelines(rng):
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import logrank_test

    samples = []
    for most, share in ((30, 0.6), (50, 0.8)):
        steps, reached = rng.integers(0, most, size=25), rng.random(25) < share
        curve = survival.kaplan_meier(results(steps, reached))
        fitter = KaplanMeierFitter().fit(steps, reached)
        theirs = 1 - fitter.survival_function_at_times(curve.step).to_numpy()
        band = (
            1 - fitter.confidence_interval_survival_function_.reindex(curve.step, method="ffill").to_numpy()
        )
        np.testing.assert_allclose(curve.reached, theirs, atol=1e-12)
        np.testing.assert_allclose(curve.low, band.min(axis=1), atol=1e-12)
        np.testing.assert_allclose(curve.high, band.max(axis=1), atol=1e-12)
        samples.append((steps, reached))
    (a, seen_a), (b, seen_b) = samples
    (test,) = survival.log_rank({"a": results(a, seen_a), "b": results(b, seen_b)})
    assert test.p == pytest.approx(logrank_test(a, b, seen_a, seen_b).p_value, abs=1e-12)


def test_bootstrap_interval_covers_the_truth_and_is_repeatable(rng):
    """Exponential waiting times: the interval contains the true mean in 90 … 98 of 100 experiments."""
    limit, scale, n_experiments = 1000.0, 400.0, 100
    truth = scale * (1 - np.exp(-limit / scale))
    covered = 0
    for _ in range(n_experiments):
        waiting = rng.exponential(scale, size=40)
        runs = results(np.minimum(waiting, limit), waiting < limit)
        mean = survival.cost(*survival.columns(runs), limit)
        covered += mean.low <= truth <= mean.high
    assert 88 <= covered <= 99
    one, other = (survival.cost(*survival.columns(runs), limit)[:-1] for _ in range(2))
    assert one == other


def test_common_limit_is_as_far_as_every_curve_is_known():
    limit = survival.common_limit
    assert limit({"a": results([5, 9], [1, 0]), "b": results([7, 2], [0, 1])}) == 7
    assert limit({"a": results([5, 9]), "b": results([7, 2], [0, 1])}) == 7
    assert (
        limit({"a": results([5, 30], [1, 0]), "b": results([7, 2])}) == 30
    )  # nothing of b is left to arrive
    assert limit({"a": results([5, 9]), "b": results([7, 2])}) == 9  # all arrived: their plain means
    assert limit({"a": results([7, 7], [1, 0]), "b": results([7, 9], [1, 0])}) == 7


def test_log_rank_by_hand():
    """A: 1, 2; B: 3, 4.  O_A = 2, E_A = 2/4 + 1/3, V = 1/4 + 2/9: χ² = 2.882, p = 0.0896."""
    (test,) = survival.log_rank({"A": results([1, 2]), "B": results([3, 4])})
    assert (test.a, test.b) == ("A", "B")
    assert test.p == pytest.approx(0.08956, abs=1e-4)
    assert test.p_holm == test.p


def test_without_any_event_there_is_no_p_value():
    never = results([9, 9], [0, 0])
    tests = survival.log_rank({"A": never, "B": never, "C": results([1, 2])})
    assert [test.p is None for test in tests] == [True, False, False]
    assert tests[0].p_holm is None
    assert tests[1].p_holm == pytest.approx(2 * tests[1].p)


@pytest.mark.parametrize(
    ("p", "corrected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.01, None, 0.02], [0.02, None, 0.02]),
        ([], []),
    ],
)
def test_holm_by_hand(p, corrected):
    got = survival.holm(p)
    assert [g is None for g in got] == [c is None for c in corrected]
    assert [g for g in got if g is not None] == pytest.approx([c for c in corrected if c is not None])


def test_n_mean_counts_runs_that_did_not_arrive_as_a_bound():
    runs = results([30, 10, 20, 40, 5], [1, 1, 1, 0, 0])
    everyone = survival.cost(*survival.columns(runs))
    assert everyone.mean == 21
    assert everyone.is_lower_bound
    assert (everyone.n_runs, everyone.n_reached) == (5, 3)
    assert everyone.low <= everyone.mean <= everyone.high
    assert not survival.cost(*survival.columns(runs[:3])).is_lower_bound
