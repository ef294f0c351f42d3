"""Training over searches: resumed it is the same, its policies follow from its runs, and mistakes are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rlcsp_core.actions import actions_of
from rlcsp_core.errors import ConfigError
from rlcsp_core.execution.experiment import Batch
from rlcsp_core.execution.running import Halt
from rlcsp_core.execution.sweep import carry_out
from rlcsp_core.execution.training import streams_of, train
from rlcsp_core.execution.training_file import Training, load_training, parse_training
from rlcsp_core.search.policies import checked
from rlcsp_core.store import Store, open_store

TEXT = """
title = "Small"
seeds = 2
[defaults]
actions = "sized"
population = 2
steps = 20
[[compositions]]
composition = "Sr2TiO4"
max_atoms = 14
target = -27.51192
[[compositions]]
composition = "TiO2"
max_atoms = 12
target = -41.21387
[[methods]]
label = "general"
method = "prior"
searches = 2
leave_out = "each"
[[methods]]
label = "PPO"
method = "ppo"
searches = 2
policies = "one"
credit = "published"
settings = { horizon = 2 }
[[methods]]
label = "RLCSP"
method = "reinforce"
searches = 3
batch = 2
credit = "steps"
baseline = "b2"
settings = { learning_rate = 0.5 }
"""


def working(store: Store, runs: float = float("inf")) -> Callable[[Batch], bool]:
    """Carries out that many runs, then is interrupted."""
    left = [runs]

    def work(batch: Batch) -> bool:
        for planned in batch.runs():
            if left[0] <= 0:
                return False
            carry_out(store, batch.name, planned, Halt())
            left[0] -= 1
        return True

    return work


def trained(store: Store, training: Training) -> list[dict[str, object]]:
    policies = train(store, training, working(store))
    assert policies is not None
    return [{k: v for k, v in policy.items() if k != "provenance"} for policy in policies]


@pytest.mark.slow
def test_interrupted_anywhere_it_gives_the_same_policies(store: Store, tmp_path: Path) -> None:
    training = parse_training(TEXT, "small")
    whole = trained(store, training)
    assert (
        sum(bool(run.target_step) for run in store.runs()) > 5
    )  # found by an action: there is something to learn
    other = open_store(str(tmp_path / "other.sqlite"))
    for runs in (1, 5, 8, 9):
        assert train(other, training, working(other, runs)) is None
    assert trained(other, training) == whole
    assert len(other.runs(experiment="small")) == training.n_runs == 2 * 2 * (2 + 2 + 3)
    assert train(other, training, working(other, 0)) is None  # interrupted before the first look
    first, again = (json.dumps(train(s, training, working(s))) for s in (other, other))
    assert first == again
    other.close()


def test_every_policy_can_be_started_from_and_says_where_it_comes_from(store: Store) -> None:
    policies = train(store, training := parse_training(TEXT, "small"), working(store))
    assert policies is not None
    names = [policy["name"] for policy in policies]
    assert names[:4] == ["general", "without-Sr2TiO4", "without-TiO2", "PPO 1"]
    assert len(names) == 3 + 2 + 4
    for policy in policies:
        assert checked(policy) == policy
        about = policy["provenance"]
        assert about["experiment"] == training.name
        assert len(about["curve"]) == {"prior": 2, "ppo": 2, "reinforce": 3}[about["method"]]
    assert policies[1]["provenance"]["compositions"] == ["TiO2"]
    assert any(row != [0.0, 0.0] for row in policies[3]["theta"].values())


def test_belief_carries_uses_and_hits_and_nothing_else(store: Store) -> None:
    text = TEXT.split("[[methods]]")[0] + '[[methods]]\nlabel = "b"\nmethod = "belief"\nsearches = 2\n'
    training = parse_training(text, "small")
    train(store, training, working(store))
    runs = [run for run in store.runs(experiment="small") if run.name.startswith("b · Sr2TiO4 · 1 ")]
    last = max(runs, key=lambda run: run.seed)
    (first,) = [run for run in runs if run is not last]
    counts = last.config["policy"]["counts"]
    for action in actions_of(last.config):
        uses = first.tally[action.number].total if action.number in first.tally else 0
        hit = bool(first.target_step) and action.number == store.steps(first.id).action[-1]
        assert counts[str(action.number)] == [0.5 + hit, 60 + uses]


def test_a_stream_that_learns_nothing_draws_all_actions_alike(store: Store) -> None:
    text = TEXT.split("[[methods]]")[0] + '[[methods]]\nlabel = "Even"\nmethod = "none"\nsearches = 3\n'
    policies = train(store, parse_training(text, "small"), working(store))
    assert policies is not None
    assert {number for policy in policies for row in policy["theta"].values() for number in row} == {0.0}
    runs = store.runs(experiment="small")
    assert sum(bool(run.target_step) for run in runs) > 2  # there was something to learn
    for run in runs:
        for chances in store.steps(run.id).probabilities:
            assert np.unique(chances[chances > 0]).size <= 1


def test_searches_of_a_batch_share_their_policy_and_no_seed() -> None:
    (ppo,) = (s for s in streams_of(parse_training(TEXT, "small")) if s.label == "PPO 2")
    planned = ppo.planned(0) + ppo.planned(1)
    assert [run.config.seed for run in planned] == [2001, 2001, 2002, 2002]
    assert all(run.config.policy == planned[0].config.policy for run in planned)
    groups = planned[0].config.policy["theta"]  # type: ignore[index]
    assert "symmetric-odd" in groups
    assert "103" not in groups


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('method = "ppo"', 'method = "sarsa"', "line 23: method must be one of prior, belief, reinforce"),
        ('label = "PPO"', 'label = "general"', "line 17: the label 'general' is used twice"),
        ('label = "PPO"', 'label = "a/../b"', "line 22: 'a/../b' cannot name a policy"),
        ('leave_out = "each"', 'leave_out = "MgO"', "line 20: MgO cannot be left out"),
        ("searches = 3", "searches = 0", "line 31: searches must be a whole number between 1 and 999"),
        ("learning_rate = 0.5", "learning_rat = 0.5", "unknown setting 'learning_rat' of rlcsp"),
        ("target = -41.21387", "", "TiO2 has no target"),
        ('actions = "sized"', 'actions = "sizes"', "line 5: unknown action set 'sizes'"),
        ("seeds = 2", "seeds = [1000]", "line 3: seeds of streams must be below 1000"),
        ("population = 2", 'features = "structure"', "line 6: what steps record of the features"),
        ('"TiO2"', '"Sr2TiO4"', "line 13: Sr2TiO4 stands there twice"),
        ("[[methods]]", "[[algorithms]]", "line 16: a training has"),
    ],
)
def test_mistakes_are_named(old: str, new: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_training(TEXT.replace(old, new), "small", "small.toml")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_compositions_of_an_experiment_can_be_named() -> None:
    head, methods = TEXT.split("[[compositions]]")[0], TEXT[TEXT.index("[[methods]]") :]
    training = parse_training('compositions = "fast"\n' + head + methods, "five")
    assert [config.composition for config in training.configs][:2] == ["Sr4Ti3O10", "Y2TiO5"]
    with pytest.raises(ConfigError, match="no experiment 'slow'"):
        parse_training('compositions = "slow"\n' + head + methods, "five")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_training(tmp_path / "none.toml")
