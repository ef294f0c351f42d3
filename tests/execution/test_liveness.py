"""Who keeps a run: a process that lives, however slow it is; and who loses it."""

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import update

from rlcsp_core import process
from rlcsp_core.errors import StoreError
from rlcsp_core.execution import Halt, RunManager, execute
from rlcsp_core.execution.liveness import Watch, claim_idle
from rlcsp_core.execution.processes import start_worker
from rlcsp_core.process import lives, machine, started, this_process
from rlcsp_core.store import RunState, Store, UnavailableError, schema
from rlcsp_core.store.database import writing
from tests.execution.fake import ROOT, fake_command, fake_config, wait_until
from tests.execution.fake_worker import begin
from tests.execution.test_execute import same_records

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def sleeper():
    made = subprocess.Popen(SLEEPER)
    yield made
    made.kill()
    made.wait()


def told(pid):
    return f"{machine()} {pid} {started(pid)}"


def claimed(store, **settings):
    return store.claim(store.create_run(fake_config(**settings), name="fake"))


def pretend(store, run_id, **values):
    """As if the worker of a run were another."""
    with writing(store._engine) as connection:
        connection.execute(update(schema.runs).where(schema.runs.c.id == run_id).values(values))


def test_a_process_lives_until_it_ends_also_while_it_is_suspended(sleeper):
    it = told(sleeper.pid)
    assert lives(this_process())
    assert lives(it)
    sleeper.send_signal(signal.SIGSTOP)
    assert lives(it)
    sleeper.kill()
    wait_until(lambda: lives(it) is False, "the end")  # a zombie: nobody has asked yet how it ended
    sleeper.wait()
    assert lives(it) is False


def test_a_number_that_is_used_again_is_another_process(sleeper):
    where, pid, start = told(sleeper.pid).split()
    assert lives(f"{where} {pid} {int(start) - 1}") is False


def test_of_another_machine_nothing_is_known():
    _, pid, start = this_process().split()
    assert lives(f"elsewhere {pid} {start}") is None
    boot = machine().partition("/")[0]
    assert lives(f"{boot}/1 {pid} {start}") is None  # a container on the same machine


def test_a_process_that_is_hidden_from_us_may_live(monkeypatch):
    def refused(_pid, _signal):
        raise PermissionError

    monkeypatch.setattr(process, "started", lambda _: None)
    monkeypatch.setattr(os, "kill", refused)
    assert lives(f"{machine()} 1 1") is None


def test_a_suspended_worker_keeps_its_run_and_its_records_are_those_of_one_that_was_not(
    store, path, monkeypatch
):
    monkeypatch.setattr("rlcsp_core.execution.liveness.STALE", 0.2)
    monkeypatch.setattr("rlcsp_core.execution.manager.STALE_POLL", 0.05)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    worker = start_worker(claimed(store, steps=60, pace=0.01), store.url, fake_command)
    run_id = worker.claim.run_id
    wait_until(lambda: store.run(run_id).n_steps > 0, "the first steps")
    manager = RunManager(str(path), limit=1, command=fake_command)
    os.kill(worker.process.pid, signal.SIGSTOP)
    heartbeat = store.run(run_id).heartbeat
    time.sleep(2.0)  # ten times as long as is given to one elsewhere
    assert store.run(run_id).state is RunState.RUNNING
    assert store.run(run_id).heartbeat == heartbeat
    with pytest.raises(StoreError, match=f"being worked on by process {worker.process.pid} on"):
        claim_idle(store, run_id)
    os.kill(worker.process.pid, signal.SIGCONT)
    wait_until(lambda: store.run(run_id).state is RunState.FINISHED, "the end")
    worker.process.wait()
    worker.release()
    manager.close()
    whole = claimed(store, steps=60)
    execute(store, whole, Halt(), begin=begin)
    assert same_records(store, run_id, whole.run_id)


def test_a_run_that_is_still_being_prepared_is_not_taken_over(store, monkeypatch):
    """Between its claim and its first heartbeat a run belongs to the process that claimed it."""
    monkeypatch.setattr("rlcsp_core.execution.liveness.STALE", 0.0)
    mine, watch = claimed(store), Watch(store)
    for _ in range(3):
        time.sleep(0.05)
        assert watch.claim(store.run(mine.run_id)) is None
    assert store.run(mine.run_id).state is RunState.RUNNING


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.PAUSED, RunState.STOPPING])
def test_the_run_of_a_dead_process_can_be_taken_up(store, sleeper, state):
    mine = claimed(store)
    pretend(store, mine.run_id, process=told(sleeper.pid), state=state)
    assert Watch(store).claim(store.run(mine.run_id)) is None
    sleeper.kill()
    sleeper.wait()
    assert claim_idle(store, mine.run_id).token != mine.token
    assert store.run(mine.run_id).state is RunState.RUNNING


def test_a_process_elsewhere_has_time_to_show_that_it_is_alive(store, monkeypatch):
    monkeypatch.setattr("rlcsp_core.execution.liveness.STALE", 0.3)
    silent, lively = claimed(store), claimed(store)
    for mine in (silent, lively):
        pretend(store, mine.run_id, process="elsewhere 7 1", host="elsewhere")
    watch = Watch(store)
    while not watch.bury(store.run(silent.run_id)):
        assert not watch.bury(store.run(lively.run_id))
        store.beat(lively)
        time.sleep(0.02)
    assert store.run(silent.run_id).reason == "no sign of life from its process on elsewhere"
    assert store.run(lively.run_id).state is RunState.RUNNING


def test_while_the_database_was_away_nobody_could_show_anything(store, monkeypatch):
    monkeypatch.setattr("rlcsp_core.execution.liveness.STALE", 0.3)
    monkeypatch.setattr("rlcsp_core.execution.liveness.BLIND", 0.2)
    mine, watch = claimed(store), Watch(store)
    pretend(store, mine.run_id, process="elsewhere 7 1")
    for _ in range(3):
        assert not watch.bury(store.run(mine.run_id))
        time.sleep(0.4)


def test_claim_idle_waits_for_a_process_elsewhere_and_says_so(store, monkeypatch, capsys):
    monkeypatch.setattr("rlcsp_core.execution.liveness.STALE", 0.3)
    monkeypatch.setattr("rlcsp_core.execution.liveness.POLL", 0.02)
    mine = claimed(store)
    pretend(store, mine.run_id, process="elsewhere 7 1", host="far-away")
    assert claim_idle(store, mine.run_id)
    assert capsys.readouterr().err == "waiting up to 0 s for a sign of life from process 7 on far-away\n"


@pytest.mark.parametrize("interruption", [UnavailableError("the disk is full"), KeyboardInterrupt()])
def test_a_process_that_lives_on_gives_its_run_back(store, monkeypatch, interruption):
    """Also where the database cannot be reached at that moment."""
    end, refused = Store.end, []

    def at_first_away(self, *words):
        if not refused:
            refused.append(words)
            raise UnavailableError("away")
        end(self, *words)

    def interrupt(_record):
        raise interruption

    monkeypatch.setattr(Store, "end", at_first_away)
    monkeypatch.setattr("rlcsp_core.execution.running.RETRY", 0.01)
    mine = claimed(store)
    with pytest.raises(type(interruption)):
        execute(store, mine, Halt(), begin=begin, notify=interrupt)
    wait_until(lambda: store.run(mine.run_id).state is RunState.INTERRUPTED, "the end of the claim")
    assert refused
