"""Every view of every page opens on a run of every shipped configuration, and on runs of each kind there can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rlcsp_core.actions import ACTION_SETS
from rlcsp_core.agents import AGENTS
from rlcsp_core.analysis.learned import learns
from rlcsp_core.execution import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.features import FEATURE_SETS
from rlcsp_core.store import RunInfo, open_store
from rlcsp_core.store.library import SHIPPED as FOLDER
from rlcsp_core.store.library import archives_in

pytestmark = pytest.mark.slow

Opened = Callable[..., AppTest]
KIND = ("potential", "algorithm", "baseline", "actions", "features", "settings")
CONFIGURATION = ("composition", *KIND)
SMALL = SearchConfig(steps=40, max_atoms=10, population=4)
OURS = {
    **{algorithm: replace(SMALL, algorithm=algorithm) for algorithm in AGENTS},
    **{f"{actions} actions": replace(SMALL, actions=actions) for actions in ACTION_SETS},
    **{f"{features} features": replace(SMALL, features=features) for features in FEATURE_SETS},
}
OF_A_RUN = ("pages/search/page.py", "pages/structures/page.py", "pages/replay/page.py")


def _shipped() -> dict[str, RunInfo]:
    """The shortest run of each configuration."""
    found: dict[str, RunInfo] = {}
    for experiment, archive in archives_in(FOLDER)[0].items():
        for run in archive.runs():
            name = ", ".join([experiment, *(str(run.config.get(key)) for key in CONFIGURATION)])
            if name not in found or run.n_steps < found[name].n_steps:
                found[name] = run
    return found


SHIPPED = _shipped()
FIRST = {tuple(str(run.config.get(key)) for key in KIND): name for name, run in reversed(SHIPPED.items())}
# one of each kind in `make test`, the other compounds in `make long`
EACH = [name if name in FIRST.values() else pytest.param(name, marks=pytest.mark.long) for name in SHIPPED]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, RunInfo]]]:
    """A database with a short run of each kind."""
    path = tmp_path_factory.mktemp("kinds") / "runs.sqlite"
    store = open_store(str(path))
    runs = {}
    for name, config in OURS.items():
        claim = store.create_claimed(config.as_dict(), name=name)
        assert claim is not None
        runs[name] = execute(store, claim, Halt())
    yield path, runs
    store.close()


def every_view(opened: Opened, run: RunInfo) -> None:
    for file in OF_A_RUN:
        shows(opened(file, run=run.id), file)
    if learns(run):
        page = opened("pages/policy/page.py", run=run.id)
        for view in page.segmented_control(key="url-view").options:
            shows(page.segmented_control(key="url-view").set_value(view).run(), view)
        page = opened("pages/learn/page.py", run=run.id, chapter="learn")
        shows(page, "chapter 5")
        assert not any("fixed policy" in each.value for each in page.info)


def shows(page: AppTest, view: str) -> None:
    assert not page.exception, view
    assert not page.error, view


@pytest.mark.parametrize("name", EACH)
def test_every_view_opens_on_every_shipped_configuration(name: str, opened: Opened) -> None:
    every_view(opened, SHIPPED[name])


@pytest.mark.parametrize("name", OURS)
def test_every_view_opens_on_every_kind_of_run(
    name: str, opened: Opened, ours: tuple[Path, dict[str, RunInfo]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, runs = ours
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(path))
    every_view(opened, runs[name])


@pytest.mark.parametrize("experiment", sorted({run.experiment or "" for run in SHIPPED.values()}))
def test_every_view_of_compare_opens_on_every_shipped_experiment(experiment: str, opened: Opened) -> None:
    page = opened("pages/compare/page.py", experiment=experiment)
    for view, key in (("Result", None), ("Curves", "url-curve"), ("Details", "url-detail")):
        page = page.segmented_control(key="url-view").set_value(view).run()
        shows(page, view)
        for part in page.segmented_control(key=key).options if key else ():
            shows(page.segmented_control(key=key).set_value(part).run(), part)
