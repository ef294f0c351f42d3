"""A policy as data: what it means to a search, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rlcsp_core.actions import actions_of
from rlcsp_core.errors import ConfigError
from rlcsp_core.search import Search, SearchConfig, policies
from rlcsp_core.search.parts import agent_of, check_config

NINE = ("1", "2", "3", "4", "5", "6", "7", "9", "10")
THETA = {number: [float(number), 0.5] for number in NINE}
GOOD = {"name": "mine", "actions": "published", "features": "published", "theta": THETA}
GROUPS = ("1", "2", "3", "4", "5", "6", "7", "9", "10", "13", "14", "15", "symmetric-1", "symmetric-powers-of-2",
          "symmetric-even", "symmetric-odd")  # fmt: skip
SIZED = {
    "name": "sizes",
    "actions": "sized",
    "features": "published",
    "theta": {group: [float(i), 0.0] for i, group in enumerate(GROUPS)} | {"103": [99.0, 0.0]},
    "counts": {"symmetric-powers-of-2": [5, 140], "1": [4, 100]},
}
Y2O3 = {"composition": "Y2O3", "max_atoms": 40, "actions": "sized"}


def test_every_learner_starts_from_it() -> None:
    for algorithm in ("rlcsp", "npg", "ppo", "actor-critic", "trpo", "fixed", "belief"):
        agent = agent_of(SearchConfig(policy=GOOD, algorithm=algorithm))
        np.testing.assert_array_equal(agent.theta, [[float(number), 0.5] for number in NINE])


def test_an_action_has_the_row_of_its_number_or_of_its_group() -> None:
    config = SearchConfig(**Y2O3, policy=SIZED, algorithm="belief")
    numbers = [action.number for action in actions_of(config.as_dict())]
    agent = agent_of(config)
    theta, counts = (dict(zip(numbers, rows.tolist(), strict=True)) for rows in (agent.theta, agent.counts))
    place = {group: float(i) for i, group in enumerate(GROUPS)}
    assert [theta[n][0] for n in (1, 15, 101, 102, 103, 104, 105, 106, 108)] == [
        place["1"], place["15"], place["symmetric-1"], place["symmetric-powers-of-2"], 99.0,
        place["symmetric-powers-of-2"], place["symmetric-odd"], place["symmetric-even"], place["symmetric-powers-of-2"],
    ]  # fmt: skip
    assert [counts[n] for n in (1, 2, 102, 103)] == [[4, 100], [3, 60], [5, 140], [3, 60]]


def test_a_run_keeps_it_in_full_but_for_its_provenance() -> None:
    config = SearchConfig(policy=GOOD | {"provenance": {"method": "prior"}})
    assert config.policy == GOOD
    assert SearchConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_untrained_is_a_name_for_none() -> None:
    assert SearchConfig(policy="untrained") == SearchConfig()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"actions": "extended"}, "is for the actions 'published', this search has 'extended'"),
        ({"features": "structure"}, "is for the features 'published'"),
        ({"algorithm": "uniform"}, "uniform starts from no policy"),
        ({"algorithm": "original"}, "original starts from no policy"),
    ],
)
def test_one_for_another_search_is_refused(changes: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        check_config(SearchConfig(policy=GOOD, **changes))


def test_one_that_lacks_an_action_is_refused() -> None:
    lacking = {group: row for group, row in SIZED["theta"].items() if group != "symmetric-even"}
    config = SearchConfig(**Y2O3, policy=SIZED | {"theta": lacking})
    with pytest.raises(ConfigError, match="no row for 'symmetric-even'"):
        check_config(config)
    check_config(SearchConfig(composition="Y2O3", max_atoms=20, actions="sized", policy=config.policy))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "../../etc/passwd"}, "no name of a policy"),
        ({"name": ""}, "no name of a policy"),
        ({"name": 3}, "no name of a policy"),
        ({"actions": "all"}, "unknown action set 'all'"),
        ({"features": "all"}, "unknown set of features"),
        ({"features": ["published"]}, "features must be a name"),
        ({"theta": {}}, "theta must be a table"),
        ({"theta": [[0.0, 0.0]]}, "theta must be a table"),
        ({"theta": THETA | {"11": [0.0, 0.0]}}, "no action or group '11'"),
        ({"theta": THETA | {"1": [0.0]}}, "2 numbers"),
        ({"theta": THETA | {"1": [0.0, float("nan")]}}, "2 numbers"),
        ({"theta": THETA | {"1": [0.0, float("inf")]}}, "2 numbers"),
        ({"theta": THETA | {"1": [0.0, True]}}, "2 numbers"),
        ({"theta": THETA | {"1": "00"}}, "2 numbers"),
        ({"counts": {"1": [0, 60]}}, "above 0"),
        ({"counts": {"1": [3]}}, "2 numbers"),
        ({"provenance": []}, "provenance must be a table"),
        ({"thetas": {}}, "unknown key 'thetas'"),
    ],
)
def test_a_damaged_one_is_refused_in_a_sentence(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        SearchConfig(policy=GOOD | changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["../presets", "/etc/passwd", "nothing", ""])
def test_unknown_names_open_no_file(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown policy"):
        SearchConfig(policy=name)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("{", "no policy in JSON"),
        ("[1]", "no policy"),
        ("[" * 10**5, "no policy in JSON"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str | None, says: str, tmp_path) -> None:
    file = tmp_path / "mine.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=says):
        policies.choice_from(str(file))


def test_a_file_is_named_by_itself(tmp_path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({key: value for key, value in GOOD.items() if key != "name"}))
    assert policies.choice_from(str(file)) == GOOD


@pytest.mark.parametrize("name", policies.policy_names())
def test_shipped_policies_are_whole(name: str) -> None:
    policy = policies.load_policy(name)
    assert policy["name"] == name
    config = SearchConfig(composition="MgO", max_atoms=64, actions=policy["actions"], policy=name)
    agent_of(SearchConfig.from_dict(config.as_dict() | {"features": policy["features"]}))


@pytest.mark.parametrize("matrix", [None, [[float(number), 0.5] for number in NINE]])
def test_a_run_of_an_earlier_version_has_the_same_start(matrix) -> None:
    stored = {key: value for key, value in SearchConfig().as_dict().items() if key != "policy"}
    config = SearchConfig.from_dict(stored | {"initial_policy": matrix})
    expected = np.zeros((9, 2)) if matrix is None else np.array(matrix)
    np.testing.assert_array_equal(agent_of(config).theta, expected)
    with pytest.raises(ConfigError, match="initial_policy"):
        SearchConfig.from_dict(stored | {"initial_policy": [[1.0]]})


@pytest.mark.parametrize("algorithm", ["belief", "fixed"])
def test_a_search_taken_up_goes_on_bit_for_bit(algorithm: str) -> None:
    config = SearchConfig(
        composition="TiO2",
        max_atoms=12,
        population=6,
        steps=40,
        actions="sized",
        policy=SIZED,
        algorithm=algorithm,
    )
    whole = list(Search(config))
    search, records = Search(config), []
    for record in search:
        records.append(record)
        if len(records) == 25:
            break
    energies = [np.nan if r.energy is None else r.energy for r in records]
    again = list(Search.resume(config, json.loads(json.dumps(search.checkpoint())), energies))
    for one, other in zip(whole[25:-1], again[:-1], strict=True):
        assert (one.action, one.energy) == (other.action, other.energy)
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
