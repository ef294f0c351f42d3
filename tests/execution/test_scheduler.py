"""A sweep on a Dask scheduler whose processes are Dask's own, as on a cluster; one of the workers is killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest

from rlcsp_core.execution import Halt
from rlcsp_core.execution.experiment import load_experiment
from rlcsp_core.execution.sweep import sweep
from rlcsp_core.store import open_store
from rlcsp_core.store.addresses import URL_VARIABLE, address, database_url
from tests.execution.test_sweep import ROOT, TEXT, equal, ignore, wait_until
from tests.store.servers import SERVERS, free_port

WORKERS = 2
STEPS = 3000

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(params=["sqlite", *SERVERS])
def url(request, tmp_path, tmp_path_factory):
    """Of an empty database, in a file and behind a server; skipped where the server is not installed."""
    if request.param == "sqlite":
        yield str(tmp_path / "shared.sqlite")
        return
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as url:
        yield address(database_url(url))


@contextmanager
def running(words, environment):
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_results_of_a_cluster_that_loses_a_worker_are_those_of_one_process(url, tmp_path):
    file = tmp_path / "tiny.toml"
    file.write_text(TEXT.format(seeds=2, steps=STEPS))
    store, whole = open_store(url), open_store(str(tmp_path / "whole.sqlite"))
    address = f"tcp://127.0.0.1:{free_port()}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), URL_VARIABLE: url, "OMP_NUM_THREADS": "1"}
    worker = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
    with ExitStack() as stack:
        port = address.rpartition(":")[2]
        scheduler = [
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            port,
            "--no-dashboard",
        ]
        stack.enter_context(running(scheduler, environment))
        for k in range(WORKERS):
            folder = ["--local-directory", str(tmp_path / f"worker-{k}"), "--no-nanny"]
            stack.enter_context(running([*worker, *folder], environment))
        time.sleep(1.0)
        words = ["rlcsp_core", "sweep", str(file), "--scheduler", address, "--json"]
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        stack.callback(process.kill)
        at_work = wait_until(
            lambda: [run for run in store.active_runs() if run.pid and run.n_steps], "a worker at work"
        )
        lost = at_work[0]
        os.kill(lost.pid, signal.SIGKILL)
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert len(out.splitlines()) == len(store.runs()) == 4
    sweep(whole, load_experiment(file), Halt(), report=ignore)
    assert equal(store, whole)
    assert store.run(lost.id).pid != lost.pid
    store.close()
    whole.close()
