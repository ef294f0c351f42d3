"""A fresh database of each kind for every test of the contract."""

import numpy as np
import pytest
from sqlalchemy import delete

from rlcsp_core.store import open_store
from rlcsp_core.store.database import writing
from rlcsp_core.store.schema import metadata, revision
from tests.store.examples import CONFIG
from tests.store.servers import SERVERS


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def server_url(request, tmp_path_factory):
    """URL of a server's database; None for SQLite, which needs no server."""
    if request.param == "sqlite":
        yield None
        return
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as url:
        yield url


@pytest.fixture
def every_store(server_url, tmp_path):
    store = open_store(server_url or str(tmp_path / "runs.sqlite"))
    yield store
    with writing(store._engine) as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not revision:
                connection.execute(delete(table))
    store.close()


@pytest.fixture
def claim(store):
    return store.claim(store.create_run(CONFIG, name="a run"))
