"""The prior over actions: its gradient, problems with known answers, and little data."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from rlcsp_core.agents.prior import Logged, fitted, objective, rates


def softmax(theta):
    weight = np.exp(theta - theta.max())
    return weight / weight.sum()


def test_the_gradient_is_that_of_the_objective(rng):
    groups = [np.array([0, 1, 1, 2, 3]), np.array([0, 0, 2]), np.array([3, 1])]
    data = [(group, rng.random(len(group)) ** 4) for group in groups]
    theta = rng.normal(size=4)
    numeric = approx_fprime(theta, lambda t: objective(t, data, 2.0)[0], 1e-6)
    np.testing.assert_allclose(objective(theta, data, 2.0)[1], numeric, atol=1e-5)


def test_known_rates_and_no_shrinkage_have_a_closed_answer():
    """One arm hits, n do not: π(1−π)/π = λ(π − 1/(n+1)) of one compound gives π = (1 + λ/(n+1))/(1 + λ)."""
    one = Logged(np.arange(4), np.array([50.0, 0, 0, 0]), np.full(4, 100.0))
    for spread in (0.5, 2.0):
        pi = softmax(fitted([one], 4, 1e-9, spread))
        assert pi[0] == pytest.approx((1 + spread / 4) / (1 + spread), abs=1e-4)
        np.testing.assert_allclose(pi[1:], pi[1])


def test_an_arm_that_serves_every_compound_beats_arms_that_serve_one(rng):
    """Rates as in the study: arm 5 hits in each of six compounds, another in one each; the optimum by search."""
    logged = []
    for c in range(6):
        rate = np.full(8, 0.001)
        rate[5], rate[c % 5] = 0.02, 0.03
        logged.append(Logged(np.arange(8), rng.binomial(2000, rate).astype(float), np.full(8, 2000.0)))
    theta = fitted(logged, 8, 20.0, 2.0)
    assert theta.argmax() == 5
    steps = [1 / (softmax(theta) @ rates(one, 20.0)) for one in logged]
    even = [1 / rates(one, 20.0).mean() for one in logged]
    assert np.exp(np.mean(np.log(even)) - np.mean(np.log(steps))) > 1.5
    data = [(one.group, rates(one, 20.0)) for one in logged]
    best = objective(theta, data, 2.0)[0]
    assert all(
        objective(theta + rng.normal(scale=s, size=8), data, 2.0)[0] < best
        for s in (0.1, 0.5, 2.0)
        for _ in range(50)
    )


def test_groups_share_what_their_members_found():
    grouped = Logged(np.array([0, 1, 1]), np.array([1.0, 4.0, 6.0]), np.full(3, 100.0))
    other = Logged(np.array([0, 1]), np.array([5.0, 5.0]), np.full(2, 100.0))
    theta = fitted([grouped, other], 3, 20.0, 1.0)
    assert theta[1] > theta[0]
    assert theta[2] == 0  # occurs nowhere


@pytest.mark.parametrize(
    ("hits", "uses"),
    [([1, 0, 0], [1, 500, 500]), ([0, 0, 0], [300, 5, 0]), ([0, 0, 0], [0, 0, 0]), ([3, 0, 0], [3, 0, 0])],
)
def test_few_data_make_no_wild_policy(hits, uses):
    logged = Logged(np.arange(3), np.array(hits, dtype=float), np.array(uses, dtype=float))
    h = rates(logged, 20.0)
    assert (h > 0).all()
    pi = softmax(fitted([logged], 3, 20.0, 2.0))
    assert pi.min() > 0.1
    assert pi.max() < 0.7


def test_a_rate_is_its_own_where_it_is_well_known():
    logged = Logged(np.arange(2), np.array([400.0, 0.0]), np.array([10_000.0, 10.0]))
    assert rates(logged, 20.0)[0] == pytest.approx(0.04, rel=0.01)


def test_actions_left_alone_are_believed_to_be_of_the_mean():
    """A stream that soon uses one arm only: the arms it left are not believed to be as good as that one."""
    logged = Logged(np.arange(11), np.array([20.0, *[0] * 10]), np.array([500.0, *[10] * 10]))
    h = rates(logged, 20.0)
    assert h[0] > 5 * h[1]
