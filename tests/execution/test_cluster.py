"""Waiting for the tasks of a sweep."""

import asyncio
import time

import pytest
from distributed import Client, Event

from rlcsp_core.execution import cluster
from rlcsp_core.execution.cluster import queue_of, taken_from
from tests.patience import STARTING

pytestmark = pytest.mark.slow

LOOKS = 50
SAMPLES, APART = 5, 0.1  # s; Dask's own tasks come and go


def held(number):
    Event("gate").wait(timeout=STARTING)
    return number


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(cluster, "POLL", 0.002)
    with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as started:
        yield started


def lasting_tasks_of(client):
    """Tasks that are there at every one of some moments."""

    async def names():
        return {task.get_name() for task in asyncio.all_tasks()}

    found = client.sync(names)
    for _ in range(SAMPLES):
        time.sleep(APART)
        found &= client.sync(names)
    return len(found)


def test_every_task_is_taken_once_and_looks_in_vain_leave_nothing_behind(client):
    futures = [client.submit(held, number) for number in range(10)]
    done = queue_of(futures)
    assert taken_from(done) == []
    before = lasting_tasks_of(client)
    for _ in range(LOOKS):
        assert taken_from(done) == []
    assert lasting_tasks_of(client) <= before + LOOKS / 10  # not one more for every look and future

    Event("gate").set()
    taken = []
    while len(taken) < len(futures):
        taken += taken_from(done)
    assert sorted(future.result() for future in taken) == list(range(10))
    assert taken_from(done) == []
