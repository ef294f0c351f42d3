"""A database that is locked, full, or gone holds a run up; what was reported stays, and the records are the same."""

import os
import resource
import sqlite3
import subprocess
import sys

import pytest

from rlcsp_core.runs import Halt, execute
from rlcsp_core.runs.processes import start_worker
from rlcsp_core.store import RunState
from tests.runs.fake import ROOT, fake_command, fake_config, wait_until
from tests.runs.fake_worker import begin
from tests.runs.test_execute import same_records

pytestmark = pytest.mark.slow

STEPS = 150
UNLIMITED = resource.RLIM_INFINITY
STEPS_A_KILL = 80  # enough that the run does not end before the last kill


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
    worker = start_worker(mine, store.url, True, fake_command)
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


KILLED = """
import sys
from rlcsp_core.cli.main import main
sys.exit(main(["resume", sys.argv[1], "--database", sys.argv[2], "--json"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["rlcsp", "ppo"])
def test_kills_at_random_moments_leave_no_trace(path, store, rng, algorithm):
    """RLCSP_KILLS=50 for the figure in RELIABILITY.md; a few are enough to notice a regression."""
    asked = int(os.environ.get("RLCSP_KILLS", "4"))
    from rlcsp_core.runs.liveness import Watch
    from rlcsp_core.search import SearchConfig

    config = SearchConfig(
        composition="SrTiO3",
        max_atoms=20,
        population=10,
        steps=max(1500, STEPS_A_KILL * asked),
        algorithm=algorithm,
    ).as_dict()
    whole = store.create_claimed(config, name="whole")
    execute(store, whole, Halt())
    run_id = store.create_run(config, name="killed")
    kills = 0
    while store.run(run_id).state is not RunState.FINISHED and kills < asked:
        words = [sys.executable, "-c", KILLED, run_id, str(path)]
        process = subprocess.Popen(
            words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
        )
        n = store.run(run_id).n_steps + int(rng.integers(0, 30))
        try:
            wait_until(
                lambda p=process, n=n: store.run(run_id).n_steps > n or p.poll() is not None, "progress"
            )
        finally:
            process.kill()
            process.wait()
        kills += 1
        run = store.run(run_id)
        if run.active:
            store.declare_dead(run, *Watch().verdict(run))
    if store.run(run_id).state is not RunState.FINISHED:
        execute(store, store.claim(run_id), Halt())
    print(f"{kills} kills, {len(store.steps(run_id))} steps")
    assert same_records(store, run_id, whole.run_id)
