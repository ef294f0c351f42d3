"""Actor–critic: λ-returns, a critic that finds the true values, an actor that follows the advantage."""

import itertools

import numpy as np
import pytest

from rlcsp_core.agents import agent_named
from rlcsp_core.agents.actor_critic import (
    ActorCriticConfig,
    by_critic,
    critic_gradient,
    critic_step,
    improve,
    lambda_returns,
)
from rlcsp_core.agents.baselines import BASELINES
from rlcsp_core.agents.episodes import Episode
from rlcsp_core.agents.policy import policy_at
from rlcsp_core.agents.rule import Parameters
from rlcsp_core.agents.valuation import Experience
from rlcsp_core.records import Observation, Transition

HORIZON, N_ACTIONS, N_FEATURES = 5, 3, 2
N_STATES = 5  # of the chain
SUCCESSOR = np.clip(np.arange(N_STATES)[:, None] + np.array([-1, 0, 1]), 0, N_STATES - 1)  # [state, action]
PAYS = 2  # the state that is worth 1 to enter


def central_difference(f, x, step=1e-5):
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        gradient[index] = (f(x + shift) - f(x - shift)) / (2 * step)
    return gradient


@pytest.fixture
def theta(rng):
    return 0.3 * rng.normal(size=(N_ACTIONS, N_FEATURES))


@pytest.fixture
def critic(rng):
    return rng.normal(size=N_FEATURES)


def episode_judged_by(critic, theta, config, rng):
    states = np.stack([np.ones(HORIZON + 1), rng.normal(size=HORIZON + 1)], axis=1)
    masks = np.ones((HORIZON, N_ACTIONS), dtype=bool)
    rewards = rng.normal(size=HORIZON)
    returns, values = by_critic(Experience(states, rewards, (), critic), config)
    pi = policy_at(theta, states[:-1], masks, config.exploration).probabilities
    actions = np.array([rng.choice(N_ACTIONS, p=row) for row in pi])
    return states, Episode(states[:-1], masks, actions, rewards, returns, pi, values)


@pytest.mark.parametrize("trace_decay", [0.0, 0.3, 0.95, 1.0])
def test_return_less_value_is_the_generalised_advantage(trace_decay, theta, critic, rng):
    """Schulman et al. 2016, eq. 16, term by term."""
    config = ActorCriticConfig(trace_decay=trace_decay, discount=0.9)
    states, episode = episode_judged_by(critic, theta, config, rng)
    V = states @ critic
    delta = episode.rewards + 0.9 * V[1:] - V[:-1]
    for t in range(HORIZON):
        advantage = sum((0.9 * trace_decay) ** (k - t) * delta[k] for k in range(t, HORIZON))
        assert episode.returns[t] - episode.values[t] == pytest.approx(advantage, abs=1e-12)


def test_ends_of_the_traces_are_one_step_and_the_whole_episode():
    rewards, values = np.array([1.0, 2.0, 4.0]), np.array([10.0, 20.0, 30.0, 40.0])
    np.testing.assert_allclose(lambda_returns(rewards, values, 0.5, 0.0), [11.0, 17.0, 24.0])
    np.testing.assert_allclose(lambda_returns(rewards, values, 0.5, 1.0), [8.0, 14.0, 24.0])
    np.testing.assert_allclose(lambda_returns(rewards, values, 0.0, 0.7), rewards)


def critic_loss(v, batch):
    """½ mean_t (G_t − v·x_t)² / |x_t|²."""
    x = batch.features
    return float(((batch.returns - x @ v) ** 2 / (x * x).sum(axis=1)).mean() / 2)


def test_gradient_of_the_critics_loss(theta, critic, rng):
    _, episode = episode_judged_by(critic, theta, ActorCriticConfig(), rng)
    elsewhere = critic + rng.normal(size=N_FEATURES)
    exact = central_difference(lambda v: critic_loss(v, episode), elsewhere)
    np.testing.assert_allclose(critic_gradient(elsewhere, episode), exact, atol=1e-8)
    assert np.linalg.norm(exact) > 0.1


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e3])
@pytest.mark.parametrize("rate", [0.1, 1.0])
def test_no_unit_of_the_features_makes_the_critic_overshoot(scale, rate, theta, critic, rng):
    _, episode = episode_judged_by(critic, theta, ActorCriticConfig(), rng)
    episode = episode._replace(features=episode.features * [1.0, scale])
    v, losses = np.zeros(N_FEATURES), []
    for _ in range(50):
        losses.append(critic_loss(v, episode))
        v = critic_step(v, episode, rate)
    assert (np.diff(losses) <= 1e-12 * losses[0]).all()
    assert losses[-1] < losses[0]


