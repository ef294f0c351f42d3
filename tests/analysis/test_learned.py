"""A stored run holds everything its agent learned from: learned again, it gives the same parameters."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rlcsp_core.analysis.learned import learned, recorded_transitions, variances
from rlcsp_core.analysis.reading import CurveCache, curves_of, label_of, with_cpu
from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.search.parts import agent_of
from rlcsp_core.store import Store

SMALL = {"steps": 80, "max_atoms": 10, "population": 8}


def searched(store: Store, config: SearchConfig) -> str:
    claim = store.create_claimed(config.as_dict(), name="small")
    assert claim is not None
    store.append(claim, list(Search(config)), None)
    return claim.run_id


@pytest.mark.parametrize(
    "config",
    [
        SearchConfig(algorithm="npg", settings={"trajectories": 2}, **SMALL),
        SearchConfig(
            algorithm="ppo", baseline="b2", settings={"trajectories": 2}, actions="extended", **SMALL
        ),
        SearchConfig(algorithm="rlcsp", **SMALL),
    ],
    ids=lambda config: config.algorithm,
)
def test_the_recorded_experience_teaches_the_same_policy(config: SearchConfig, store: Store) -> None:
    run = store.run(searched(store, config))
    policy = learned(store, run)
    assert policy is not None
    agent = agent_of(config)
    for transition in recorded_transitions(store.steps(run.id), store.population(run.id), policy.actions):
        agent.learn(transition)
    assert len(policy.step) > 2
    np.testing.assert_array_equal(policy.theta[0], agent_of(config).theta)
    np.testing.assert_allclose(agent.theta, policy.theta[-1], rtol=1e-9, atol=1e-12)


def test_the_policy_after_a_step_is_that_of_the_last_update_before(store: Store) -> None:
    policy = learned(store, store.run(searched(store, SearchConfig(algorithm="rlcsp", **SMALL))))
    assert policy is not None
    first, second = (int(step) for step in policy.step[1:3])
    for step, row in ((0, 0), (first - 1, 0), (first, 1), (second - 1, 1), (10**9, -1)):
        np.testing.assert_array_equal(policy.theta_at(step), policy.theta[row])


def test_the_variance_with_no_baseline_is_the_yardstick(store: Store) -> None:
    config = SearchConfig(algorithm="npg", settings={"trajectories": 2}, **SMALL)
    rows = {row.baseline: row for row in variances(store, store.run(searched(store, config)))}
    assert rows["none"].bias_norm == 0.0
    assert rows["none"].variance > 0.0


def test_a_curve_is_the_run(store: Store) -> None:
    config = SearchConfig(algorithm="uniform", **SMALL)
    run = store.run(searched(store, config))
    (curve,) = curves_of(store, [run])
    np.testing.assert_array_equal(curve.energies, store.steps(run.id).energy)
    assert curve.cpu is None
    np.testing.assert_array_equal(with_cpu(store, [curve])[0].cpu, store.steps(run.id).cpu_seconds)
    assert curve.n_failed == run.n_failed
    assert label_of(run) == "Uniform"
    assert curve.seed == config.seed


def test_a_cache_reads_what_is_new_and_drops_what_was_not_asked_for_longest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [
        store.run(searched(store, SearchConfig(algorithm="uniform", seed=seed, **SMALL)))
        for seed in (1, 2, 3)
    ]
    cache = CurveCache(store)
    first = cache.curves(runs[:2])
    again = cache.curves([runs[2], runs[0]])
    assert [curve.seed for curve in again] == [3, 1]
    assert again[1] is first[0]
    shorter = dataclasses.replace(runs[0], n_steps=runs[0].n_steps - 1)
    assert cache.curves([shorter])[0].n_steps == shorter.n_steps  # another stage of the run
    monkeypatch.setattr("rlcsp_core.analysis.reading.KEPT_STEPS", runs[0].n_steps + runs[2].n_steps)
    cache.curves([runs[0]])
    assert cache.curves([runs[0]])[0] is first[0]
    assert cache.curves([runs[1]])[0] is not first[1]
