"""The Gymnasium environment is the search, and keeps Gymnasium's own contract."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="Gymnasium is not installed: pip install '.[gym]'")

import gymnasium
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

from rlcsp_core.errors import ConfigError
from rlcsp_core.gym import ID, REWARDS, CrystalSearch
from rlcsp_core.records import StepRecord
from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.search.play import Play

SMALL = {"composition": "Y2O3", "max_atoms": 20, "population": 6, "steps": 30, "target": None}


def made(**more):
    return gymnasium.make(ID, **{**SMALL, **more})


def episode(env, seed):
    """Actions drawn among the possible: what each step returned."""
    rng, (seen, info) = np.random.default_rng(seed), env.reset(seed=seed)
    steps = []
    while not steps or not (steps[-1][2] or steps[-1][3]):
        action = rng.choice(np.flatnonzero(info["action_mask"]))
        seen, reward, terminated, truncated, info = env.step(action)
        steps.append((seen, reward, terminated, truncated, info))
    return steps


@pytest.mark.parametrize("more", [{}, {"actions": "sized", "features": "structure", "reward": "new-low"}])
def test_gymnasium_finds_no_fault(more):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.filterwarnings("ignore", message=".*infinity.*")  # an energy has no bounds
        check_env(CrystalSearch(**{**SMALL, **more}), skip_render_check=True)


def test_an_episode_is_a_search_stepped_by_hand():
    env = made()
    play = Play(SearchConfig(**SMALL, algorithm="uniform", seed=7))
    play.begin()
    rng, (_, info) = np.random.default_rng(7), env.reset(seed=7)
    for _ in range(SMALL["steps"]):
        index = rng.choice(np.flatnonzero(info["action_mask"]))
        seen, reward, terminated, truncated, info = env.step(index)
        record = play.step(env.unwrapped.actions[index].number)
        assert (reward, info["best_energy"]) == (record.reward, record.best_energy)
        assert seen == pytest.approx(play.observation.features, rel=1e-6)
        assert env.unwrapped.actions[info["action"]].number == record.action
        assert np.array_equal(env.unwrapped.action_masks(), play.available)
    assert (terminated, truncated) == (False, True)
    with pytest.raises(ResetNeeded, match="call reset first"):
        env.step(0)


def test_equal_seeds_give_equal_episodes_and_others_others():
    env = made()
    first, again, other = (episode(env, seed) for seed in (3, 3, 4))
    assert [step[1] for step in first] == [step[1] for step in again] != [step[1] for step in other]


def test_rewards_by_name_tell_of_one_episode_what_they_say():
    sums = {reward: sum(step[1] for step in episode(made(reward=reward), 5)) for reward in REWARDS}
    play = Play(SearchConfig(**SMALL, algorithm="uniform", seed=5))
    play.begin()
    lowest = episode(made(), 5)[-1][4]["best_energy"]
    assert (sums["steps"], sums["target"]) == (-SMALL["steps"], 0.0)
    assert sums["new-low"] == pytest.approx((play.current[1] - lowest) / play.scale.deviation)
    with pytest.raises(
        ConfigError, match="unknown reward 'gold'; choose from published, new-low, steps, target"
    ):
        made(reward="gold")


def test_the_target_terminates_and_is_never_in_the_initial_population():
    """Of these six populations two hold it."""
    env = made(max_atoms=10, population=3, target=-27.354, reward="target")
    ends = []
    for seed in range(6):
        *before, (_, reward, terminated, truncated, info) = episode(env, seed)
        assert [step[1] for step in before] == [0.0] * len(before)
        assert reward == terminated
        assert terminated == (info["best_energy"] <= -27.354)
        ends.append((terminated, truncated))
    assert set(ends) == {(True, False), (False, True)}
    everywhere = made(population=3, target=0.0)
    with pytest.raises(ConfigError, match="held the target already"):
        everywhere.reset()


@pytest.mark.parametrize(
    ("settings", "potential", "target"),
    [
        ({}, "ysrtio", -27.394619),
        ({"target": None}, "ysrtio", None),
        ({"composition": "MgO", "potential": "bush"}, "bush", None),  # its minimum is known in the other
        ({"composition": "MgO"}, "pmmcs", -8.286381),
        ({"composition": "SrTiO3"}, "pmmcs", None),
    ],
)
def test_potential_and_target_are_those_of_the_composition(settings, potential, target):
    config = CrystalSearch(**settings).config
    assert (config.potential, config.target) == (potential, target)


@pytest.mark.parametrize("name", ["seed", "algorithm", "parallel"])
def test_what_is_not_the_environments_is_refused(name):
    with pytest.raises(ConfigError, match=f"{name} is no setting of an environment"):
        made(**{name: 1})
    with pytest.raises(ConfigError, match="unknown setting 'colour'"):
        made(colour="red")


def test_the_population_of_a_seed_is_that_of_a_run():
    env = made()
    env.reset(seed=11)
    steps = [r for r in Search(SearchConfig(**SMALL, seed=11)) if isinstance(r, StepRecord)]
    play = Play(SearchConfig(**SMALL, seed=11))
    play.begin()
    assert env.unwrapped._best == play.current[1] >= steps[0].best_energy
