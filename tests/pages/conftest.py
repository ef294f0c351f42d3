"""Pages without a browser: a database of its own for each test, and one short real search to look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.store import ACTIVE, RunState, Store, open_store
from tests.patience import STARTING

ROOT = Path(__file__).parents[2]
GROUND_STATE = -27.394619  # eV/atom, of Y2O3; no cell of ten atoms holds it
SMALL = SearchConfig(
    algorithm="npg", steps=60, max_atoms=10, population=8, target=GROUND_STATE, settings={"trajectories": 2}
)


@pytest.fixture(autouse=True, scope="session")
def components() -> Iterator[None]:
    """What Streamlit finds among the installed packages, which it reads anew, one by one, for each app under test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "runs.sqlite"
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(path))
    return path


@pytest.fixture
def empty_store(database: Path, empty_database: Path) -> Iterator[Store]:
    shutil.copy(empty_database, database)
    store = open_store(str(database))
    yield store
    # what a test has started would work beside the next ones
    for run in store.runs(states=(RunState.QUEUED, *ACTIVE)):
        store.request(run.id, "stop")
    store.close()


@pytest.fixture
def finished_run(empty_store: Store) -> str:
    """The id of a finished run of a small search."""
    claim = empty_store.create_claimed(SMALL.as_dict(), name="small")
    empty_store.append(claim, list(Search(SMALL)), None)
    return claim.run_id


@pytest.fixture
def opened() -> Callable[..., AppTest]:
    """Open a page by its file, with parameters of the URL."""

    def open_page(file: str, **parameters: str | list[str]) -> AppTest:
        page = AppTest.from_file(
            str(ROOT / "app.py"), default_timeout=STARTING
        ).run()  # the router knows its pages
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.switch_page(file).run()

    return open_page
