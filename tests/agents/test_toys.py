"""Every learner, with every baseline, finds the best policy of problems whose answer is known.

Bandits with two and nine arms, and a chain of five states in which the best action depends on the state.  ε = 0, so
that the optimum is within the policy's reach; learning rates are larger than the published ones, which are made for
runs of tens of thousands of steps.
"""

import numpy as np
import pytest

from rlcsp_core.agents import AGENTS, BASELINES, agent_named
from rlcsp_core.agents.npg import natural_step
from rlcsp_core.agents.policy import policy_at
from rlcsp_core.records import Observation, Transition

pytestmark = pytest.mark.slow

LEARNERS = tuple(name for name, kind in AGENTS.items() if kind.learns)
ENOUGH = 0.95  # of the optimal return
FAST = {  # settings with which each learns within the steps below
    "rlcsp": {"exploration": 0.0, "learning_rate": 0.02, "entropy_weight": 0.0},
    "npg": {"exploration": 0.0},
    "ppo": {"exploration": 0.0, "learning_rate": 0.3, "entropy_weight": 0.0},
    "actor-critic": {"exploration": 0.0, "learning_rate": 0.02, "entropy_weight": 0.0},
    # every step is as long as δ allows, so that the policy ends within a step of the optimum
    "trpo": {"exploration": 0.0, "kl_step": 0.003},
}
NINE_ARMS = (0, 0.1, 0.2, 0.3, 1.0, 0.4, 0.5, 0.1, 0.2)


class Bandit:
    """One state; arm a pays means[a] and noise."""

    noise = 0.5

    def __init__(self, means):
        self.means = np.asarray(means)
        self.n_actions, self.n_features = len(means), 1
        self.features = np.ones(1)

    def step(self, action, rng):
        return self.means[action] + self.noise * rng.standard_normal()

    def share_of_optimum(self, theta):
        mask = np.ones(self.n_actions, dtype=bool)
        return policy_at(theta, self.features, mask, 0.0).probabilities @ self.means / self.means.max()


class Chain:
    """States z = −2 … 2; left, stay, right; pays 1 in the middle.  Starts anew at random after H steps."""

    z = np.arange(-2.0, 3.0)
    moves = np.array([-1, 0, 1])
    n_actions, n_features, horizon = 3, 2, 5

    def __init__(self, rng):
        self.state, self.t = rng.integers(5), 0

    @property
    def features(self):
        return np.array([1.0, self.z[self.state]])

    def step(self, action, rng):
        self.state = int(np.clip(self.state + self.moves[action], 0, 4))
        reward = float(self.state == 2)
        self.t += 1
        if self.t % self.horizon == 0:
            self.state = rng.integers(5)
        return reward

    def share_of_optimum(self, theta):
        """Exact, by dynamic programming over the five steps."""
        features = np.stack([np.ones(5), self.z], axis=1)
        pi = policy_at(theta, features, np.ones((5, 3), dtype=bool), 0.0).probabilities
        successor = np.clip(np.arange(5)[:, None] + self.moves, 0, 4)  # [state, action]
        value, best = np.zeros(5), np.zeros(5)
        for _ in range(self.horizon):
            value = (pi * ((successor == 2) + value[successor])).sum(axis=1)
            best = ((successor == 2) + best[successor]).max(axis=1)
        return value.mean() / best.mean()


def train(agent, toy, n_steps, rng):
    mask = np.ones(toy.n_actions, dtype=bool)
    for _ in range(n_steps):
        observation = Observation(toy.features, mask)
        action = agent.act(observation, rng).action
        reward = toy.step(action, rng)
        agent.learn(Transition(observation, action, reward, toy.features))


def learned(name, toy, n_steps, rng, baseline=None, **settings):
    agent = agent_named(
        name,
        baseline=baseline,
        settings=FAST.get(name, {"exploration": 0.0}) | settings,
        n_actions=toy.n_actions,
        n_features=toy.n_features,
    )
    train(agent, toy, n_steps, rng)
    return toy.share_of_optimum(agent.theta)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("name", LEARNERS)
def test_two_armed_bandit(name, baseline, rng):
    assert learned(name, Bandit([0.0, 1.0]), 4000, rng, baseline) >= ENOUGH


@pytest.mark.parametrize("name", LEARNERS)
def test_nine_armed_bandit(name, rng):
    assert learned(name, Bandit(NINE_ARMS), 8000, rng) >= ENOUGH


@pytest.mark.parametrize("name", LEARNERS)
def test_chain_whose_best_action_depends_on_the_state(name, rng):
    assert learned(name, Chain(rng), 15000, rng) >= ENOUGH


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", ["actor-critic", "trpo"])
def test_no_seed_misses_the_optimum(name, seed):
    rng = np.random.default_rng(seed)
    assert learned(name, Bandit([0.0, 1.0]), 4000, rng) >= ENOUGH
    assert learned(name, Bandit(NINE_ARMS), 8000, rng) >= ENOUGH
    assert learned(name, Chain(rng), 10000, rng) >= ENOUGH


@pytest.mark.parametrize("trace_decay", [0.0, 1.0])
def test_actor_critic_learns_the_chain_at_both_ends_of_its_traces(trace_decay, rng):
    assert learned("actor-critic", Chain(rng), 10000, rng, trace_decay=trace_decay) >= ENOUGH


@pytest.mark.parametrize("objective", ["clip", "penalty", "both"])
def test_each_objective_of_ppo_learns_the_chain(objective, rng):
    assert learned("ppo", Chain(rng), 15000, rng, objective=objective) >= ENOUGH


@pytest.mark.parametrize("name", ["npg", "ppo", "trpo"])
def test_sliding_batches_learn_too(name, rng):
    """By the median of some: on sliding batches the noise of one batch can last (see npg.py)."""
    shares = [learned(name, Bandit([0.0, 1.0]), 2000, each, batch="sliding") for each in rng.spawn(5)]
    assert np.median(shares) >= ENOUGH


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1.0, 1e160])
def test_the_natural_step_does_not_depend_on_the_size_of_the_gradient(size, rng):
    """That of a policy sure of itself is of 1e-200; a step made of its squares was infinite, and no action followed."""
    g, F = rng.normal(size=4), np.diag([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(
        natural_step(size * g, F, 1e-3, 0.01), natural_step(g, F, 1e-3, 0.01), rtol=1e-12
    )


@pytest.mark.parametrize("name", ["uniform"])
def test_control_without_learning_stays_far_below(name, rng):
    toy = Bandit(NINE_ARMS)
    agent = agent_named(name, n_actions=9, n_features=1)
    draws = [agent.act(Observation(toy.features, np.ones(9, dtype=bool)), rng).action for _ in range(2000)]
    assert toy.means[draws].mean() < 0.5
