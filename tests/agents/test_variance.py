"""Variance and bias of the gradient with each baseline, on one record of a bandit with two contexts."""

import math

import numpy as np
import pytest

from rlcsp_core.agents import BASELINES, agent_named
from rlcsp_core.agents.variance import batch_gradient, gradient_variances, recorded_episodes, relative
from rlcsp_core.records import Observation, Transition

pytestmark = pytest.mark.slow

CONTEXT_PAYS = 5.0  # how much more than an action the state matters: what V(s) can take away
PEAKED = np.array([[1.2, 0.0], [0.0, 0.0], [-1.0, 0.0]])
SETTINGS = {"horizon": 1, "learning_rate": 0.0, "warm_up": 0, "trajectories": 50}


@pytest.fixture(scope="module")
def recorded():
    """Trajectories of one step under a policy that does not change."""
    rng = np.random.default_rng(7)
    mask = np.ones(3, dtype=bool)
    player, learner = (agent_named("rlcsp", settings=SETTINGS, n_actions=3, n_features=2) for _ in range(2))
    player.theta = learner.theta = PEAKED
    transitions = []
    for _ in range(4000):
        observation = Observation(np.array([1.0, rng.choice([-1.0, 1.0])]), mask)
        action = player.act(observation, rng).action
        reward = CONTEXT_PAYS * observation.features[1] + action
        transitions.append(Transition(observation, action, reward, observation.features))
    return recorded_episodes(transitions, learner)


def test_every_trajectory_is_recovered_with_its_policy(recorded):
    assert len(recorded) == 4000
    assert all((theta == PEAKED).all() for _, theta in recorded)


@pytest.mark.parametrize("batch_size", [1, 10])
def test_value_baseline_quiets_without_bias_and_entropy_baseline_biases(recorded, batch_size):
    by_name = {v.baseline: v for v in gradient_variances(recorded, 0.1, batch_size)}
    assert set(by_name) == set(BASELINES)
    assert by_name["none"].bias_norm == 0
    assert by_name["b2"].variance < 0.2 * by_name["none"].variance
    assert by_name["b2"].bias_norm < 4 * by_name["b2"].bias_error
    assert by_name["b1"].bias_norm > 4 * by_name["b1"].bias_error


def test_larger_batches_have_variances_smaller_in_proportion(recorded):
    single, tenfold = (
        {v.baseline: v.variance for v in gradient_variances(recorded, 0.1, n)} for n in (1, 10)
    )
    assert tenfold["none"] == pytest.approx(single["none"] / 10, rel=0.2)


def test_variance_and_bias_by_the_obvious_formula(recorded):
    some = recorded[:40]
    none, b1 = (
        np.array([batch_gradient(some[i : i + 4], BASELINES[name], 0.1).ravel() for i in range(0, 40, 4)])
        for name in ("none", "b1")
    )
    got = {v.baseline: v for v in gradient_variances(some, 0.1, 4)}["b1"]
    assert got.n_batches == 10
    assert got.variance == pytest.approx(np.trace(np.cov(b1.T)))
    assert got.bias_norm == pytest.approx(np.sqrt(((b1 - none).mean(axis=0) ** 2).sum()))


def test_too_few_batches_give_no_answer(recorded):
    assert gradient_variances(recorded[:10], 0.1, 10) == ()


def test_relative_biases_are_in_deviations_of_the_plain_estimate(recorded):
    rows = gradient_variances(recorded, 0.1, 4)
    spread = math.sqrt(next(row.variance for row in rows if row.baseline == "none"))
    for row, scaled in zip(rows, relative(rows), strict=True):
        assert scaled.bias_norm == pytest.approx(row.bias_norm / spread)
        assert scaled.bias_error == pytest.approx(row.bias_error / spread)
        assert scaled.variance == row.variance
    assert relative(()) == ()
