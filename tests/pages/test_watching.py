"""Many who watch look more seldom, and together never more often than the server can."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from streamlit.testing.v1 import AppTest

from pages.common.watching import (
    AT_ONCE,
    BUSY,
    COST,
    DEAREST,
    LONGEST,
    OPENING,
    REMEMBERED,
    WATCHER,
    WINDOW,
    Watchers,
    in_turn,
)
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.presets import demo
from rlcsp_core.store import RunState, Store
from tests.fields import definition

Opened = Callable[..., AppTest]
MANY = int(BUSY / COST)  # sessions that may all look every second


@pytest.mark.parametrize(
    ("sessions", "seconds"), [(1, 1.0), (MANY, 1.0), (MANY + 1, 1.5), (3 * MANY, 3.0), (2000, LONGEST)]
)
def test_the_more_watch_the_more_seldom_each_looks(sessions: int, seconds: float) -> None:
    watchers = Watchers()
    last = [watchers.seconds(str(i), 1.0, now=0.001 * i) for i in range(sessions)][-1]
    assert last == seconds
    assert sessions * COST / last <= BUSY or last == LONGEST


def test_what_is_looked_at_seldom_anyway_is_not_slowed() -> None:
    watchers = Watchers()
    assert [watchers.seconds(str(i), 10.0, now=0.0) for i in range(3 * MANY)][-1] == 10.0


def test_looks_that_cost_more_are_made_more_seldom() -> None:
    watchers = Watchers()
    for i in range(1000):  # ten a second, each of twice the cost
        watchers.looked(now=0.1 * i, cpu=2 * COST * i)
    for i in range(10):  # a pause tells nothing of looks
        watchers.looked(now=200.0 + 10 * WINDOW * i, cpu=1000.0 + i)
    found = [watchers.seconds(str(i), 1.0, now=0.0) for i in range(MANY)][-1]
    assert found == pytest.approx(2.0, abs=0.5)


def test_pages_that_open_do_not_make_looks_seem_dear() -> None:
    watchers = Watchers()
    for i in range(200):
        watchers.looked(now=0.1 * i, cpu=OPENING * COST * i, looks=OPENING)
    assert [watchers.seconds(str(i), 1.0, now=0.0) for i in range(MANY - 1)][-1] == 1.0


def test_what_is_made_for_each_look_of_few_does_not_make_them_fewer_still() -> None:
    watchers = Watchers()
    for i in range(100):
        watchers.looked(now=0.5 * i, cpu=10 * DEAREST * i)
    found = [watchers.seconds(str(i), 1.0, now=0.0) for i in range(MANY)][-1]
    assert found == pytest.approx(MANY * DEAREST / BUSY, abs=0.5)


def test_who_has_gone_is_forgotten() -> None:
    watchers = Watchers()
    for i in range(3 * MANY):
        watchers.seconds(str(i), 1.0, now=0.0)
    assert watchers.seconds("0", 1.0, now=REMEMBERED - 1) > 1.0
    assert watchers.seconds("0", 1.0, now=REMEMBERED + 1) == 1.0


def test_few_look_at_a_time_and_a_look_that_fails_gives_its_turn_back() -> None:
    inside: list[int] = []
    most: list[int] = []

    @in_turn
    def looking(fails: bool) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        if fails:
            raise ValueError

    def quietly(number: int) -> None:
        with suppress(ValueError):
            looking(number % 2 == 0)

    with ThreadPoolExecutor(8) as sessions:
        list(sessions.map(quietly, range(8 * AT_ONCE)))
    assert len(most) == 8 * AT_ONCE
    assert max(most) <= AT_ONCE


@pytest.mark.slow
def test_who_watches_the_demo_or_a_field_at_work_is_counted(opened: Opened, empty_store: Store) -> None:
    field = definition(("SrO", "TiO2"))
    empty_store.keep_field(field.name, field.as_dict())
    claim = empty_store.create_claimed(demo().as_dict(), name="demo")
    other = empty_store.create_claimed(
        SearchConfig(composition="TiO2").as_dict(), name="field", experiment=field.name
    )
    assert claim is not None
    assert other is not None
    for file, where in (("demo", {"run": claim.run_id}), ("field", {"field": field.name})):
        page = opened(f"pages/{file}/page.py", **where)
        assert not page.exception
        assert WATCHER in page.session_state
    empty_store.end(claim, RunState.STOPPED, "stopped")
    assert WATCHER not in opened("pages/demo/page.py", run=claim.run_id).session_state
