"""The table of runs: found by words, named, tagged, archived, deleted and brought back; bad labels are sentences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.compare import runs as page_of_runs
from rlcsp_core.errors import StoreError
from rlcsp_core.records import StopRecord
from rlcsp_core.store import RunInfo, Store
from tests.store.examples import CONFIG, member

Opened = Callable[..., AppTest]
PAGE = "pages/compare/page.py"


def made(store: Store, seed: int, algorithm: str = "npg") -> RunInfo:
    claim = store.create_claimed({**CONFIG, "seed": seed, "algorithm": algorithm}, name=f"run {seed}")
    assert claim is not None
    store.append(claim, [member(0, np.random.default_rng(seed), -1.0), StopRecord("steps", 0, None)], None)
    return store.run(claim.run_id)


def listed(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["run"])


def test_words_filter_names_tags_and_settings(opened: Opened, empty_store: Store) -> None:
    first, second = made(empty_store, 1), made(empty_store, 2, "ppo")
    empty_store.label_run(first.id, title="For the lecture", tags=["best"])
    page = opened(PAGE, view="Runs")
    assert set(listed(page)) == {first.id, second.id}
    for words, found in (("LECTURE", [first]), ("best", [first]), ("ppo", [second]), ("y2o3 ppo", [second])):
        page = page.text_input(key="runs-filter").set_value(words).run()
        assert listed(page) == [run.id for run in found], words
    page = page.text_input(key="runs-filter").set_value("'; DROP TABLE runs; --").run()
    assert not page.exception
    assert "No run fits" in page.info[0].value


def test_archived_and_deleted_runs_stand_apart_and_come_back(opened: Opened, empty_store: Store) -> None:
    first, second, third = (made(empty_store, seed) for seed in (1, 2, 3))
    empty_store.archive_run(first.id, True)
    empty_store.discard_run(second.id)
    page = opened(PAGE, view="Runs")
    assert listed(page) == [third.id]
    for shelf, run in (("Archived", first), ("Deleted", second)):
        page = page.segmented_control(key="url-shelf").set_value(shelf).run()
        assert listed(page) == [run.id]


def test_what_was_deleted_is_restored_by_undo(opened: Opened, empty_store: Store) -> None:
    run = made(empty_store, 1)
    empty_store.discard_run(run.id)
    page = opened(PAGE, view="Runs")
    page.session_state[page_of_runs.UNDO] = [run.id]
    page = page.run()
    assert "1 run deleted" in " ".join(each.value for each in page.markdown)
    page = page.button(key="runs-undo-button").click().run()
    assert listed(page) == [run.id]


@pytest.mark.parametrize("tags", ["x" * 40, ",".join("abcdefghij")])
def test_tags_are_checked_on_the_server(tags: str, empty_store: Store) -> None:
    run = made(empty_store, 1)
    with pytest.raises(StoreError):
        empty_store.label_run(run.id, title=None, tags=tags.split(","))
    assert empty_store.run(run.id).tags == ()
