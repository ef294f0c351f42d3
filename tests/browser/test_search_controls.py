"""The Search page in the hand of a lecturer: pause, single steps, go on; and two searches beside each other."""

from __future__ import annotations

import re

import pytest
from dashboard import Dashboard, Watched
from playwright.sync_api import Locator, Page, expect
from searching import (
    COMPILING,
    SOON,
    ask_for_long_search,
    more_than,
    numbers_of_steps,
    runs_in_address,
    start_long_search,
    stop,
)

from rlcsp_core.store import RunState, open_store

STILL = 2500  # ms; the page looks at the store every second


def test_a_search_pauses_goes_step_by_step_and_goes_on(watched: Watched, dashboard: Dashboard) -> None:
    page = start_long_search(watched)
    steps = numbers_of_steps(page)
    expect(steps).not_to_have_text("0", timeout=COMPILING)  # past the initial population

    button(page, "Pause").click(timeout=SOON)
    expect(button(page, "One step")).to_be_visible(timeout=SOON)
    seen = settled(page)
    page.wait_for_timeout(STILL)
    expect(steps).to_have_text(str(seen))

    for number in (1, 2):
        button(page, "One step").click(timeout=SOON)
        expect(steps).to_have_text(str(seen + number), timeout=SOON)

    button(page, "Resume").click(timeout=SOON)
    expect(button(page, "Pause")).to_be_visible(timeout=SOON)
    expect(button(page, "One step")).to_have_count(0)
    expect(steps).not_to_have_text(str(seen + 2), timeout=SOON)
    stop(page)
    table = stored_steps(dashboard, runs_in_address(page)[0])
    assert table == list(range(1, len(table) + 1))  # no step was lost or made twice
    assert len(table) > seen + 2


def button(page: Page, name: str) -> Locator:
    """Which of them a search has tells its state: Pause runs, One step is paused, Go on alone has ended."""
    return page.get_by_role("button", name=name, exact=True)


def settled(page: Page) -> int:
    """The number of steps, when the last step before the pause has come through."""
    page.wait_for_timeout(STILL)
    return int(numbers_of_steps(page).inner_text())


def stored_steps(dashboard: Dashboard, run_id: str) -> list[int]:
    store = open_store(str(dashboard.database))
    steps = store.series([run_id], ["step"])[run_id]["step"].astype(int).tolist()
    store.close()
    return list(steps)


@pytest.mark.long
def test_two_searches_run_beside_each_other_and_are_steered_one_by_one(
    watched: Watched, dashboard: Dashboard
) -> None:
    page = start_long_search(watched)
    page.get_by_text("Run a second search side by side").click()
    ask_for_long_search(page)
    page.wait_for_url(re.compile(r"run=\w+&run=\w+"), timeout=SOON)
    steps = numbers_of_steps(page)
    expect(steps).to_have_count(2, timeout=SOON)
    for search in (0, 1):
        expect(steps.nth(search)).not_to_have_text("0", timeout=COMPILING)
    expect(page.locator(".rlcsp-chart-node .main-svg").first).to_be_visible(timeout=SOON)
    assert page.locator(".rlcsp-chart-node").count() == 4  # energies and policy of each
    expect(button(page, "Pause")).to_have_count(2, timeout=SOON)

    button(page, "Pause").first.click()
    expect(button(page, "One step")).to_have_count(1, timeout=SOON)
    page.wait_for_timeout(STILL)
    held, moving = steps.nth(0).inner_text(), steps.nth(1).inner_text()
    expect(steps.nth(1)).not_to_have_text(moving, timeout=SOON)
    expect(steps.nth(0)).to_have_text(held)

    for left in (1, 0):
        button(page, "Stop").first.click(timeout=SOON)
        expect(button(page, "Stop")).to_have_count(left, timeout=SOON)
    expect(page.get_by_text("stopped by user")).to_have_count(2, timeout=SOON)  # the buttons go before that
    store = open_store(str(dashboard.database))
    states = [store.run(run_id).state for run_id in runs_in_address(page)]
    store.close()
    assert states == [RunState.STOPPED, RunState.STOPPED]


def test_two_runs_in_an_address_open_beside_each_other(watched: Watched, dashboard: Dashboard) -> None:
    store = open_store(str(dashboard.database))
    ids = [run.id for run in store.runs(2) if run.n_steps]
    store.close()
    page = watched.open("Search?" + "&".join(f"run={run_id}" for run_id in ids))
    expect(numbers_of_steps(page)).to_have_count(len(ids), timeout=SOON)
    page.wait_for_function(more_than(20), timeout=SOON)
    assert runs_in_address(page) == ids


def test_what_is_typed_last_counts_when_start_is_pressed(watched: Watched, dashboard: Dashboard) -> None:
    """The field is left by the click: the number is read before anything starts."""
    page = watched.open("Search")
    store = open_store(str(dashboard.database))
    before = len(store.runs())
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("3000000000")
    button(page, "Start search").click(timeout=SOON)
    expect(page.get_by_text("Nothing can be started: correct Seed")).to_be_visible(timeout=SOON)
    expect(button(page, "Start search")).to_be_disabled()
    assert len(store.runs()) == before
    seed.fill("17")
    seed.press("Enter")
    expect(page.get_by_text("seed 17")).to_be_visible(timeout=SOON)
    button(page, "Start search").click(timeout=SOON)
    page.wait_for_url(re.compile(r"run=\w+"), timeout=SOON)
    assert store.runs()[0].seed == 17
    store.close()
