"""A database that is locked, full, or gone holds a run up; what was reported stays, and the records are the same."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest

from rlcsp_core.execution import Halt, execute
from rlcsp_core.execution.processes import start_worker
from rlcsp_core.store import RunState, open_store
from tests.execution.fake import ROOT, fake_command, fake_config, wait_until
from tests.execution.fake_worker import begin
from tests.execution.test_execute import same_records
from tests.store.servers import SERVERS

pytestmark = pytest.mark.slow

STEPS = 150
UNLIMITED = resource.RLIM_INFINITY


@pytest.fixture
def whole(store):
    """A run that nothing disturbed."""
    mine = store.claim(store.create_run(fake_config(steps=STEPS), name="whole"))
    execute(store, mine, Halt(), begin=begin)
    return mine.run_id


@pytest.fixture
def worker(store, whole, monkeypatch):  # noqa: ARG001  (made first: the two would wait for each other)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("RLCSP_LOCK_WAIT", "0.2")
    mine = store.claim(store.create_run(fake_config(steps=STEPS, pace=0.01), name="disturbed"))
    worker = start_worker(mine, store.url, fake_command)
    wait_until(lambda: store.run(mine.run_id).n_steps > 10, "the first steps")
    yield worker
    worker.kill()
    worker.process.wait()
    worker.release()


def ends_like(store, worker, whole):
    run_id = worker.claim.run_id
    wait_until(lambda: store.run(run_id).state is RunState.FINISHED, "the end of the run")
    worker.process.wait()
    assert "the database answers again" in worker.message
    return same_records(store, run_id, whole)


def test_a_locked_database(store, path, worker, whole):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wait_until(lambda: "database is locked" in worker.message, "the message")
    before = store.run(worker.claim.run_id).n_steps
    other.execute("ROLLBACK")
    other.close()
    assert ends_like(store, worker, whole)
    assert before < STEPS


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="only Linux can shrink the limits of another process"
)
def test_a_full_disk(store, path, worker, whole):
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (path.stat().st_size // 2, UNLIMITED))
    wait_until(lambda: "waiting: " in worker.message, "the message")
    before = len(store.steps(worker.claim.run_id))
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
    assert ends_like(store, worker, whole)
    assert before < STEPS


def test_a_vanished_database(store, path, worker, whole, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    names = [name for name in os.listdir(tmp_path) if name.startswith(path.name)]
    for name in names:
        os.rename(tmp_path / name, folder / name)
    wait_until(lambda: "has vanished" in worker.message, "the message")
    for name in names:
        os.rename(folder / name, tmp_path / name)
    assert ends_like(store, worker, whole)


def test_a_worker_that_waits_for_its_database_can_still_be_ended(store, path, worker):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wait_until(lambda: "database is locked" in worker.message, "the message")
    worker.terminate()
    worker.process.wait()
    other.execute("ROLLBACK")
    other.close()
    run_id = worker.claim.run_id
    assert store.checkpoint(run_id)["steps"] == store.run(run_id).n_steps


KILLS = 5
SEARCH = {"composition": "SrTiO3", "max_atoms": 20, "population": 10, "steps": 900}


@contextmanager
def at_work(words, url):
    """A command of the command line, in a process that does not outlive the block."""
    command = [sys.executable, "-m", "rlcsp_core", *words, "--database", url, "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def search_words(config):
    flags = ((f"--{name.replace('_', '-')}", str(value)) for name, value in config.items())
    return ["run", *(word for flag in flags for word in flag)]


def ended_by(number, words, store, steps):
    """Let a command make some steps more of the only run, and end it by a signal; False where the run was faster."""
    begun = store.runs()[0].n_steps if store.runs() else 0
    with at_work(words, store.url) as process:
        wait_until(
            lambda: process.poll() is not None or (store.runs() and store.runs()[0].n_steps >= begun + steps),
            "progress",
        )
        ended = process.poll()
        process.send_signal(number)
        _, err = process.communicate()
    assert b"Traceback" not in err
    return ended is None


def like_one_undisturbed(store, run_id, path):
    whole = open_store(str(path))
    mine = whole.create_claimed(store.run(run_id).config, name="whole")
    execute(whole, mine, Halt())
    same = same_records(store, run_id, mine.run_id, whole)
    whole.close()
    return same


@pytest.mark.slow
@pytest.mark.parametrize(
    "algorithm", ["npg", *(pytest.param(name, marks=pytest.mark.long) for name in ("rlcsp", "ppo"))]
)
def test_a_run_killed_at_random_moments_and_resumed_is_one_undisturbed(path, store, rng, tmp_path, algorithm):
    """RLCSP_KILLS=50 for the figure in RELIABILITY.md; a few are enough to notice a regression."""
    kills = int(os.environ.get("RLCSP_KILLS", KILLS))
    config = SEARCH | {"algorithm": algorithm, "steps": SEARCH["steps"] * kills // KILLS}
    words, killed = search_words(config), 0
    for _ in range(kills):
        killed += ended_by(signal.SIGKILL, words, store, int(rng.integers(0, 100)))
        words = ["resume", store.runs()[0].id]
    (run,) = store.runs()
    if run.state is not RunState.FINISHED:
        with at_work(words, str(path)) as process:
            _, err = process.communicate()
        assert process.returncode == 0, err
    assert killed >= KILLS - 2
    assert store.run(run.id).n_steps == config["steps"]
    assert like_one_undisturbed(store, run.id, tmp_path / "whole.sqlite")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", *SERVERS])
def test_a_run_that_lost_its_terminal_or_was_ended_or_killed_goes_on(kind, rng, tmp_path, tmp_path_factory):
    with ExitStack() as stack:
        url = str(tmp_path / "runs.sqlite")
        if kind in SERVERS:
            url = stack.enter_context(SERVERS[kind](tmp_path_factory.mktemp(kind)))
        store = open_store(url)
        stack.callback(store.close)
        words = search_words(SEARCH | {"algorithm": "rlcsp"})
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            assert ended_by(number, words, store, int(rng.integers(0, 100)))
            (run,) = store.runs()
            assert run.state is (RunState.RUNNING if number == signal.SIGKILL else RunState.STOPPED)
            words = ["resume", run.id]
        with at_work(words, url) as process:
            _, err = process.communicate()
        assert process.returncode == 0, err
        assert store.run(run.id).state is RunState.FINISHED
        assert like_one_undisturbed(store, run.id, tmp_path / "whole.sqlite")


def test_a_run_that_is_worked_on_is_not_taken_up(path, store):
    with at_work(search_words(SEARCH | {"steps": 100_000}), str(path)) as process:
        run = wait_until(lambda: store.active_runs(), "the run")[0]
        with at_work(["resume", run.id], str(path)) as other:
            _, err = other.communicate()
        assert other.returncode == 2
        assert f"being worked on by process {process.pid} on" in err.decode()
        assert store.run(run.id).state is RunState.RUNNING
