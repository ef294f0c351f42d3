"""TRPO: no accepted step leaves the trust region or makes the sampled objective worse."""

import numpy as np
import pytest

from rlcsp_core.agents import agent_named, npg, trpo
from rlcsp_core.agents.baselines import BASELINES
from rlcsp_core.agents.episodes import Episode, joined, returns_to_go
from rlcsp_core.agents.policy import kl, policy_at
from rlcsp_core.agents.rule import Parameters
from rlcsp_core.records import Observation, Transition

N_ACTIONS, HORIZON = 6, 5


def trajectories(theta, epsilon, n, rng):
    made = []
    for _ in range(n):
        features = np.stack([np.ones(HORIZON), rng.normal(size=HORIZON)], axis=1)
        masks = rng.random((HORIZON, N_ACTIONS)) < 0.8
        masks[:, 2] = True
        pi = policy_at(theta, features, masks, epsilon).probabilities
        actions = np.array([rng.choice(N_ACTIONS, p=row) for row in pi])
        rewards = rng.standard_t(2, size=HORIZON)
        values = features @ np.array([0.2, -0.5])
        made.append(Episode(features, masks, actions, rewards, returns_to_go(rewards), pi, values))
    return tuple(made)


def parameters(theta):
    return Parameters(theta, 1.0, np.zeros(theta.shape[1]))


def probabilities(theta, batch, epsilon):
    return policy_at(theta, batch.features, batch.masks, epsilon).probabilities


def test_gradient_of_the_surrogate_away_from_the_policy_that_acted(rng):
    taken, theta = rng.normal(size=(2, N_ACTIONS, 2))
    batch = joined(trajectories(taken, 0.1, 10, rng))
    policy = policy_at(theta, batch.features, batch.masks, 0.1)
    exact = trpo.surrogate_gradient(policy, batch, batch.returns)
    step = 1e-5
    for index in np.ndindex(*theta.shape):
        shift = np.zeros_like(theta)
        shift[index] = step
        up, down = (
            trpo.surrogate(probabilities(theta + sign * shift, batch, 0.1), batch, batch.returns)
            for sign in (1, -1)
        )
        assert exact[index] == pytest.approx((up - down) / (2 * step), abs=1e-6)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("delta", [0.001, 0.01, 0.3])
def test_accepted_steps_stay_in_the_region_and_gain(baseline, delta, rng):
    """Narrow and wide policies, heavy-tailed rewards; the natural step alone leaves the region in the same problems."""
    config = trpo.TRPOConfig(kl_step=delta)
    unasked, n_accepted = [], 0
    for _ in range(40):
        theta = rng.choice([0.1, 1.0, 3.0]) * rng.normal(size=(N_ACTIONS, 2))
        episodes = trajectories(theta, config.exploration, 10, rng)
        batch = joined(episodes)
        advantage = batch.returns - BASELINES[baseline].of(batch)
        old = probabilities(theta, batch, config.exploration)

        def divergence(new, old=old, batch=batch):
            return kl(old, probabilities(new, batch, config.exploration)).mean()

        new = trpo.improve(parameters(theta), episodes, BASELINES[baseline], config).parameters.theta
        natural = npg.NPGConfig(kl_step=delta)
        unasked.append(
            divergence(
                npg.improve(parameters(theta), episodes, BASELINES[baseline], natural).parameters.theta
            )
        )
        if np.array_equal(new, theta):
            continue
        n_accepted += 1
        assert divergence(new) <= delta
        gain = [
            trpo.surrogate(probabilities(t, batch, config.exploration), batch, advantage)
            for t in (theta, new)
        ]
        assert gain[1] > gain[0]
    assert n_accepted >= 36
    assert max(unasked) > delta


def test_old_episodes_are_corrected_by_their_ratio_and_the_region_is_around_the_current_policy(rng):
    """A window that slides over several policies."""
    agent = agent_named("trpo", settings={"batch": "sliding", "kl_step": 0.02}, n_actions=9, n_features=2)
    kls = []
    for _ in range(1500):
        observation = Observation(np.array([1.0, rng.normal()]), rng.random(9) < 0.9)
        action = agent.act(observation, rng).action
        update = agent.learn(Transition(observation, action, rng.normal(), observation.features))
        if update is not None:
            kls.append(update.kl)
    assert len(kls) > 200
    assert max(kls) <= 0.02
    assert np.median(kls) > 0.01


def test_no_step_where_none_is_trusted(rng):
    """One try only, in problems where the full step is too long."""
    config = trpo.TRPOConfig(kl_step=0.3, tries=1)
    stayed = 0
    for _ in range(40):
        theta = 3 * rng.normal(size=(N_ACTIONS, 2))
        episodes = trajectories(theta, config.exploration, 10, rng)
        new = trpo.improve(parameters(theta), episodes, BASELINES["b2"], config)
        patient = trpo.improve(parameters(theta), episodes, BASELINES["b2"], trpo.TRPOConfig(kl_step=0.3))
        if np.array_equal(new.parameters.theta, theta):
            stayed += 1
            continue
        np.testing.assert_array_equal(new.parameters.theta, patient.parameters.theta)
    assert 5 < stayed < 35


def test_search_goes_along_the_natural_step_by_the_stated_factor(rng):
    config = trpo.TRPOConfig(kl_step=0.3, shrink=0.7)
    powers = set()
    for _ in range(40):
        theta = 2 * rng.normal(size=(N_ACTIONS, 2))
        episodes = trajectories(theta, config.exploration, 10, rng)
        natural = npg.NPGConfig(kl_step=0.3)
        # NPG's gradient is that of TRPO times H, its direction and length the same
        full = npg.improve(parameters(theta), episodes, BASELINES["none"], natural).parameters.theta - theta
        step = trpo.improve(parameters(theta), episodes, BASELINES["none"], config).parameters.theta - theta
        if not step.any():
            continue
        part = np.linalg.norm(step) / np.linalg.norm(full)
        np.testing.assert_allclose(step, part * full, atol=1e-9)
        power = np.log(part) / np.log(0.7)
        assert power == pytest.approx(round(power), abs=1e-6)
        powers.add(round(power))
    assert powers >= {0, 1}
