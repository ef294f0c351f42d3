"""Charts of a run: made once for all who look in the same second, and anew when the run has moved on or stopped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pages.search import live_view
from pages.search.live_view import LARGE, REFRESH, view_of
from rlcsp_core.store import RunState, Store


class Counted:
    """A store that counts how often the steps are read."""

    def __init__(self, store: Store) -> None:
        self.store, self.reads = store, 0

    def overview(self, run_id: str, most: int) -> object:
        self.reads += 1
        return self.store.overview(run_id, most)

    def population(self, run_id: str) -> object:
        return self.store.population(run_id)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(live_view.time, "monotonic", lambda: now[0])
    return now


def test_many_looks_make_the_charts_once(empty_store: Store, finished_run: str, clock: list[float]) -> None:
    store = Counted(empty_store)
    run = replace(empty_store.run(finished_run), state=RunState.RUNNING)
    first = view_of(store, run, LARGE)  # type: ignore[arg-type]
    assert view_of(store, run, LARGE) is first  # type: ignore[arg-type]
    assert store.reads == 1
    clock[0] += REFRESH
    view_of(store, run, LARGE)  # type: ignore[arg-type]
    assert store.reads == 2


@pytest.mark.usefixtures("clock")
def test_a_step_of_a_paused_run_is_seen_at_once(empty_store: Store, finished_run: str) -> None:
    store = Counted(empty_store)
    run = replace(empty_store.run(finished_run), state=RunState.PAUSED)
    view_of(store, run, LARGE)  # type: ignore[arg-type]
    view_of(store, replace(run, n_steps=run.n_steps + 1), LARGE)  # type: ignore[arg-type]
    assert store.reads == 2
