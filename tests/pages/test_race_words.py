"""What is said of two lanes: that they differ in their actions stands below them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

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
