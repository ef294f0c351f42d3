"""Baselines: which of them bias the gradient, which of them quiet it.

Exact, by going through all trajectories of a small chain: three steps, three actions, two starts, 54 trajectories.
"""

import itertools

import numpy as np
import pytest

from rlcsp_core.agents.baselines import BASELINES, fit_value
from rlcsp_core.agents.episodes import Episode, joined, returns_to_go
from rlcsp_core.agents.policy import entropy_gradient, in_theta, policy_at, scores, scores_of

HORIZON, N_ACTIONS, EPSILON = 3, 3, 0.1
STARTS = (-1.0, 2.0)
PEAKED = np.array([[0.5, -0.3], [0.0, 0.4], [-0.8, 0.1]])


def trajectory(theta, value, start, actions):
    """An episode and its probability.  The reward of a step is its state, which the action moves."""
    z, states, rewards = start, [], []
    for a in actions:
        states.append(z)
        z += 0.5 * (a - 1)
        rewards.append(z)
    features = np.stack([np.ones(HORIZON), states], axis=1)
    masks = np.ones((HORIZON, N_ACTIONS), dtype=bool)
    pi = policy_at(theta, features, masks, EPSILON).probabilities
    probability = pi[np.arange(HORIZON), list(actions)].prod() / len(STARTS)
    rewards = np.array(rewards)
    episode = Episode(
        features, masks, np.array(actions), rewards, returns_to_go(rewards), pi, features @ value
    )
    return episode, probability


def all_trajectories(theta, value):
    choices = itertools.product(STARTS, itertools.product(range(N_ACTIONS), repeat=HORIZON))
    return [trajectory(theta, value, start, actions) for start, actions in choices]


def gradients(theta, episodes, baseline):
    """Σ_t (G_t − b_t) ∇ln π of each trajectory [I, A, F]."""
    estimates = []
    for episode in episodes:
        policy = policy_at(theta, episode.features, episode.masks, EPSILON)
        advantage = episode.returns - BASELINES[baseline].of(episode)
        estimates.append(in_theta(advantage[:, None] * scores_of(policy, episode.actions), episode.features))
    return np.array(estimates)


def mean_and_variance(theta, baseline):
    """Exact mean [A, F] and summed variance of the one-trajectory gradient."""
    past = [episode for episode, _ in all_trajectories(theta, np.zeros(2))]
    value = fit_value(past, 2, ridge=1.0)
    episodes, weights = zip(*all_trajectories(theta, value), strict=True)
    g, w = gradients(theta, episodes, baseline), np.array(weights)
    assert w.sum() == pytest.approx(1.0)
    mean = np.tensordot(w, g, axes=1)
    return mean, float((w * ((g - mean) ** 2).sum(axis=(1, 2))).sum())


def test_value_baseline_leaves_the_gradient_unbiased_and_lowers_its_variance():
    plain, plain_variance = mean_and_variance(PEAKED, "none")
    with_b2, b2_variance = mean_and_variance(PEAKED, "b2")
    np.testing.assert_allclose(with_b2, plain, atol=1e-12)
    assert b2_variance < 0.5 * plain_variance


@pytest.mark.parametrize("baseline", ["b1", "combined", "average"])
def test_entropy_baseline_biases_the_gradient_in_proportion_to_its_share(baseline):
    plain, _ = mean_and_variance(PEAKED, "none")
    full = mean_and_variance(PEAKED, "b1")[0] - plain
    share = {"b1": 1.0, "combined": 0.3, "average": 0.5}[baseline]
    bias = mean_and_variance(PEAKED, baseline)[0] - plain
    assert np.linalg.norm(full) > 0.02 * np.linalg.norm(plain)
    np.testing.assert_allclose(bias, share * full, atol=1e-12)


def test_entropy_baseline_is_unbiased_where_the_policy_is_uniform():
    theta = np.zeros_like(PEAKED)
    plain, _ = mean_and_variance(theta, "none")
    with_b1, _ = mean_and_variance(theta, "b1")
    np.testing.assert_allclose(with_b1, plain, atol=1e-12)


def test_entropy_baseline_pulls_towards_entropy_where_no_action_dominates(rng):
    """What its docstring says: E[−B1 ∇ln π] has a positive component along ∇H while all π < 1/e."""
    for _ in range(20):
        theta = 0.3 * rng.normal(size=(9, 1))
        policy = policy_at(theta, np.ones(1), np.ones(9, dtype=bool), EPSILON)
        pi = policy.probabilities
        assert pi.max() < np.exp(-1)
        h = -pi * np.log(pi)
        bias = -((pi * (h - h[pi.argmax()]))[:, None] * scores(policy)).sum(axis=0)
        direction = entropy_gradient(policy)
        cosine = bias @ direction / np.linalg.norm(bias) / np.linalg.norm(direction)
        assert cosine > 0.9


def test_hand_computed_values():
    pi = np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]])
    one = np.ones((2, 1))
    episode = Episode(
        one,
        np.ones((2, 3), dtype=bool),
        np.array([1, 0]),
        np.array([1.0, 2.0]),
        np.array([3.0, 2.0]),
        pi,
        np.array([10.0, 20.0]),
    )
    # h(1/4) = ¼ ln 4 = ½ ln 2 = h(1/2): the two entropies are equal, a coincidence of these numbers
    np.testing.assert_allclose(BASELINES["b1"].of(episode), [0.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(BASELINES["mean"].of(episode), [2.5, 2.5])
    np.testing.assert_allclose(BASELINES["b2"].of(episode), [10.0, 20.0])
    np.testing.assert_allclose(BASELINES["combined"].of(episode), [7.0, 14.0])
    np.testing.assert_allclose(BASELINES["average"].of(episode), [5.0, 10.0])
    np.testing.assert_allclose(BASELINES["none"].of(episode), [0.0, 0.0])
    uneven = episode._replace(probabilities=np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1]]))
    expected = -0.1 * np.log(0.1) + 0.8 * np.log(0.8)
    np.testing.assert_allclose(BASELINES["b1"].of(uneven), [expected, 0.0])


def test_ridge_regression_recovers_a_line_and_shrinks_with_its_weight():
    episodes = [
        episode._replace(returns=2.0 - 3.0 * episode.features[:, 1])
        for episode, _ in all_trajectories(PEAKED, np.zeros(2))
    ]
    np.testing.assert_allclose(fit_value(episodes, 2, ridge=1e-9), [2.0, -3.0], atol=1e-8)
    x, g = joined(episodes).features, joined(episodes).returns
    v = fit_value(episodes, 2, ridge=5.0)
    np.testing.assert_allclose(x.T @ (g - x @ v), 5.0 * v, atol=1e-9)  # the normal equations
    np.testing.assert_array_equal(fit_value([], 2, ridge=1.0), np.zeros(2))
