"""What all tests share: a seeded generator, an empty database, and which of them need a server."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rlcsp_core.store import Store, open_store

SEED = 20241122


SERVERS = ("postgresql", "mariadb")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one kind of database server share one, so one process runs them all."""
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        for kind in SERVERS:
            if kind in [value for value in parameters if isinstance(value, str)]:
                item.add_marker(pytest.mark.server)
                item.add_marker(pytest.mark.xdist_group(kind))


def pytest_configure() -> None:
    """While modules are loaded there is no garbage to look for."""
    gc.disable()


def pytest_runtestloop() -> None:
    """What is loaded stays: without this, every full collection, as after each page, looks through all of it."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(SEED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied: to make its tables takes longer than most tests that need one."""
    path = tmp_path_factory.mktemp("empty") / "runs.sqlite"
    open_store(str(path)).close()
    return path


@pytest.fixture
def store(path: Path, empty_database: Path) -> Iterator[Store]:
    if not path.exists():  # a manager may have opened it: not under its feet
        shutil.copy(empty_database, path)
    store = open_store(str(path))
    yield store
    store.close()
