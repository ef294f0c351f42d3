"""Belief: what it records is the law it draws by, and an arm that comes to nothing is left alone."""

import numpy as np
import pytest

from rlcsp_core.agents import agent_named
from rlcsp_core.agents.belief import win_chances
from rlcsp_core.records import Observation, Transition

N = 100_000
X = np.array([1.0, 0.3])


def believer(n_actions, rng, **settings):
    """Some hits and many uses, as in the middle of a search."""
    agent = agent_named("belief", settings=settings, n_actions=n_actions, n_features=2)
    agent.theta = rng.normal(size=(n_actions, 2))
    agent.counts += np.stack([rng.integers(0, 6, n_actions), rng.integers(0, 300, n_actions)], axis=1)
    return agent


def sampled(agent, mask, rng):
    """How often each action comes first, by the sampling that belief is named for."""
    h = np.where(mask, agent.theta @ X, -np.inf)
    weight = np.exp(agent.config.trust * (h - h.max()))
    alpha, beta = agent.counts.T
    drawn = np.where(mask, weight * rng.gamma(alpha, size=(N, len(h))) / beta, -1.0).argmax(axis=1)
    policy = np.exp(h - h.max()) / np.exp(h - h.max()).sum()
    explored = rng.random(N) < agent.config.exploration
    drawn[explored] = rng.choice(len(h), size=int(explored.sum()), p=policy)
    return np.bincount(drawn, minlength=len(h)) / N


@pytest.mark.parametrize("exploration", [0.0, 0.1])
@pytest.mark.parametrize("n_actions", [2, 9, 32])
def test_the_recorded_probabilities_are_those_of_sampling(n_actions, exploration, rng):
    agent = believer(n_actions, rng, exploration=exploration)
    mask = rng.random(n_actions) < 0.7
    mask[0] = True
    p = agent.act(Observation(X, mask), rng).probabilities
    error = np.sqrt(p * (1 - p) / N)
    assert (np.abs(sampled(agent, mask, rng) - p) <= 4 * error + 1e-9).all()
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert (p[~mask] == 0).all()


def test_the_action_is_drawn_by_the_recorded_probabilities(rng):
    agent = believer(9, rng)
    observation = Observation(X, np.ones(9, dtype=bool))
    drawn = [agent.act(observation, rng) for _ in range(5000)]
    p = drawn[0].probabilities
    counts = np.bincount([d.action for d in drawn], minlength=9) / len(drawn)
    assert (np.abs(counts - p) <= 4 * np.sqrt(p * (1 - p) / len(drawn))).all()


def test_two_arms_of_equal_scale_win_as_the_beta_function_says():
    """P(Gamma(a) > Gamma(b)) = I_{1/2}(b, a): 3 against 1 wins 7 of 8."""
    counts = np.array([[3.0, 60.0], [1.0, 60.0]])
    np.testing.assert_allclose(win_chances(counts, np.zeros(2)), [7 / 8, 1 / 8], atol=1e-9)
    # a weight of 2 is a scale of 2: P(2x > y) for exponentials is 2/3
    np.testing.assert_allclose(win_chances(np.ones((2, 2)), np.log([2.0, 1.0])), [2 / 3, 1 / 3], atol=1e-9)


@pytest.mark.parametrize("alpha", [0.1, 3.0, 1e3, 1e6])
def test_the_integral_is_even_handed_at_any_number_of_hits(alpha):
    counts = np.array([[alpha, 2.0 * alpha]] * 3 + [[3.0, 1e5]])
    chances = win_chances(counts, np.zeros(4))
    np.testing.assert_allclose(chances[:3], chances[0], rtol=1e-6)
    assert chances.sum() == pytest.approx(1)


def test_an_action_that_comes_to_nothing_fades_and_one_that_hits_grows(rng):
    agent = agent_named("belief", n_actions=3, n_features=2)
    everything = Observation(X, np.ones(3, dtype=bool))
    for _ in range(200):
        agent.learn(Transition(everything, 0, 0.0, X))
        agent.learn(Transition(everything, 1, 0.0, X, is_lowest=True))
        agent.learn(Transition(everything, 2, 0.0, X))
    p = agent.act(everything, rng).probabilities
    assert p[1] > 0.9
    assert p[0] == pytest.approx(p[2])
    assert p[0] == pytest.approx(0.1 / 3, abs=1e-6)  # exploration alone


@pytest.mark.parametrize("hit", [False, True])
def test_every_trial_is_a_use_and_a_new_lowest_one_a_hit(hit):
    agent = agent_named("belief", n_actions=2, n_features=2)
    agent.learn(Transition(Observation(X, np.ones(2, dtype=bool)), 1, 0.0, X, hit))
    np.testing.assert_array_equal(agent.counts, [[3, 60], [3 + hit, 61]])


def test_weights_of_nothing_but_poor_actions_still_choose(rng):
    agent = agent_named("belief", n_actions=3, n_features=2)
    agent.theta = np.array([[1e5, 0.0], [0.0, 0.0], [0.0, 0.0]])
    p = agent.act(Observation(X, np.array([False, True, True])), rng).probabilities
    np.testing.assert_allclose(p, [0, 0.5, 0.5])


def test_a_snapshot_of_other_actions_is_refused():
    agent = agent_named("belief", n_actions=3, n_features=2)
    for counts in ([[3.0, 60.0]], [[3.0, 60.0]] * 2 + [[0.0, 60.0]], [[3.0, float("nan")]] * 3):
        with pytest.raises(ValueError, match="hits and uses"):
            agent.restore({"counts": counts})
