"""Trials that were not stored, made again: the same as in the run, in any order, or a sentence why not."""

import random
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import update

from rlcsp_core.execution.retrace import Remade, Retrace, RetraceError, obstacle
from rlcsp_core.records import StepRecord, StopRecord
from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.store import open_store, schema
from rlcsp_core.store.library import Library

PLAIN = SearchConfig(algorithm="npg", steps=60, max_atoms=15, population=6, settings={"trajectories": 2})
CONFIGS = (
    PLAIN,
    replace(PLAIN, algorithm="rlcsp", settings={}, actions="extended", parallel=3, relax_evaluations=60),
    replace(PLAIN, algorithm="ppo", settings={}, actions="sized", features="structure", max_atoms=20),
)
FOR_EVER = 1e9  # s


def run_of(store, config):
    """A stored run, and the records with all structures that it was made of."""
    claim = store.create_claimed(config.as_dict(), name="run")
    records = list(Search(config))
    store.append(claim, records, None)
    return store.run(claim.run_id), [r for r in records if isinstance(r, StepRecord)]


def bits(crystal):
    return (
        None if crystal is None else (crystal.positions.tobytes(), crystal.cell.tobytes(), *crystal.numbers)
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return str(tmp_path_factory.mktemp("retrace") / "runs.sqlite")


@pytest.fixture(scope="module")
def plain_run(path):
    store = open_store(path)
    yield store, *run_of(store, PLAIN)
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.actions)
def test_every_trial_is_the_one_of_the_run_in_any_order(tmp_path, config):
    store = open_store(str(tmp_path / "runs.sqlite"))
    run, steps = run_of(store, config)
    assert {(s.energy is None, s.accepted) for s in steps} >= {(False, False), (False, True)}
    assert any(s.energy is None for s in steps) == (config.relax_evaluations is not None)
    retrace = Retrace(store, run)
    for step in random.Random(4).sample(steps, 25):
        found = retrace.trial(step.step, FOR_EVER)
        assert isinstance(found, Remade)
        assert bits(found.built) == bits(step.before)
        assert bits(found.relaxed) == bits(step.after)
    store.close()


def test_it_goes_on_where_it_was_left_and_gets_there(plain_run):
    store, run, steps = plain_run
    retrace = Retrace(store, run)
    reached = []
    while isinstance(found := retrace.trial(20, 0.0), int):
        reached.append(found)
        retrace.trial(3, 0.0)  # another reader looks elsewhere meanwhile
    assert reached == sorted(set(reached))
    assert len(reached) > 10
    assert bits(found.built) == bits(steps[19].before)


def test_several_readers_who_go_on_do_not_send_each_other_back(plain_run, monkeypatch):
    store, run, _ = plain_run
    retrace = Retrace(store, run)
    for step in (20, 40):
        retrace.trial(step, FOR_EVER)
    made = []
    monkeypatch.setattr(retrace, "_compare", lambda record: made.append(record.step))
    for step in range(1, 6):
        retrace.trial(20 + step, FOR_EVER)
        retrace.trial(40 + step, FOR_EVER)
    assert made == [start + step for step in range(1, 6) for start in (20, 40)]
    assert len(retrace._states) == 2


def test_trials_of_a_round_are_made_again_before_all_of_it_is_stored(tmp_path):
    store = open_store(str(tmp_path / "runs.sqlite"))
    config = replace(PLAIN, parallel=4, steps=8)
    claim = store.create_claimed(config.as_dict(), name="run")
    records = [record for record in Search(config) if not isinstance(record, StopRecord)]
    store.append(claim, records[:-2], None)
    retrace = Retrace(store, store.run(claim.run_id))
    assert bits(retrace.trial(6, FOR_EVER).built) == bits(records[-3].before)
    store.append(claim, records[-2:], None)
    assert bits(retrace.trial(8, FOR_EVER).built) == bits(records[-1].before)
    store.close()


def test_while_one_is_at_it_others_wait_no_longer_than_their_moment(plain_run):
    store, run, _ = plain_run
    retrace = Retrace(store, run)
    with retrace._lock:
        assert retrace.trial(5, 0.01) == 0
    retrace.trial(40, FOR_EVER)
    with retrace._lock:
        assert retrace.trial(50, 0.0) == 40
        assert retrace.trial(5, 0.0) == 0  # no reader is told of more steps than there are to its own


def test_what_does_not_agree_in_every_bit_is_not_shown(tmp_path):
    store = open_store(str(tmp_path / "runs.sqlite"))
    run, steps = run_of(store, PLAIN)
    step = next(s for s in steps if s.step > 1 and s.energy is not None and not s.accepted)
    with store._writing() as connection:
        other = float(np.nextafter(step.energy, 0.0))
        connection.execute(update(schema.steps).where(schema.steps.c.step == step.step).values(energy=other))
    retrace = Retrace(store, run)
    for _ in range(2):
        with pytest.raises(RetraceError, match=f"step {step.step} "):
            retrace.trial(step.step, FOR_EVER)
    assert isinstance(retrace.trial(step.step - 1, FOR_EVER), Remade)
    store.close()


def test_a_trial_that_relaxes_to_another_energy_is_not_shown(plain_run):
    store, run, steps = plain_run
    step = next(s for s in steps if s.energy is not None and not s.accepted)
    looser = replace(run, config={**run.config, "relax_force": 0.5})
    with pytest.raises(RetraceError, match="another energy"):
        Retrace(store, looser).trial(step.step, FOR_EVER)


def test_another_seed_takes_another_course(plain_run):
    store, run, _ = plain_run
    with pytest.raises(RetraceError, match="another course at member"):
        Retrace(store, replace(run, config={**run.config, "seed": 2})).trial(9, FOR_EVER)


def test_what_cannot_be_made_again_has_a_reason(plain_run):
    store, run, _ = plain_run
    assert obstacle(store, run) is None
    assert "shared" in obstacle(store, replace(run, policy="together"))
    assert "outside" in obstacle(store, replace(run, config={**run.config, "algorithm": "mine:Agent"}))
    assert "another program" in obstacle(store, replace(run, config={**run.config, "calculator": "gulp"}))
    library = Library(store)
    (shipped, *_) = library.runs(1, experiment=next(iter(library.archives)))
    assert "rounded" in obstacle(library, shipped)
