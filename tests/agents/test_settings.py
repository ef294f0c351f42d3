"""Hyperparameters: published defaults, ranges that hold, sentences that help."""

import math

import pytest

from rlcsp_core.agents import AGENTS, agent_named, settings_of
from rlcsp_core.errors import ConfigError

PUBLISHED = {
    "rlcsp": {"learning_rate": 5e-4, "entropy_weight": 1.0, "entropy_floor": 0.8},
    "npg": {"kl_step": 0.01, "damping": 1e-3},
    "ppo": {"passes": 4, "clip": 0.2, "kl_step": 0.01},
    "actor-critic": {"entropy_weight": 1.0, "entropy_floor": 0.8},
    "trpo": {"kl_step": 0.01},
}
COMMON = {"exploration": 0.1, "horizon": 5, "trajectories": 10, "reward_window": 5000, "warm_up": 10}


def made(name, **settings):
    return agent_named(name, settings=settings, n_actions=9, n_features=2)


@pytest.mark.parametrize("name", PUBLISHED)
def test_defaults_are_the_published_ones(name):
    defaults = {setting.name: setting.default for setting in settings_of(name)}
    for key, value in (COMMON | PUBLISHED[name]).items():
        assert defaults[key] == value


@pytest.mark.parametrize("name", AGENTS)
def test_every_setting_describes_itself_and_its_bounds_are_allowed(name):
    for setting in settings_of(name):
        assert len(setting.help) > 10
        if setting.kind == "choice":
            assert setting.default in setting.choices
            allowed = setting.choices
        else:
            assert setting.low <= setting.default <= setting.high
            allowed = (setting.low, setting.high)
        for value in allowed:
            made(name, **{setting.name: value})


@pytest.mark.parametrize("name", PUBLISHED)
def test_values_outside_are_refused_with_name_value_and_range(name):
    for setting in settings_of(name):
        beyond = "no such thing" if setting.kind == "choice" else setting.high * 2 + 1
        with pytest.raises(ConfigError, match=setting.name) as error:
            made(name, **{setting.name: beyond})
        assert repr(beyond) in str(error.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "0.1", True])
def test_what_is_not_a_number_is_refused(value):
    with pytest.raises(ConfigError, match="exploration must be a number between 0 and 1"):
        made("rlcsp", exploration=value)


def test_whole_numbers_only_where_counted():
    made("rlcsp", horizon=7.0)
    with pytest.raises(ConfigError, match=r"horizon must be a whole number between 1 and 1000, got 7\.5"):
        made("rlcsp", horizon=7.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: agent_named("dqn", n_actions=9, n_features=2), "unknown algorithm 'dqn'.*uniform.*ppo"),
        (
            lambda: agent_named("ppo", baseline="b3", n_actions=9, n_features=2),
            "unknown baseline 'b3'.*none.*average",
        ),
        (lambda: made("ppo", clap=0.1), "unknown setting 'clap' of ppo.*clip"),
        (lambda: made("uniform", clip=0.1), "unknown setting 'clip' of uniform; it has no settings"),
        (lambda: agent_named("original", n_actions=5, n_features=2), "nine|9 published actions"),
        (
            lambda: agent_named("uniform", baseline="b1", n_actions=9, n_features=2),
            "has no baseline",
        ),
    ],
)
def test_wrong_names_are_answered_with_the_choices(call, message):
    with pytest.raises(ConfigError, match=message):
        call()
