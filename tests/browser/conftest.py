"""Browser tests drive the dashboard as a user does, in the system's Chromium with WebGL in software."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # dashboard.py stands beside this file

from dashboard import Dashboard, Watched, browsing, chromium, end_searches, serving, watching
from playwright.sync_api import Browser

from rlcsp_core.store import open_store
from tests.fields import definition, fill


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests below this folder need a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if chromium() is None:
                item.add_marker(
                    pytest.mark.skip(reason="no Chromium found: install it with 'apt-get install chromium'")
                )


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(tmp_path_factory.mktemp("dashboard")) as running:
        yield running


@pytest.fixture(scope="session")
def field(dashboard: Dashboard) -> str:
    """The name of a phase field in its database."""
    store = open_store(str(dashboard.database))
    made_up = definition(units=1, max_atoms=10, seeds=2)
    fill(store, made_up)
    store.close()
    return made_up.name


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with browsing() as started:
        yield started


@pytest.fixture
def watched(dashboard: Dashboard, browser: Browser) -> Iterator[Watched]:
    """A fresh page; whatever the test does on it, the console stays clean and nothing leaves the machine."""
    try:
        with watching(browser, dashboard.url) as seen:
            yield seen
    finally:
        end_searches(
            dashboard
        )  # a search that a failed test leaves at work would keep those of others waiting
