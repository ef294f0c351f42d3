"""Learn and Replay in a real browser: each chapter opens, acts and shows; a run plays as a film."""

from __future__ import annotations

import re

import pytest
from dashboard import Dashboard, Watched
from playwright.sync_api import expect

from rlcsp_core.execution import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import open_store

READY = ".crystal-view[data-ready=true]"


@pytest.fixture(scope="module")
def run_id(dashboard: Dashboard) -> str:
    store = open_store(str(dashboard.database))
    config = SearchConfig(composition="Y2O3", seed=5, steps=150, max_atoms=10, population=6)
    run = execute(store, store.create_claimed(config.as_dict(), name="film"), Halt())
    store.close()
    return run.id


def test_an_action_shows_before_and_after(watched: Watched) -> None:
    page = watched.open("Learn?chapter=act")
    page.wait_for_selector(READY)
    page.get_by_role("button", name="Renew, any size").click()
    view = page.locator(".crystal-view")
    expect(view.get_by_role("button", name="before")).to_be_visible()
    view.get_by_role("button", name="before").click()
    expect(view).to_have_attribute("data-frame", "0")


def test_a_relaxation_becomes_a_film(watched: Watched) -> None:
    page = watched.open("Learn?chapter=relax")
    page.wait_for_selector(READY)
    page.get_by_role("button", name="Relax the structure").click()
    view = page.locator(".crystal-view")
    expect(view.get_by_role("button", name="Play")).to_be_visible()
    last = view.get_attribute("data-frame")
    view.get_by_label("Frame").first.fill("0")
    expect(view).to_have_attribute("data-frame", "0")
    assert last != "0"


def test_the_numbers_of_a_step_are_shown(watched: Watched, run_id: str) -> None:
    page = watched.open(f"Learn?chapter=learn&run={run_id}")
    expect(page.get_by_role("heading", name="From the episode to the update")).to_be_visible()
    expect(page.locator(".katex").first).to_be_visible()


def test_a_run_plays_by_itself_and_pauses(watched: Watched, run_id: str) -> None:
    page = watched.open(f"Replay?run={run_id}&step=3")
    expect(page.get_by_role("heading", name="Step 3:")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile(r"Step ([5-9]|\d\d):"))).to_be_visible()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.wait_for_url(re.compile(r"step=\d+"))
