"""The manager with real processes: queue, stop, crashes, kills, orphans."""

import os
import signal
import subprocess
import sys
import time

import pytest

from rlcsp_core.execution import Halt, RunManager, execute
from rlcsp_core.process import lives
from rlcsp_core.store import ENDED, RunState
from tests.execution.fake import ROOT, fake_command, fake_config, wait_until
from tests.execution.fake_worker import begin
from tests.execution.test_execute import same_records

pytestmark = pytest.mark.slow


def ended(store, run_id):
    return wait_until(lambda: store.run(run_id).state in ENDED and store.run(run_id), "the end")


def at_work(store, run_id):
    return wait_until(lambda: store.run(run_id).n_steps > 0 and store.run(run_id), "the first step")


def test_a_started_run_finishes(manager, store):
    run = ended(store, manager.start(fake_config(steps=30)))
    assert (run.state, run.reason, run.n_steps) == (RunState.FINISHED, "steps", 30)


def test_no_more_than_the_limit_work_at_once_first_come_first_served(manager, store):
    ids = [manager.start(fake_config(steps=10, pace=0.03)) for _ in range(5)]
    assert manager.place_in_queue(ids[-1]) is not None
    while any(store.run(i).state not in ENDED for i in ids):
        assert len(store.active_runs()) <= 2
        time.sleep(0.02)
    assert [store.run(i).state for i in ids] == [RunState.FINISHED] * 5
    started = [store.run(i).started for i in ids]
    assert started == sorted(started)
    assert manager.place_in_queue(ids[0]) is None


def test_stop_ends_the_process_and_leaves_other_runs_alone(manager, store):
    mine, other = (manager.start(fake_config(steps=10_000, pace=0.01)) for _ in range(2))
    worker = at_work(store, mine).process
    at_work(store, other)
    manager.stop(mine)
    run = ended(store, mine)
    assert (run.state, run.reason) == (RunState.STOPPED, "stopped")
    wait_until(lambda: not lives(worker), "the end of the process")
    assert store.run(other).state is RunState.RUNNING
    assert store.checkpoint(mine)["steps"] == run.n_steps


def test_a_worker_that_does_not_listen_is_ended_all_the_same(manager, store):
    run_id = manager.start(fake_config(steps=100, pace=0.1, hang_at=8))
    run = at_work(store, run_id)
    time.sleep(0.8)
    manager.stop(run_id)
    assert ended(store, run_id).state is RunState.STOPPED
    wait_until(lambda: not lives(run.process), "the end of the process")


def test_a_queued_run_can_be_stopped_and_queued_again(manager, store):
    busy = [manager.start(fake_config(steps=10_000, pace=0.01)) for _ in range(2)]
    waiting = manager.start(fake_config(steps=5))
    manager.stop(waiting)
    assert store.run(waiting).state is RunState.STOPPED
    manager.resume(waiting)
    assert store.run(waiting).state is RunState.QUEUED
    for run_id in busy:
        manager.stop(run_id)
    assert ended(store, waiting).state is RunState.FINISHED


def test_paused_runs_let_others_go_first(manager, store):
    paused = [manager.start(fake_config(steps=10_000, pace=0.01)) for _ in range(2)]
    for run_id in paused:
        at_work(store, run_id)
        manager.pause(run_id)
    wait_until(lambda: all(store.run(run_id).state is RunState.PAUSED for run_id in paused))
    assert ended(store, manager.start(fake_config(steps=5))).state is RunState.FINISHED
    assert all(store.run(run_id).state is RunState.PAUSED for run_id in paused)
    for run_id in paused:
        manager.stop(run_id)


@pytest.mark.parametrize(
    ("settings", "state", "reason"),
    [
        ({"raise_at": 5}, RunState.FAILED, "ZeroDivisionError: made up"),
        ({"exit_at": 5}, RunState.FAILED, "exit code 3: last words"),
        ({"kill_at": 5}, RunState.INTERRUPTED, "SIGKILL"),
    ],
)
def test_a_crash_is_a_state_with_a_reason_and_the_manager_goes_on(manager, store, settings, state, reason):
    run = ended(store, manager.start(fake_config(steps=10, **settings)))
    assert run.state is state
    assert reason in run.reason
    assert ended(store, manager.start(fake_config(steps=5))).state is RunState.FINISHED


def test_a_killed_run_resumed_equals_one_that_was_not(manager, store):
    run_id = manager.start(fake_config(steps=60, pace=0.02))
    os.kill(at_work(store, run_id).pid, signal.SIGKILL)
    assert ended(store, run_id).state is RunState.INTERRUPTED
    manager.resume(run_id)
    wait_until(lambda: store.run(run_id).state is RunState.FINISHED)
    whole = store.claim(store.create_run(fake_config(steps=60), name="whole"))
    execute(store, whole, Halt(), begin=begin)
    assert same_records(store, run_id, whole.run_id)


def test_closing_the_manager_interrupts_its_runs(store, manager):
    run_id = manager.start(fake_config(steps=10_000, pace=0.01))
    worker = at_work(store, run_id).process
    manager.close()
    run = store.run(run_id)
    assert (run.state, run.reason) == (RunState.INTERRUPTED, "the program that started it ended")
    assert not lives(worker)


PROGRAM = """
import sys, time
from rlcsp_core.execution import RunManager
from tests.execution.fake import fake_command, fake_config
manager = RunManager(sys.argv[1], limit=2, command=fake_command)
print(manager.start(fake_config(steps=10_000, pace=0.01)), flush=True)
time.sleep(600)
"""


def test_no_orphans_when_the_program_is_killed(path, store):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, env=environment
    )
    run_id = program.stdout.readline().decode().strip()
    worker = at_work(store, run_id).process
    program.kill()
    program.wait()
    run = ended(store, run_id)
    assert (run.state, run.reason) == (RunState.INTERRUPTED, "the program that started it ended")
    wait_until(lambda: not lives(worker), "the end of the worker")
    program.stdout.close()


def test_runs_of_a_machine_that_was_switched_off_are_found(path, store):
    claim = store.claim(store.create_run(fake_config(), name="lost"))
    process = subprocess.Popen(
        [sys.executable, "-c", ATTACH, str(path), *claim], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    process.wait()
    assert store.run(claim.run_id).state is RunState.RUNNING
    manager = RunManager(str(path), limit=1, command=fake_command)
    run = ended(store, claim.run_id)
    assert run.state is RunState.INTERRUPTED
    assert "its process is gone" in run.reason
    manager.close()


ATTACH = """
import sys
from rlcsp_core.store import Claim, open_store
open_store(sys.argv[1]).attach(Claim(*sys.argv[2:]), {})
"""


def test_a_process_that_cannot_be_started_is_a_reason(path, store):
    manager = RunManager(str(path), limit=1, command=lambda _: ["/no/such/program"])
    run = ended(store, manager.start(fake_config()))
    assert run.state is RunState.FAILED
    assert "could not be started" in run.reason
    manager.close()
