"""What one update of each learner does."""

import numpy as np
import pytest

from rlcsp_core.agents import actor_critic, npg, ppo, reinforce, trpo
from rlcsp_core.agents.baselines import BASELINES
from rlcsp_core.agents.episodes import Episode, joined, returns_to_go
from rlcsp_core.agents.policy import entropy, fisher, kl, policy_at
from rlcsp_core.agents.rule import Parameters

N_ACTIONS, HORIZON = 4, 5
NONE = BASELINES["none"]


def begin(theta, kl_weight=1.0, critic=None):
    return Parameters(theta, kl_weight, np.zeros(theta.shape[1]) if critic is None else critic)


def episodes_under(theta, epsilon, n, rng, transform=None):
    """Trajectories drawn from a policy; action 2 pays."""
    made = []
    for _ in range(n):
        features = np.stack([np.ones(HORIZON), rng.normal(size=HORIZON)], axis=1)
        masks = rng.random((HORIZON, N_ACTIONS)) < 0.8
        masks[:, 2] = True
        pi = policy_at(theta, features, masks, epsilon).probabilities
        actions = np.array([rng.choice(N_ACTIONS, p=row) for row in pi])
        rewards = (actions == 2) + rng.normal(size=HORIZON)
        seen = features if transform is None else features @ transform.T
        made.append(Episode(seen, masks, actions, rewards, returns_to_go(rewards), pi, np.zeros(HORIZON)))
    return tuple(made)


@pytest.fixture
def theta(rng):
    return 0.3 * rng.normal(size=(N_ACTIONS, 2))


def test_reinforce_climbs_the_sum_of_its_formula(theta, rng):
    config = reinforce.ReinforceConfig(entropy_floor=1.2)
    episodes = episodes_under(theta, config.exploration, 3, rng)
    last = episodes[-1]
    active = entropy(last.probabilities) < config.entropy_floor
    assert 0 < active.sum() < HORIZON  # both branches of β

    def objective(theta):
        pi = policy_at(theta, last.features, last.masks, config.exploration).probabilities
        log_pi = np.log(pi[np.arange(HORIZON), last.actions])
        return last.returns @ log_pi + entropy(pi)[active].sum()

    new = reinforce.improve(begin(theta), episodes, NONE, config)
    expected = central_difference(objective, theta)
    np.testing.assert_allclose(new.gradient, expected, atol=1e-6)
    np.testing.assert_allclose(new.parameters.theta, theta + 5e-4 * expected, atol=1e-9)


@pytest.mark.parametrize("delta", [0.001, 0.01])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_step_of_npg_has_the_divergence_it_was_given(delta, scale, theta, rng):
    config = npg.NPGConfig(kl_step=delta)
    for _ in range(10):
        episodes = [
            episode._replace(returns=scale * episode.returns)
            for episode in episodes_under(theta, config.exploration, 10, rng)
        ]
        new = npg.improve(begin(theta), episodes, BASELINES["mean"], config)
        batch = joined(episodes)
        after = policy_at(new.parameters.theta, batch.features, batch.masks, config.exploration)
        assert kl(batch.probabilities, after.probabilities).mean() == pytest.approx(delta, rel=0.2)


def test_natural_gradient_does_not_see_a_change_of_parameters_and_plain_gradient_does(theta, rng):
    """Features x' = Mx with θ' = θM⁻¹ describe the same policy; so should the policy after one step."""
    M = np.array([[1.0, 0.0], [0.7, 3.0]])
    seed = rng.integers(2**32)
    here, there = (
        episodes_under(theta, 0.1, 10, np.random.default_rng(seed), transform) for transform in (None, M)
    )
    there_theta = theta @ np.linalg.inv(M)

    def policy_after(rule, config, start, episodes):
        new = rule.improve(begin(start), episodes, NONE, config).parameters.theta
        batch = joined(episodes)
        return policy_at(new, batch.features, batch.masks, config.exploration).probabilities

    natural = npg.NPGConfig(damping=1e-10)
    trusted = trpo.TRPOConfig(damping=1e-10)
    plain = reinforce.ReinforceConfig(learning_rate=0.1)
    before = joined(here).probabilities
    for rule, config, invariant in ((npg, natural, True), (trpo, trusted, True), (reinforce, plain, False)):
        a = policy_after(rule, config, theta, here)
        b = policy_after(rule, config, there_theta, there)
        assert np.abs(a - before).max() > 1e-3
        assert (np.abs(a - b).max() < 1e-5) == invariant


def test_gradient_of_npg_is_the_mean_over_trajectories(theta, rng):
    config = npg.NPGConfig()
    episodes = episodes_under(theta, config.exploration, 7, rng)

    def objective(theta):
        total = 0.0
        for episode in episodes:
            pi = policy_at(theta, episode.features, episode.masks, config.exploration).probabilities
            total += episode.returns @ np.log(pi[np.arange(HORIZON), episode.actions])
        return total / len(episodes)

    new = npg.improve(begin(theta), episodes, NONE, config)
    np.testing.assert_allclose(new.gradient, central_difference(objective, theta), atol=1e-6)


