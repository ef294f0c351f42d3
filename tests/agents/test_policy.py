"""The policy and its gradients, against central differences and simple identities."""

import numpy as np
import pytest

from rlcsp_core.agents.policy import (
    entropy,
    entropy_gradient,
    fisher,
    in_theta,
    kl,
    kl_gradient,
    policy_at,
    scores,
    scores_of,
)

STEP, TOLERANCE = 1e-5, 1e-6
N_STEPS, N_ACTIONS, N_FEATURES = 4, 5, 2


@pytest.fixture(params=[0.0, 0.1, 0.6])
def problem(request, rng):
    """θ, features, mask and ε of a few steps with some actions masked."""
    theta = rng.normal(size=(N_ACTIONS, N_FEATURES))
    features = np.stack([np.ones(N_STEPS), rng.normal(size=N_STEPS)], axis=1)
    mask = rng.random((N_STEPS, N_ACTIONS)) < 0.7
    mask[:, 1] = True
    mask[0] = True
    mask[1, 2:] = False
    return theta, features, mask, request.param


def central_difference(f, theta):
    """∂f/∂θ [A, F]."""
    gradient = np.zeros_like(theta)
    for index in np.ndindex(*theta.shape):
        shift = np.zeros_like(theta)
        shift[index] = STEP
        gradient[index] = (f(theta + shift) - f(theta - shift)) / (2 * STEP)
    return gradient


def test_probabilities_are_the_mixture_of_the_formula(problem):
    theta, features, mask, epsilon = problem
    pi = policy_at(theta, features, mask, epsilon).probabilities
    for t in range(N_STEPS):
        weights = [np.exp(theta[a] @ features[t]) if mask[t, a] else 0.0 for a in range(N_ACTIONS)]
        for a in range(N_ACTIONS):
            uniform = epsilon / mask[t].sum() if mask[t, a] else 0.0
            assert pi[t, a] == pytest.approx((1 - epsilon) * weights[a] / sum(weights) + uniform, abs=1e-14)
    np.testing.assert_allclose(pi.sum(axis=-1), 1.0, atol=1e-14)


def test_score_is_the_gradient_of_ln_pi(problem):
    theta, features, mask, epsilon = problem
    policy = policy_at(theta, features, mask, epsilon)
    for t, a in zip(*np.nonzero(mask), strict=True):

        def log_pi(theta, t=t, a=a):
            return np.log(policy_at(theta, features[t], mask[t], epsilon).probabilities[a])

        score = in_theta(scores(policy)[t, a][None], features[t][None])
        np.testing.assert_allclose(score, central_difference(log_pi, theta), atol=TOLERANCE)


def test_scores_of_picks_the_rows_of_scores(problem, rng):
    theta, features, mask, epsilon = problem
    policy = policy_at(theta, features, mask, epsilon)
    actions = np.array([rng.choice(np.flatnonzero(row)) for row in mask])
    np.testing.assert_array_equal(scores_of(policy, actions), scores(policy)[np.arange(N_STEPS), actions])


def test_entropy_gradient(problem):
    theta, features, mask, epsilon = problem

    def total(theta):
        return entropy(policy_at(theta, features, mask, epsilon).probabilities).sum()

    exact = in_theta(entropy_gradient(policy_at(theta, features, mask, epsilon)), features)
    np.testing.assert_allclose(exact, central_difference(total, theta), atol=TOLERANCE)


def test_kl_gradient(problem, rng):
    theta, features, mask, epsilon = problem
    old = policy_at(rng.normal(size=theta.shape), features, mask, 0.3).probabilities

    def total(theta):
        return kl(old, policy_at(theta, features, mask, epsilon).probabilities).sum()

    exact = in_theta(kl_gradient(old, policy_at(theta, features, mask, epsilon)), features)
    np.testing.assert_allclose(exact, central_difference(total, theta), atol=TOLERANCE)


def test_fisher_is_the_curvature_of_kl(problem, rng):
    theta, features, mask, epsilon = problem
    policy = policy_at(theta, features, mask, epsilon)
    F = fisher(policy, features)
    direction = rng.normal(size=theta.shape)
    length = 1e-3
    divergence = [
        kl(
            policy.probabilities,
            policy_at(theta + sign * length * direction, features, mask, epsilon).probabilities,
        ).mean()
        for sign in (1, -1)
    ]
    predicted = 0.5 * length**2 * direction.ravel() @ F @ direction.ravel()
    assert np.mean(divergence) == pytest.approx(predicted, rel=1e-4)


def test_masked_actions_have_probability_and_score_zero(problem):
    theta, features, mask, epsilon = problem
    policy = policy_at(theta, features, mask, epsilon)
    assert (policy.probabilities[~mask] == 0).all()
    score = scores(policy)
    assert (score[~mask] == 0).all()  # the action itself
    assert (np.swapaxes(score, -1, -2)[~mask] == 0).all()  # as a cross term
    assert (entropy_gradient(policy)[~mask] == 0).all()
    assert (kl_gradient(policy.probabilities, policy)[~mask] == 0).all()


def test_expected_score_vanishes(problem):
    theta, features, mask, epsilon = problem
    policy = policy_at(theta, features, mask, epsilon)
    expected = (policy.probabilities[..., None] * scores(policy)).sum(axis=1)
    np.testing.assert_allclose(expected, 0.0, atol=1e-14)


def test_theta_zero_is_uniform_and_has_the_largest_entropy():
    mask = np.array([True, True, False, True])
    policy = policy_at(np.zeros((4, 2)), np.array([1.0, 3.0]), mask, 0.1)
    np.testing.assert_allclose(policy.probabilities, mask / 3)
    assert entropy(policy.probabilities) == pytest.approx(np.log(3))


def test_extreme_preferences_stay_finite():
    theta = np.array([[0.0, 400.0], [0.0, -400.0], [0.0, 0.0]])
    policy = policy_at(theta, np.array([[1.0, 5.0]]), np.ones((1, 3), dtype=bool), 0.0)
    old = np.full((1, 3), 1 / 3)
    for result in (entropy(policy.probabilities), entropy_gradient(policy), scores(policy)):
        assert np.isfinite(result).all()
    assert np.isfinite(kl(old, policy.probabilities)).all()


def test_empty_mask_is_refused():
    with pytest.raises(ValueError, match="every action is masked"):
        policy_at(np.zeros((2, 1)), np.ones(1), np.zeros(2, dtype=bool), 0.1)
