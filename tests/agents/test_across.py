"""Learning across searches on toys: a search ends when an arm hits; the best policy takes the one that hits most."""

import numpy as np
import pytest

from rlcsp_core.agents.across import CREDITS, Across, Searched
from rlcsp_core.agents.agent import draw
from rlcsp_core.agents.baselines import BASELINES
from rlcsp_core.agents.policy import policy_at
from rlcsp_core.errors import ConfigError

RATES = np.array([0.0, 0.01, 0.2, 0.0, 0.02, 0.0])
LIMIT = 400
RULES = ("rlcsp", "npg", "ppo", "actor-critic", "trpo")
BOLD = {
    "rlcsp": {"learning_rate": 0.03, "entropy_weight": 0.0},
    "npg": {"kl_step": 0.03},
    "ppo": {"learning_rate": 0.8, "entropy_weight": 0.0, "kl_step": 0.05},
    "actor-critic": {"learning_rate": 0.03, "entropy_weight": 0.0, "discount": 0.0},
    "trpo": {"kl_step": 0.03},
}


def search(theta, rates, rng, exploration=0.1, rows=None):
    """One search of a memoryless problem; the rewards are those of a method that pays for what finds the target."""
    rows = np.arange(len(rates)) if rows is None else rows
    mask = np.bincount(rows, minlength=len(theta))
    among = [np.flatnonzero(rows == row) for row in range(len(theta))]  # actions of each row
    pi = policy_at(theta, np.ones(1), mask, exploration).probabilities
    taken, hit = [], False
    while not hit and len(taken) < LIMIT:
        row = draw(pi, rng).action
        action = among[row][rng.integers(len(among[row]))]
        taken.append(row)
        hit = rng.random() < rates[action]
    n = len(taken)
    rewards = rng.normal(size=n) * 0.1
    rewards[-1] += hit
    return Searched(
        "toy",
        np.ones((n + 1, 1)),
        np.tile(mask, (n, 1)),
        np.array(taken),
        rewards,
        {n - 1: 1.0} if hit else {},
        LIMIT,
    )


def trained(rule, baseline, credit, n_searches, rng, batch=1, **settings):
    across = Across(rule, baseline, BOLD[rule] | settings, credit, np.zeros((len(RATES), 1)))
    for _ in range(n_searches):
        across.learn([search(across.theta, RATES, rng) for _ in range(batch)])
    return across.theta


def speed(theta, exploration=0.1):
    """Steps that the even policy needs over those of this one."""
    pi = policy_at(theta, np.ones(1), np.ones(len(RATES), dtype=bool), exploration).probabilities
    return pi @ RATES / RATES.mean()


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_learns_which_arm_hits(rule, baseline, rng):
    """By the median of some trainings: steps of a fixed KL can leave the optimum at the last search of one."""
    speeds = [speed(trained(rule, baseline, "lineage", 100, each)) for each in rng.spawn(5)]
    assert np.median(speeds) > 3.5  # the best is 4.8


@pytest.mark.parametrize("rule", RULES)
def test_the_length_of_the_search_teaches_too_but_slowly(rule, rng):
    slow = {"rlcsp": {"learning_rate": 0.01}, "actor-critic": {"learning_rate": 0.01, "discount": 0.999}}
    assert speed(trained(rule, "b2", "steps", 300, rng, batch=4, **slow.get(rule, {}))) > 2.5


@pytest.mark.slow
def test_the_credit_of_the_hit_is_the_gradient_of_the_expected_steps(rng):
    """E[∇ln π(a of the hit)] = ∇ ln Σ π h, in 20 000 searches within 4σ."""
    theta = rng.normal(scale=0.3, size=(len(RATES), 1))
    n = 20_000
    pi = policy_at(theta, np.ones(1), np.ones(len(RATES), dtype=bool), 0.0).probabilities
    hits = np.zeros(len(RATES))
    for _ in range(n):
        one = search(theta, RATES, rng, exploration=0.0)
        for t in one.found:
            hits[one.actions[t]] += 1
    share = hits / hits.sum()
    exact = pi * RATES / (pi @ RATES)
    assert (np.abs(share - exact) <= 4 * np.sqrt(exact * (1 - exact) / n) + 1e-3).all()


def test_actions_that_share_a_row_have_the_gradient_of_their_sum(rng):
    """Rows of one action each, tied by hand, against one row for all three."""
    rows = np.array([0, 1, 1, 1])
    apart = search(np.zeros((4, 1)), np.array([0.05, 0.2, 0, 0]), rng)
    tied = apart._replace(actions=rows[apart.actions], masks=np.tile([1, 3], (len(apart.actions), 1)))
    settings = {"learning_rate": 0.1, "entropy_weight": 0.0}
    one = Across("rlcsp", "none", settings, "lineage", np.zeros((4, 1)))
    two = Across("rlcsp", "none", settings, "lineage", np.zeros((2, 1)))
    one.learn([apart])
    two.learn([tied])
    expected = [one.theta[0, 0], one.theta[1:, 0].sum()]
    np.testing.assert_allclose(two.theta[:, 0], expected, rtol=1e-12)


def test_parents_are_credited_where_the_credit_decays():
    found = {9: 1.0, 4: 0.5, 2: 0.25}
    run = Searched(
        "toy", np.ones((11, 1)), np.ones((10, 3), dtype=bool), np.arange(10) % 3, np.zeros(10), found, 50
    )
    ((_, worth),) = CREDITS["lineage"](run, {}, 5)
    assert worth.returns[9] > worth.returns[4] > 0
    assert worth.returns[3] < 0


def test_a_search_that_was_over_at_once_teaches_nothing():
    across = Across("npg", "none", {}, "lineage", np.zeros((3, 1)))
    empty = Searched(
        "toy", np.ones((1, 1)), np.ones((0, 3), dtype=bool), np.zeros(0, dtype=int), np.zeros(0), {}, 50
    )
    for credit in CREDITS:
        other = Across("npg", "none", {}, credit, np.zeros((3, 1)))
        other.learn([empty])
        assert not other.theta.any()
    across.learn([])
    assert not across.theta.any()


def test_what_does_not_learn_is_refused():
    with pytest.raises(ConfigError, match="choose a learner"):
        Across("belief", "none", {}, "lineage", np.zeros((3, 1)))
