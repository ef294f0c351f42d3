"""Sharing a page, the lecture that lasts over pages, the tour, and the terms that are explained."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.common.glossary import TERMS, explained
from pages.common.tour import STOPS

Opened = Callable[..., AppTest]


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_a_lecture_lasts_over_pages_until_it_is_ended(opened: Opened) -> None:
    page = opened("pages/learn/page.py", lecture="")
    assert not page.exception
    assert not page.sidebar.children
    page.switch_page("pages/policy/page.py").run()
    assert "lecture" in page.query_params
    next(button for button in page.button if button.label == "End the lecture").click().run()
    assert not page.exception
    assert "lecture" not in page.query_params
    assert page.sidebar.children
    assert "Lecture: large type" in labels(page)


def test_a_term_is_explained_once_and_only_as_a_word() -> None:
    text = explained("kT and kT, thetaB1, B1; NPG-like")
    assert text.count("<abbr") == 2
    assert f'title="{TERMS["kT"]}"' in text
    assert explained("nothing here") == "nothing here"


def test_no_explanation_breaks_out_of_its_place() -> None:
    assert not any(set('"<>') & set(words) for words in TERMS.values())


def test_the_tour_leads_through_its_stops(opened: Opened) -> None:
    page = opened("pages/home/page.py")
    next(button for button in page.button if button.label.startswith("Take the tour")).click().run()
    for n, (stop, _) in enumerate(STOPS, start=1):
        assert not page.exception
        assert any(each.value.startswith(f"**{n} of {len(STOPS)} · {stop.title}") for each in page.markdown)
        if n < len(STOPS):
            page.button(key="tour-Next stop").click().run()
    page.button(key="tour-end").click().run()
    assert not page.exception
    assert "tour" not in page.query_params


@pytest.mark.parametrize("asked", ["0", "7", "<b>", "٣", ""])
def test_no_other_stop_is_shown(asked: str, opened: Opened) -> None:
    page = opened("pages/learn/page.py", tour=asked)
    assert not page.exception
    assert "End" not in labels(page)