def test_npg_solves_its_linear_system(rng):
    root = rng.normal(size=(6, 6))
    F, g = root @ root.T, rng.normal(size=6)
    step = npg.natural_step(g, F, damping=0.5, delta=0.02)
    damped = F + 0.5 * np.eye(6)
    assert 0.5 * step @ damped @ step == pytest.approx(0.02)
    residual = damped @ step
    assert residual @ g / np.linalg.norm(residual) / np.linalg.norm(g) == pytest.approx(1.0)


@pytest.mark.parametrize("objective", ppo.OBJECTIVES)
def test_ppo_climbs_its_objective(objective, theta, rng):
    """Away from the kinks of min() and clip(); old and new policy differ."""
    config = ppo.PPOConfig(objective=objective, entropy_weight=0.0)
    batch = joined(episodes_under(theta, config.exploration, 10, rng))
    advantage = batch.returns
    new = theta + 0.4 * rng.normal(size=theta.shape)
    assert (
        kl(batch.probabilities, policy_at(new, batch.features, batch.masks, 0.1).probabilities).mean() > 0.01
    )

    def objective_of(theta):
        return ppo.surrogate(theta, batch, advantage, 2.0, config)

    exact = ppo.surrogate_gradient(new, batch, advantage, 2.0, config)
    np.testing.assert_allclose(exact, central_difference(objective_of, new), atol=1e-6)


def test_clipping_stops_what_has_gone_far_enough(theta, rng):
    """One action taken at one state, an advantage of 1: passes without end raise the ratio to 1 + clip."""
    config = ppo.PPOConfig(objective="clip", passes=100, learning_rate=0.1, entropy_weight=0.0)
    episode = episodes_under(theta, config.exploration, 1, rng)[0]
    single = Episode(*(column[:1] for column in episode))._replace(returns=np.ones(1))
    new = ppo.improve(begin(theta), (single,), NONE, config).parameters.theta
    a = single.actions[0]
    after = policy_at(new, single.features, single.masks, config.exploration).probabilities
    ratio = after[0, a] / single.probabilities[0, a]
    assert 1.2 < ratio < 1.25


def test_penalty_weight_steers_the_divergence_to_its_target(theta, rng):
    """Updates from one and the same policy: free ones overshoot δ, penalised ones come within a factor 2."""
    config = ppo.PPOConfig(objective="penalty", entropy_weight=0.0, learning_rate=0.3, kl_step=0.002)

    def divergence(kl_weight):
        episodes = episodes_under(theta, config.exploration, 10, rng)
        new = ppo.improve(begin(theta, kl_weight), episodes, NONE, config).parameters
        batch = joined(episodes)
        after = policy_at(new.theta, batch.features, batch.masks, config.exploration).probabilities
        return kl(batch.probabilities, after).mean(), new.kl_weight

    free = [divergence(0.0)[0] for _ in range(20)]
    kl_weight, held = 1e-4, []
    for _ in range(60):
        kl_now, kl_weight = divergence(kl_weight)
        held.append(kl_now)
    assert np.median(free) > 0.006
    assert 0.001 < np.median(held[30:]) < 0.004


@pytest.mark.parametrize(
    ("kl_now", "expected"), [(0.001, 0.5), (0.0066, 0.5), (0.0067, 1.0), (0.0149, 1.0), (0.0151, 2.0)]
)
def test_penalty_weight_adapts_as_published(kl_now, expected):
    assert ppo.adapted(1.0, kl_now, delta=0.01) == expected


@pytest.mark.parametrize(
    ("rule", "config"),
    [
        (reinforce, reinforce.ReinforceConfig()),
        (npg, npg.NPGConfig()),
        (ppo, ppo.PPOConfig()),
        (actor_critic, actor_critic.ActorCriticConfig()),
        (trpo, trpo.TRPOConfig()),
    ],
)
def test_nothing_to_learn_changes_nothing(rule, config, rng):
    """Returns of zero and an entropy above the floor."""
    theta = np.zeros((N_ACTIONS, 2))
    episodes = tuple(
        episode._replace(returns=np.zeros(HORIZON), masks=np.ones_like(episode.masks))
        for episode in episodes_under(theta, config.exploration, 5, rng)
    )
    episodes = tuple(episode._replace(probabilities=np.full((HORIZON, 4), 0.25)) for episode in episodes)
    new = rule.improve(begin(theta), episodes, NONE, config)
    np.testing.assert_allclose(new.parameters.theta, theta, atol=1e-15)
    np.testing.assert_array_equal(new.parameters.critic, 0.0)


def test_fisher_of_a_uniform_policy_over_two_actions_by_hand():
    """π = ½ each, x = (1, 2): F = ¼ [[1, −1], [−1, 1]] ⊗ x xᵀ."""
    features = np.array([[1.0, 2.0]])
    policy = policy_at(np.zeros((2, 2)), features, np.ones((1, 2), dtype=bool), 0.0)
    expected = 0.25 * np.kron([[1, -1], [-1, 1]], np.outer(features[0], features[0]))
    np.testing.assert_allclose(fisher(policy, features), expected)


def central_difference(f, theta, step=1e-5):
    gradient = np.zeros_like(theta)
    for index in np.ndindex(*theta.shape):
        shift = np.zeros_like(theta)
        shift[index] = step
        gradient[index] = (f(theta + shift) - f(theta - shift)) / (2 * step)
    return gradient
