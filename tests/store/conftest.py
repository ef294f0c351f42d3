"""A fresh database for every test."""

import numpy as np
import pytest

from rlcsp_core.store import open_store
from tests.store.examples import CONFIG


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def store(path):
    store = open_store(str(path))
    yield store
    store.close()


@pytest.fixture
def claim(store):
    return store.claim(store.create_run(CONFIG, name="a run"))
