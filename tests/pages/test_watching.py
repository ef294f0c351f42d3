"""Many who watch look more seldom, and together never more often than the server can."""

from __future__ import annotations

import pytest

from pages.common.watching import LONGEST, LOOKS, REMEMBERED, Watchers


@pytest.mark.parametrize(
    ("sessions", "seconds"), [(1, 1.0), (16, 1.0), (17, 1.5), (80, 5.0), (10_000, LONGEST)]
)
def test_the_more_watch_the_more_seldom_each_looks(sessions: int, seconds: float) -> None:
    watchers = Watchers()
    last = [watchers.seconds(str(i), 1.0, now=0.001 * i) for i in range(sessions)][-1]
    assert last == seconds
    assert sessions / last <= LOOKS or last == LONGEST


def test_who_has_gone_is_forgotten() -> None:
    watchers = Watchers()
    for i in range(100):
        watchers.seconds(str(i), 1.0, now=0.0)
    assert watchers.seconds("0", 1.0, now=REMEMBERED - 1) > 1.0
    assert watchers.seconds("0", 1.0, now=REMEMBERED + 1) == 1.0
