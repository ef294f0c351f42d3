"""Waiting for the tasks of a sweep."""

import asyncio

import pytest
from distributed import Client, Event

from rlcsp_core.execution import cluster
from rlcsp_core.execution.cluster import queue_of, taken_from
from tests.patience import STARTING

pytestmark = pytest.mark.slow

LOOKS = 50


def held(number):
    Event("gate").wait(timeout=STARTING)
    return number


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(cluster, "POLL", 0.002)
    with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as started:
        yield started


def tasks_of(client):
    async def count():
        return len(asyncio.all_tasks())

    return client.sync(count)


def test_every_task_is_taken_once_and_looks_in_vain_leave_nothing_behind(client):
    futures = [client.submit(held, number) for number in range(10)]
    done = queue_of(futures)
    assert taken_from(done) == []
    before = tasks_of(client)
    for _ in range(LOOKS):
        assert taken_from(done) == []
    assert tasks_of(client) <= before + LOOKS / 2  # not one for every look; the cluster begins some too

    Event("gate").set()
    taken = []
    while len(taken) < len(futures):
        taken += taken_from(done)
    assert sorted(future.result() for future in taken) == list(range(10))
    assert taken_from(done) == []
