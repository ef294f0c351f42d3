"""A sweep on many workers, by Dask distributed: a cluster of processes on this machine, or a scheduler elsewhere.

Each run is a task.  Tasks are idempotent: what a task has to know is in the shared database, so one that is lost with
its worker is done again by another from the last record that is stored, and one that is done twice does nothing.
The database is named to the workers by their environment (RLCSP_DATABASE_URL), never in a task.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

import dask
from distributed import Client, Future, LocalCluster

from rlcsp_core.errors import ConfigError, StoreError
from rlcsp_core.execution.experiment import PlannedRun
from rlcsp_core.execution.processes import THREADS
from rlcsp_core.execution.running import Halt
from rlcsp_core.execution.sweep import Plan, Report, carry_out
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import ACTIVE, Store, open_store
from rlcsp_core.store.addresses import URL_VARIABLE

POLL = 0.5  # s
GRACE = 3.0  # s for runs to stop after Ctrl-C
CONNECT = 10.0  # s to reach a scheduler
WORKER_LOSSES = 20  # of one task until it is given up

_stores: dict[int, Store] = {}  # one for each process: the workers are processes of their own


def process_store() -> Store:
    """The database of this worker."""
    pid = os.getpid()
    if pid not in _stores:
        _stores[pid] = open_store()
    return _stores[pid]


def task(experiment: str, label: str, config: Mapping[str, Any]) -> str:
    """One run to its end, on a worker; its id."""
    planned = PlannedRun(label, SearchConfig.from_dict(config))
    return carry_out(process_store(), experiment, planned, Halt()).id


def database_of_worker() -> str:
    return process_store().description


@contextmanager
def local_client(workers: int, store: Store) -> Iterator[Client]:
    """A cluster of single-threaded processes that ends with the block, or with this process."""
    environment = {URL_VARIABLE: store.url, **dict.fromkeys(THREADS, "1")}
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    dask.config.set({"distributed.scheduler.allowed-failures": WORKER_LOSSES})
    try:
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                memory_limit=0,
                silence_logs="CRITICAL",
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


@contextmanager
def remote_client(address: str) -> Iterator[Client]:
    """A scheduler that runs already; its workers must see the same database (see below) and this package."""
    client, why = None, ""
    try:
        client = Client(address, timeout=CONNECT)
    except (OSError, ValueError, TimeoutError) as error:
        why = str(error)
    if client is None:
        # what Dask made of it goes now: where it goes while Dask makes the next client, Dask waits for itself for good
        gc.collect()
        raise ConfigError(f"no Dask scheduler answers at {address!r}: {why}")
    with client:
        yield client


def check_databases(client: Client, store: Store) -> None:
    try:
        found = client.run(database_of_worker)
    except Exception as error:
        raise ConfigError(f"the workers of the scheduler cannot use the database: {error}") from None
    for worker, description in found.items():
        if description != store.description:
            raise ConfigError(
                f"worker {worker} uses {description}, this sweep {store.description}; "
                f"start the workers with the same {URL_VARIABLE}"
            )


def sweep_on(
    client: Client, store: Store, experiment: Plan, halt: Halt, report: Report, tick: Callable[[], None]
) -> None:
    """All missing runs; `tick` is called every POLL seconds, `report` with every run as it is done."""
    futures = [
        client.submit(task, experiment.name, run.label, run.config.as_dict(), pure=False)
        for run in experiment.runs()
    ]
    pending, done = set(futures), queue_of(futures)
    while pending and not halt.asked:
        for future in taken_from(done):
            pending.discard(future)
            report(store.run(result_of(future)))
        tick()
    if halt.asked:
        stop_runs(client, store, experiment, pending)


def queue_of(futures: Sequence[Future]) -> SimpleQueue[Future]:
    """Into which they come as they are done."""
    done: SimpleQueue[Future] = SimpleQueue()
    for future in futures:
        future.add_done_callback(done.put)
    return done


def taken_from(done: SimpleQueue[Future]) -> list[Future]:
    """What has come since the last look; waits up to POLL seconds for the first.

    Not by Dask's `wait`: after each timeout it leaves a task behind for every future that is still at work, which in a
    sweep of hours grew to gigabytes."""
    found: list[Future] = []
    with suppress(Empty):
        found.append(done.get(timeout=POLL))
        while True:
            found.append(done.get_nowait())
    return found


def result_of(future: Future) -> str:
    try:
        return str(future.result())
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(f"a worker could not do its task: {type(error).__name__}: {error}") from None


def stop_runs(client: Client, store: Store, experiment: Plan, pending: set[Future]) -> None:
    """Tell the runs of this experiment to stop, and give them time to write what they have."""
    client.cancel(list(pending))
    for run in store.runs(states=ACTIVE, experiment=experiment.name):
        store.request(run.id, "stop")
    halt = Halt()
    waited = 0.0
    while waited < GRACE and store.runs(1, states=ACTIVE, experiment=experiment.name):
        halt.event.wait(POLL / 5)
        waited += POLL / 5
