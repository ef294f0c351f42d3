"""What holds for every agent with every baseline."""

import json
import math

import numpy as np
import pytest

from rlcsp_core.agents import AGENTS, BASELINES, agent_named, algorithm_name
from rlcsp_core.agents.agent import draw
from rlcsp_core.agents.baselines import fit_value
from rlcsp_core.records import Observation, Transition

N_ACTIONS = 9
MEMBERS = [
    (name, baseline) for name, kind in AGENTS.items() for baseline in (BASELINES if kind.learns else [None])
]
LEARNERS = [(name, baseline) for name, baseline in MEMBERS if AGENTS[name].learns]
BOLD = {  # settings that change the policy soon, where its own do not
    "rlcsp": {"learning_rate": 0.1},
    "ppo": {"batch": "sliding"},
    "npg": {"batch": "fresh"},
    "actor-critic": {"learning_rate": 0.1, "critic_rate": 0.5},
    "trpo": {"batch": "sliding"},
}


@pytest.fixture(params=MEMBERS, ids=str)
def new_agent(request):
    name, baseline = request.param
    return lambda: agent_named(
        name, baseline=baseline, settings=BOLD.get(name), n_actions=N_ACTIONS, n_features=2
    )


def walk(agent, n_steps, rng):
    """Steps through random states, masks and rewards; what the agent did."""
    done = []
    for _ in range(n_steps):
        mask = rng.random(N_ACTIONS) < 0.6
        mask[rng.integers(N_ACTIONS)] = True
        observation = Observation(np.array([1.0, rng.normal()]), mask, melting=bool(rng.random() < 0.1))
        decision = agent.act(observation, rng)
        is_lowest = bool(rng.random() < 0.1)
        update = agent.learn(Transition(observation, decision.action, rng.normal(), np.ones(2), is_lowest))
        done.append((observation, decision, update))
    return done


def test_masked_actions_are_never_drawn_and_probabilities_sum_to_one(new_agent, rng):
    for observation, decision, _ in walk(new_agent(), 300, rng):
        assert observation.mask[decision.action]
        assert (decision.probabilities[~observation.mask] == 0).all()
        assert (decision.probabilities >= 0).all()
        assert math.isclose(decision.probabilities.sum(), 1.0, abs_tol=1e-12)


@pytest.mark.parametrize("n_before", [3, 63, 128])
def test_snapshot_continues_bit_for_bit(new_agent, n_before, rng):
    original = new_agent()
    walk(original, n_before, rng)
    snapshot = json.loads(json.dumps(original.snapshot()))
    restored = new_agent()
    restored.restore(snapshot)
    seed = rng.integers(2**32)
    for one, other in zip(
        walk(original, 80, np.random.default_rng(seed)),
        walk(restored, 80, np.random.default_rng(seed)),
        strict=True,
    ):
        assert one[1].action == other[1].action
        np.testing.assert_array_equal(one[1].probabilities, other[1].probabilities)
        assert (one[2] is None) == (other[2] is None)
        if one[2] is not None:
            np.testing.assert_array_equal(one[2].theta, other[2].theta)
            assert one[2].kl == other[2].kl
    assert json.dumps(original.snapshot()) == json.dumps(restored.snapshot())


def test_updates_come_where_the_policy_changed_and_nowhere_else(new_agent, rng):
    agent = new_agent()
    theta = getattr(agent, "theta", None)
    for _ in range(200):
        *_, update = walk(agent, 1, rng)[0]
        now = getattr(agent, "theta", None)
        changed = now is not None and not np.array_equal(theta, now)
        assert (update is not None) == changed
        if update is not None:
            np.testing.assert_array_equal(update.theta, now)
            assert update.gradient_norm > 0
            assert update.kl >= 0
            assert 0 < update.entropy <= math.log(N_ACTIONS) + 1e-12
        theta = now


@pytest.mark.parametrize(
    ("name", "first", "period"),
    [("rlcsp", 15, 5), ("actor-critic", 15, 5), ("npg", 60, 50), ("ppo", 60, 50), ("trpo", 60, 50)],
)
def test_first_ten_rewards_change_nothing_then_each_batch_does(name, first, period, rng):
    agent = agent_named(name, n_actions=N_ACTIONS, n_features=2)
    updates = [step for step, (*_, update) in enumerate(walk(agent, 200, rng), start=1) if update]
    assert updates == list(range(first, 201, period))


@pytest.mark.parametrize(("name", "baseline"), LEARNERS)
def test_learning_again_from_the_record_gives_the_same_policy(name, baseline, rng):
    """`learn` draws nothing: recorded transitions are as good as a snapshot."""
    agent, again = (
        agent_named(name, baseline=baseline, settings=BOLD.get(name), n_actions=N_ACTIONS, n_features=2)
        for _ in range(2)
    )
    for _ in range(120):
        observation, decision, _ = walk(agent, 1, rng)[0]
        reward = agent.snapshot()["rewards"]["recent"][-1]  # as the scale keeps it
        again.learn(Transition(observation, decision.action, reward, np.ones(2)))
    np.testing.assert_array_equal(agent.theta, again.theta)


def test_values_know_nothing_of_the_episode_they_judge(rng):
    agent = agent_named("rlcsp", n_actions=N_ACTIONS, n_features=2)
    walk(agent, 40, rng)
    for _ in range(10):
        past = agent.episodes
        walk(agent, agent.config.horizon, rng)
        newest = agent.episodes[-1]
        expected = newest.features @ fit_value(past, 2, agent.config.ridge)
        np.testing.assert_array_equal(newest.values, expected)


@pytest.mark.parametrize(("u", "action"), [(0.0, 1), (0.25, 1), (0.2500001, 3), (1 - 2**-53, 3)])
def test_drawing_steps_over_masked_actions_at_the_very_ends(u, action):
    class Fixed:
        def random(self):
            return u

    assert draw(np.array([0.0, 0.2500001, 0.0, 0.7499999, 0.0]), Fixed()).action == action


def test_shared_policy_can_be_handed_in(rng):
    agent = agent_named("rlcsp", n_actions=2, n_features=1)
    agent.theta = np.array([[100.0], [0.0]])
    observation = Observation(np.ones(1), np.ones(2, dtype=bool))
    np.testing.assert_allclose(agent.act(observation, rng).probabilities, [0.95, 0.05])
    with pytest.raises(ValueError, match="shape"):
        agent.theta = np.zeros((3, 1))


def test_runs_are_called_and_pooled_by_algorithm_and_baseline():
    assert algorithm_name("ppo", None) == algorithm_name("ppo", "b2") == "PPO"  # its own
    assert algorithm_name("ppo", "none") == "PPO + none"
    assert algorithm_name("rlcsp", None) == algorithm_name("rlcsp", "none") == "RLCSP"
    assert algorithm_name("rlcsp", "b1") == "RLCSP + B1"
    assert algorithm_name("uniform", "none") == "Uniform"
    assert algorithm_name("sarsa", None) == "sarsa"
    for algorithm in AGENTS:
        names = [algorithm_name(algorithm, baseline) for baseline in BASELINES]
        assert len(set(names)) == (len(names) if AGENTS[algorithm].learns else 1)
