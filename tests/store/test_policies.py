"""A shared policy: no update lost, none counted twice."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.store import open_store

pytestmark = pytest.mark.parametrize(
    "server_url", ["sqlite", "postgresql", "mariadb"], indirect=True, scope="session"
)
ROOT = Path(__file__).resolve().parents[2]
SHAPE = (9, 2)
WORKERS, UPDATES = 8, 12


@pytest.fixture
def store(every_store):
    return every_store


WORKER = """
import sys
import numpy as np
from rlcsp_core.store import open_store
store, me = open_store(sys.argv[1]), int(sys.argv[2])
for step in range(1, int(sys.argv[3]) + 1):
    delta = np.zeros((9, 2))
    delta[me % 9, me // 9] = 2.0 ** -step
    store.add_to_policy("ours", delta, run_id=f"{me:x}", step=step)
"""


@pytest.mark.slow
def test_eight_processes_on_one_policy_lose_no_update(store):
    store.create_policy("ours", np.zeros(SHAPE))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen([sys.executable, "-c", WORKER, store.url, str(me), str(UPDATES)], env=environment)
        for me in range(WORKERS)
    ]
    assert [process.wait() for process in processes] == [0] * WORKERS
    policy = store.policy("ours")
    # powers of two add up without rounding: every worker's own entry is exactly the sum of what it added
    expected = np.zeros(SHAPE)
    for me in range(WORKERS):
        expected[me % 9, me // 9] = 1 - 2.0**-UPDATES
    assert policy.version == WORKERS * UPDATES
    np.testing.assert_array_equal(policy.theta, expected)
    history = store.policy_history("ours")
    assert history.version.tolist() == list(range(1, WORKERS * UPDATES + 1))
    assert (
        np.count_nonzero(np.diff(history.theta, axis=0, prepend=np.zeros((1, *SHAPE)))) == WORKERS * UPDATES
    )
    assert len(store.policy_history("ours", after=90)) == WORKERS * UPDATES - 90


def test_an_update_offered_twice_counts_once(store, rng):
    store.create_policy("ours", np.zeros(SHAPE))
    delta = rng.normal(size=SHAPE)
    first = store.add_to_policy("ours", delta, run_id="a", step=5)
    again = store.add_to_policy("ours", delta, run_id="a", step=5)
    assert first.version == again.version == 1
    assert again.theta.tobytes() == first.theta.tobytes() == delta.tobytes()


def test_a_policy_is_made_once_whoever_asks_first(store, rng):
    stores = [open_store(store.url) for _ in range(4)]
    thetas = [rng.normal(size=SHAPE) for _ in stores]
    threads = [
        threading.Thread(target=s.create_policy, args=("ours", t))
        for s, t in zip(stores, thetas, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.policy_names() == ["ours"]
    assert any(np.array_equal(store.policy("ours").theta, theta) for theta in thetas)
    assert store.policy("ours").version == 0
    for s in stores:
        s.close()


def test_what_does_not_fit_is_refused(store):
    store.create_policy("ours", np.zeros(SHAPE))
    with pytest.raises(StoreError, match="same set of actions"):
        store.add_to_policy("ours", np.zeros((14, 2)), run_id="a", step=1)
    with pytest.raises(StoreError, match="not finite"):
        store.add_to_policy("ours", np.full(SHAPE, np.nan), run_id="a", step=1)
    with pytest.raises(NotFoundError, match="no shared policy 'theirs'"):
        store.add_to_policy("theirs", np.zeros(SHAPE), run_id="a", step=1)
    with pytest.raises(StoreError, match="name of a shared policy"):
        store.create_policy("", np.zeros(SHAPE))
    assert store.policy("ours").version == 0