def test_actor_climbs_the_advantage_and_critic_its_loss(theta, critic, rng):
    config = ActorCriticConfig(entropy_weight=0.0, learning_rate=0.3)
    states, episode = episode_judged_by(critic, theta, config, rng)
    V = states @ critic
    one_step = episode.rewards + config.discount * V[1:] - V[:-1]
    decay = config.discount * config.trace_decay
    advantage = [decay ** np.arange(HORIZON - t) @ one_step[t:] for t in range(HORIZON)]

    def objective(theta):
        pi = policy_at(theta, episode.features, episode.masks, config.exploration).probabilities
        return np.array(advantage) @ np.log(pi[np.arange(HORIZON), episode.actions])

    new = improve(Parameters(theta, 1.0, critic), (episode,), BASELINES["b2"], config)
    expected = central_difference(objective, theta)
    np.testing.assert_allclose(new.gradient, expected, atol=1e-6)
    np.testing.assert_allclose(new.parameters.theta, theta + 0.3 * expected, atol=1e-6)
    assert critic_loss(new.parameters.critic, episode) < critic_loss(critic, episode)


def state_features(state):
    """[1, …]: five states told apart, the last by the constant alone."""
    return np.concatenate([[1.0], np.arange(N_STATES - 1) == state])


TRANSITIONS = sum(np.eye(N_STATES)[SUCCESSOR[:, a]] for a in range(N_ACTIONS)) / N_ACTIONS  # uniform policy


def true_values(discount, reward):
    """(I − γP)⁻¹ r [N_STATES]; reward [N_STATES] of entering each state."""
    return np.linalg.solve(np.eye(N_STATES) - discount * TRANSITIONS, TRANSITIONS @ reward)


def every_walk():
    """States [T + 1, I] of all walks of one episode; equally likely, for the uniform policy visits all states alike."""
    walks = []
    for start, actions in itertools.product(range(N_STATES), itertools.product(range(3), repeat=HORIZON)):
        states = [start]
        for action in actions:
            states.append(SUCCESSOR[states[-1], action])
        walks.append(states)
    return np.array(walks).T


@pytest.mark.parametrize("trace_decay", [0.0, 0.5, 0.95, 1.0])
def test_expected_steps_of_the_critic_end_at_the_true_values(trace_decay):
    """Exact: each step is the mean over all walks, so that no chance is left."""
    states = every_walk()
    reward = 1.0 * (np.arange(N_STATES) == PAYS)
    features = np.array([state_features(s) for s in range(N_STATES)])
    x = features[states[:-1]].reshape(-1, N_STATES)
    v = np.zeros(N_STATES)
    for _ in range(1000):
        G = lambda_returns(reward[states[1:]], (features @ v)[states], 0.8, trace_decay).ravel()
        v = critic_step(v, Episode(x, x, x, G, G, x, G), rate=1.0)
    np.testing.assert_allclose(features @ v, true_values(0.8, reward), atol=1e-5)


def test_critic_of_an_agent_comes_near_the_true_values_of_a_policy_that_does_not_change(rng):
    """Rewards as the agent standardises them: one in five is 1.  What is left is the chance of 4000 episodes."""
    settings = {"learning_rate": 0.0, "exploration": 1.0, "entropy_weight": 0.0, "critic_rate": 0.05}
    agent = agent_named("actor-critic", settings=settings, n_actions=N_ACTIONS, n_features=N_STATES)
    state, mask, critics = 0, np.ones(N_ACTIONS, dtype=bool), []
    for step in range(20_000):
        observation, action = Observation(state_features(state), mask), rng.integers(N_ACTIONS)
        state = SUCCESSOR[state, action]
        update = agent.learn(Transition(observation, action, float(state == PAYS), state_features(state)))
        assert update is None
        if step >= 4_000:
            critics.append(agent.critic)
    # the mean, because a critic with a constant step goes on trembling
    found = np.array([state_features(s) for s in range(N_STATES)]) @ np.mean(critics, axis=0)
    share = 1 / N_STATES
    expected = true_values(0.8, ((np.arange(N_STATES) == PAYS) - share) / np.sqrt(share * (1 - share)))
    assert np.ptp(expected) > 1.0
    np.testing.assert_allclose(found, expected, atol=0.12 * np.ptp(expected))


def test_critic_judges_by_what_it_knew_before_and_looks_beyond_the_end(rng):
    agent = agent_named("actor-critic", settings={"critic_rate": 1.0}, n_actions=2, n_features=2)
    mask = np.ones(2, dtype=bool)
    for episode in range(8):
        before, last = agent.critic, rng.normal()
        for t in range(agent.config.horizon):
            z = last if t == agent.config.horizon - 1 else rng.normal()
            observation = Observation(np.array([1.0, rng.normal()]), mask)
            action = agent.act(observation, rng).action
            agent.learn(Transition(observation, action, rng.normal(), np.array([1.0, z])))
        if episode < 2:  # the warm-up
            continue
        newest = agent.episodes[-1]
        np.testing.assert_array_equal(newest.values, newest.features @ before)
        beyond = before @ [1.0, last]
        assert newest.returns[-1] == pytest.approx(newest.rewards[-1] + 0.8 * beyond)
        assert not np.array_equal(agent.critic, before)
