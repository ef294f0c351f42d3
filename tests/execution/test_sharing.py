"""Runs that share a policy: it is the sum of what all of them have learned."""

import os
import subprocess
import sys

import numpy as np
import pytest

from rlcsp_core.errors import ConfigError, StoreError
from rlcsp_core.execution import Halt, execute
from rlcsp_core.execution.sharing import LEARNING_RATE, check_sharing
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import RunState
from tests.execution.fake import ROOT

pytestmark = pytest.mark.slow

RUNS = int(os.environ.get("RLCSP_SHARING_RUNS", "3"))  # 8 for the figure in RELIABILITY.md


def config(seed, **more):
    settings = {"learning_rate": LEARNING_RATE, "warm_up": 5}
    small = {"composition": "SrTiO3", "max_atoms": 10, "population": 5, "steps": 40}
    return SearchConfig(**{**small, "settings": settings, "seed": seed, **more})


def test_processes_that_share_a_policy_lose_no_update(store, path):
    ids = [store.create_run(config(i).as_dict(), name=f"{i}", policy="ours") for i in range(RUNS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "rlcsp_core", "resume"]
    processes = [
        subprocess.Popen([*words, i, "--database", str(path)], env=environment, stdout=subprocess.DEVNULL)
        for i in ids
    ]
    assert [process.wait() for process in processes] == [0] * RUNS
    updates = {run_id: store.updates(run_id) for run_id in ids}
    history = store.policy_history("ours")
    assert len(history) == store.policy("ours").version == sum(map(len, updates.values()))
    assert set(history.run_id) == set(ids)
    for version, run_id, step, theta in zip(
        history.version, history.run_id, history.step, history.theta, strict=True
    ):
        mine = updates[run_id]
        # each run went on with exactly the policy that its update led to
        assert mine.theta[mine.step.tolist().index(step)].tobytes() == theta.tobytes(), version
    assert store.policy("ours").theta.tobytes() == history.theta[-1].tobytes()
    print(f"{RUNS} runs, {len(history)} updates")


def test_a_run_alone_with_its_policy_is_a_run_without_one(store):
    shared = store.claim(store.create_run(config(1).as_dict(), name="shared", policy="mine"))
    alone = store.claim(store.create_run(config(1).as_dict(), name="alone"))
    for claim in (shared, alone):
        assert execute(store, claim, Halt()).state is RunState.FINISHED
    a, b = store.steps(shared.run_id), store.steps(alone.run_id)
    assert a.action.tolist() == b.action.tolist()
    # θ + (θ' − θ) rounds differently from θ'
    np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-12)
    np.testing.assert_allclose(a.energy, b.energy, atol=1e-12)


def test_a_stopped_run_goes_on_with_what_the_others_learned_meanwhile(store):
    halt, seen = Halt(), []

    def enough(record):
        seen.append(record)
        if len(seen) == 30:
            halt.ask()

    first = store.claim(store.create_run(config(1).as_dict(), name="first", policy="ours"))
    execute(store, first, halt, notify=enough)
    second = store.claim(store.create_run(config(2).as_dict(), name="second", policy="ours"))
    execute(store, second, Halt())
    theta = store.policy("ours").theta
    third = store.claim(first.run_id)
    execute(store, third, Halt())
    later = store.policy_history("ours", after=len(store.policy_history("ours")) - 2)
    assert set(later.run_id) == {first.run_id}
    assert not np.array_equal(store.policy("ours").theta, theta)


@pytest.mark.parametrize("algorithm", ["uniform", "original"])
def test_a_policy_that_does_not_learn_cannot_be_shared(algorithm, store):
    with pytest.raises(ConfigError, match="does not learn"):
        check_sharing(SearchConfig(algorithm=algorithm), "ours", store)


@pytest.mark.parametrize("name", ["", "x" * 121, "a\0b"])
def test_a_shared_policy_has_a_name_that_every_database_takes(name, store):
    with pytest.raises(StoreError, match="1 to 120 characters"):
        check_sharing(SearchConfig(), name, store)


def test_only_searches_with_the_same_actions_and_features_share_a_policy(store):
    check_sharing(SearchConfig(), "ours", store)
    store.create_policy("ours", np.zeros((9, 2)))
    check_sharing(SearchConfig(), "ours", store)
    with pytest.raises(ConfigError, match="9 actions and 2 features, this search 14 and 2"):
        check_sharing(SearchConfig(actions="extended"), "ours", store)


def test_as_many_actions_are_not_the_same_actions(store):
    first = SearchConfig(actions="extended")
    store.create_claimed(first.as_dict(), name="first", policy="ours")
    store.create_policy("ours", np.zeros((14, 2)))
    check_sharing(first, "ours", store)
    with pytest.raises(ConfigError, match="actions extended of Y2O3, which are others"):
        check_sharing(SearchConfig(actions="sized", composition="Y2O3", max_atoms=10), "ours", store)
