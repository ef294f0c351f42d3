"""A run in this process: flushed, halted, resumed, failed, kept waiting by its database."""

import threading
import time

import numpy as np
import pytest

from rlcsp_core import relax
from rlcsp_core.execution import Halt, execute
from rlcsp_core.records import StepRecord, StopRecord
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import ClaimLostError, RunState, Store, UnavailableError
from tests.execution.fake import fake_config, wait_until
from tests.execution.fake_worker import begin

COLUMNS = ("step", "action", "energy", "reward", "probabilities", "accepted", "current_energy", "kT")


def start(store, **settings):
    return store.claim(store.create_run(fake_config(**settings), name="fake"))


def same_records(store, a, b, other=None):
    """Of two runs, the second perhaps in another database."""
    other = other or store
    first, second = store.steps(a), other.steps(b)
    same = all(getattr(first, name).tobytes() == getattr(second, name).tobytes() for name in COLUMNS)
    return same and store.updates(a).theta.tobytes() == other.updates(b).theta.tobytes()


def test_all_records_are_stored_and_told(store):
    told = []
    mine = start(store, steps=50)
    run = execute(store, mine, Halt(), begin=begin, notify=told.append)
    assert (run.state, run.reason, run.n_steps, run.n_population) == (RunState.FINISHED, "steps", 50, 3)
    assert isinstance(told[-1], StopRecord)
    written = np.array([r.energy for r in told if isinstance(r, StepRecord)])
    assert store.steps(run.id).energy.tobytes() == written.tobytes()
    assert run.versions["numpy"] == np.__version__


def test_a_sign_of_life_after_the_last_record_asks_for_no_halt(store, monkeypatch):
    """A sweep, whose runs share one halt, would end there."""
    monkeypatch.setattr("rlcsp_core.execution.running.HEARTBEAT", 0.001)
    append, halt = store.append, Halt()

    def slowly(mine, records, checkpoint):
        orders = append(mine, records, checkpoint)
        if records and isinstance(records[-1], StopRecord):
            time.sleep(0.3)  # the claim has gone
        return orders

    monkeypatch.setattr(store, "append", slowly)
    assert execute(store, start(store, steps=5), halt, begin=begin).state is RunState.FINISHED
    assert not halt.asked


def test_compiling_is_no_search_time(store, monkeypatch):
    compiling = 2.0  # s
    relax.warm()  # the search itself only loads
    monkeypatch.setattr(relax, "is_warm", lambda: False)
    monkeypatch.setattr(relax, "warm", lambda _: time.sleep(compiling))
    config = SearchConfig(steps=2, population=2, max_atoms=5)
    began = time.monotonic()
    run = execute(store, store.claim(store.create_run(config.as_dict(), name="real")), Halt())
    assert run.elapsed < time.monotonic() - began - compiling


def test_a_run_halted_and_resumed_again_and_again_equals_one_that_was_not(store):
    whole = start(store, steps=40)
    execute(store, whole, Halt(), begin=begin)
    broken = start(store, steps=40)
    for _ in range(100):
        halt, seen = Halt(), []

        def enough(record, halt=halt, seen=seen):
            seen.append(record)
            if len(seen) == 7:
                halt.ask()

        run = execute(store, broken, halt, begin=begin, notify=enough)
        if run.state is RunState.FINISHED:
            break
        assert (run.state, run.reason) == (RunState.STOPPED, "stopped")
        broken = store.claim(run.id)
    assert same_records(store, whole.run_id, broken.run_id)


def test_a_failure_is_recorded_and_leaves_the_run_whole(store):
    mine = start(store, steps=50, raise_at=30)
    with pytest.raises(ZeroDivisionError):
        execute(store, mine, Halt(), begin=begin)
    run = store.run(mine.run_id)
    assert (run.state, run.reason) == (RunState.FAILED, "ZeroDivisionError: made up")
    checkpoint = store.checkpoint(run.id)
    assert checkpoint["steps"] == run.n_steps == len(store.steps(run.id))


def test_pause_single_steps_and_resume(store):
    mine = start(store, steps=30, pace=0.01)
    thread = threading.Thread(target=execute, args=(store, mine, Halt()), kwargs={"begin": begin})
    store.request(mine.run_id, "pause")
    thread.start()
    wait_until(lambda: store.run(mine.run_id).state is RunState.PAUSED)
    before = store.run(mine.run_id).n_steps + store.run(mine.run_id).n_population
    for n in (1, 2, 3):
        store.request(mine.run_id, "step")
        wait_until(
            lambda n=n: store.run(mine.run_id).n_steps + store.run(mine.run_id).n_population == before + n
        )
    store.request(mine.run_id, "resume")
    thread.join()
    assert store.run(mine.run_id).state is RunState.FINISHED
    whole = start(store, steps=30)
    execute(store, whole, Halt(), begin=begin)
    assert same_records(store, whole.run_id, mine.run_id)


def test_single_steps_may_reach_the_end(store):
    mine = start(store, steps=2)
    thread = threading.Thread(target=execute, args=(store, mine, Halt()), kwargs={"begin": begin})
    store.request(mine.run_id, "pause")
    thread.start()
    wait_until(lambda: store.run(mine.run_id).state is RunState.PAUSED)
    for _ in range(20):
        store.request(mine.run_id, "step")
    thread.join()
    assert (store.run(mine.run_id).state, store.run(mine.run_id).n_steps) == (RunState.FINISHED, 2)


def test_stop_by_request_from_elsewhere(store):
    mine = start(store, steps=10_000, pace=0.01)
    thread = threading.Thread(target=execute, args=(store, mine, Halt()), kwargs={"begin": begin})
    thread.start()
    wait_until(lambda: store.run(mine.run_id).n_steps > 0)
    store.request(mine.run_id, "stop")
    thread.join()
    assert store.run(mine.run_id).state is RunState.STOPPED


def test_a_worker_whose_claim_is_lost_writes_nothing_more(store):
    mine = start(store, steps=10_000, pace=0.01)
    failure = []

    def work():
        try:
            execute(store, mine, Halt(), begin=begin)
        except ClaimLostError as error:
            failure.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: store.run(mine.run_id).n_steps > 0)
    while not store.declare_dead(store.run(mine.run_id), RunState.INTERRUPTED, "declared dead"):
        pass
    n_steps = store.run(mine.run_id).n_steps
    thread.join()
    assert failure
    assert store.run(mine.run_id).n_steps == n_steps


def test_a_database_that_does_not_answer_delays_the_run_and_loses_nothing(store, monkeypatch, capsys):
    append, calls = Store.append, []

    def sometimes(self, mine, records, checkpoint):
        calls.append(len(records))
        if records and len(calls) % 3 != 0:
            raise UnavailableError("the disk is full")
        return append(self, mine, records, checkpoint)

    monkeypatch.setattr(Store, "append", sometimes)
    monkeypatch.setattr("rlcsp_core.execution.running.RETRY", 0.01)
    monkeypatch.setattr("rlcsp_core.execution.running.FLUSH", 0.0)
    mine = start(store, steps=20)
    execute(store, mine, Halt(), begin=begin)
    assert "waiting: the disk is full" in capsys.readouterr().err
    monkeypatch.undo()
    whole = start(store, steps=20)
    execute(store, whole, Halt(), begin=begin)
    assert same_records(store, whole.run_id, mine.run_id)
