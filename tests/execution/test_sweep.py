"""Sweeps: everything once, nothing twice, and no trace of an interruption."""

import os
import signal
import subprocess
import sys
import time

import pytest

from rlcsp_core.execution import Halt
from rlcsp_core.execution.experiment import parse_experiment
from rlcsp_core.execution.sweep import share_of, sweep
from rlcsp_core.store import RunState, open_store
from tests.execution.fake import ROOT, wait_until
from tests.execution.fake_worker import begin

pytestmark = pytest.mark.slow

TEXT = """
seeds = {seeds}
[defaults]
composition = "SrO"
max_atoms = 8
population = 4
steps = {steps}
[[algorithms]]
algorithm = "uniform"
[[algorithms]]
algorithm = "rlcsp"
"""


def experiment(seeds=2, steps=20):
    return parse_experiment(TEXT.format(seeds=seeds, steps=steps), "tiny")


def ignore(_run):
    pass


def finished(store):
    return {(r.name, r.seed): r for r in store.runs(experiment="tiny") if r.state is RunState.FINISHED}


def test_every_run_once_and_nothing_the_second_time(store):
    reports = []
    sweep(store, experiment(), Halt(), report=reports.append, begin=begin)
    assert len(reports) == len(store.runs()) == len(finished(store)) == 4
    started = {r.id: r.started for r in store.runs()}

    def not_again(_store, run):
        raise AssertionError(f"run {run.id} was made again")

    again = []
    sweep(store, experiment(), Halt(), report=again.append, begin=not_again)
    assert [r.id for r in again] == [r.id for r in reports]
    assert {r.id: r.started for r in store.runs()} == started
    turned = parse_experiment(TEXT.format(seeds=2, steps=20).replace("SrO", "O2Sr2"), "tiny")
    sweep(store, turned, Halt(), report=again.append, begin=not_again)
    assert {r.id: r.started for r in store.runs()} == started


def test_more_seeds_add_runs_and_keep_those_there(store):
    sweep(store, experiment(seeds=1), Halt(), report=ignore, begin=begin)
    before = {r.id for r in store.runs()}
    sweep(store, experiment(seeds=2), Halt(), report=ignore, begin=begin)
    assert before < {r.id for r in store.runs()}
    assert len(finished(store)) == 4


def test_a_failed_run_does_not_keep_the_others_from_being_done(store):
    def sometimes(store, run):
        if run.seed == 1:
            raise ZeroDivisionError("made up")
        return begin(store, run)

    reports = []
    sweep(store, experiment(), Halt(), report=reports.append, begin=sometimes)
    assert [r.state for r in reports] == [RunState.FAILED] * 2 + [RunState.FINISHED] * 2
    sweep(store, experiment(), Halt(), report=reports.append, begin=begin)
    assert len(finished(store)) == 4


def test_the_share_done_counts_steps(store):
    assert share_of(store, experiment()) == (0, 4, 0, 80)
    halt, seen = Halt(), []

    def stop_in_second_run(record):
        seen.append(record)
        if len(seen) == 40:
            halt.ask()

    sweep(store, experiment(), halt, report=ignore, notify=stop_in_second_run, begin=begin)
    share = share_of(store, experiment())
    assert (share.runs_done, share.runs) == (1, 4)
    assert 20 < share.steps_done < 40
    assert share.fraction == share.steps_done / 80


def command(path, file, *more):
    return [sys.executable, "-m", "rlcsp_core", "sweep", str(file), "--database", str(path), "--json", *more]


def start(words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
        start_new_session=True,
    )


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TEXT.format(seeds=2, steps=3000))
    return path


@pytest.fixture
def uninterrupted(tmp_path, file):
    """The same experiment in one go, in this process."""
    from rlcsp_core.execution.experiment import load_experiment

    store = open_store(str(tmp_path / "whole.sqlite"))
    sweep(store, load_experiment(file), Halt(), report=ignore)
    yield store
    store.close()


DETERMINED = (
    "step", "action", "attempts", "energy", "accepted", "current_energy", "best_energy", "reward", "probabilities",
    "kT", "n_atoms", "evaluations", "parent",
)  # fmt: skip


def equal(store, other):
    mine, theirs = finished(store), finished(other)
    assert mine.keys() == theirs.keys()
    return all(
        all(
            getattr(store.steps(mine[k].id), name).tobytes()
            == getattr(other.steps(theirs[k].id), name).tobytes()
            for name in DETERMINED
        )
        and other.population(theirs[k].id).energy.tobytes() == store.population(mine[k].id).energy.tobytes()
        and other.updates(theirs[k].id).theta.tobytes() == store.updates(mine[k].id).theta.tobytes()
        for k in mine
    )


def test_a_sweep_killed_at_random_points_gives_the_results_of_one_that_was_not(
    store, path, file, uninterrupted, rng
):
    """RLCSP_KILLS=30 for more; a kill may fall into start-up, a population, a step, a commit, or between two runs."""
    asked, kills = int(os.environ.get("RLCSP_KILLS", "5")), 0
    while kills < asked and len(finished(store)) < 4:
        process = start(command(path, file))
        seen = sum(r.n_steps for r in store.runs())
        further = int(rng.integers(0, 1200 // asked))  # 1200 steps are all there are
        wait_until(
            lambda p=process, n=seen + further: (
                p.poll() is not None or sum(r.n_steps for r in store.runs()) > n
            ),
            "progress",
        )
        time.sleep(float(rng.uniform(0, 0.05)))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
    assert kills
    process = start(command(path, file))
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert len(out.splitlines()) == 4
    assert len(store.runs()) == 4
    assert equal(store, uninterrupted)


def test_ctrl_c_ends_a_sweep_in_good_order(store, path, file):
    process = start(command(path, file))
    wait_until(lambda: any(r.n_steps for r in store.runs()), "the first step")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130, err
    assert b"start the sweep again" in err
    assert not store.active_runs()


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_same_results(store, path, file, uninterrupted):
    process = start(command(path, file, "--workers", "2"))
    pid = wait_until(lambda: [r.pid for r in store.active_runs() if r.pid and r.n_steps], "a worker at work")[
        0
    ]
    os.kill(pid, signal.SIGKILL)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert len(out.splitlines()) == 4
    assert equal(store, uninterrupted)


def test_a_scheduler_that_does_not_answer_is_a_sentence(path, file, monkeypatch, capsys):
    from rlcsp_core.cli.main import main

    monkeypatch.setattr("rlcsp_core.execution.cluster.CONNECT", 0.3)
    assert main(["sweep", str(file), "--database", str(path), "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "no Dask scheduler answers at 'tcp://127.0.0.1:1'" in capsys.readouterr().err
