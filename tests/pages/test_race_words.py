"""What is said of two lanes: that they differ in their actions stands below them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import race
from pages.components.race_words import actions_in_words
from rlcsp_core.search.presets import demo, untrained
from tests.pages.what_is_drawn import words


def test_who_choose_among_other_actions_are_said_to() -> None:
    trained = demo().as_dict()
    said = actions_in_words(untrained(demo()).as_dict(), trained)
    assert said is not None
    assert "has 14 actions" in said
    assert "has 28, for it also chooses" in said  # 12 others, and 16 numbers of units in 80 atoms
    assert actions_in_words(trained, trained) is None


@pytest.mark.usefixtures("empty_store")
def test_a_race_shows_that_its_lanes_differ_in_actions(opened: Callable[..., AppTest]) -> None:
    page = opened("pages/demo/page.py")
    assert not page.exception
    assert "in more than training" in words(page)


@pytest.mark.usefixtures("empty_store")
@pytest.mark.parametrize(("file", "takes_it"), [("home", True), ("demo", False)])
def test_the_space_bar_does_one_thing_in_a_lecture(
    file: str, takes_it: bool, opened: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the first page of the demo it begins act 1."""
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(race, "_component", lambda *, data, **_: drawn.append(data))
    page = opened(f"pages/{file}/page.py", lecture="")
    assert not page.exception
    assert drawn
    assert drawn[-1]["keys"] is takes_it
