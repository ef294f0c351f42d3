"""What the browser tests do and see on the Search page."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from dashboard import MILLISECONDS, Watched
from playwright.sync_api import Locator, Page, expect

from tests.patience import STARTING

COMPILING = 1000 * STARTING  # ms; on a machine that has never run a search
SOON = MILLISECONDS
CLICKS = 10  # one between two versions of a page that is being made anew is lost
LONG = 100_000  # steps; no test waits for the last
POINTS = "() => Number(document.querySelector('.rlcsp-chart-node')?.dataset.points ?? 0)"


def more_than(points: int) -> str:
    return f"() => ({POINTS})() > {points}"


def start_long_search(watched: Watched) -> Page:
    """A search that does not end by itself, with the first points on its chart."""
    page = watched.open("Search")
    ask_for_long_search(page)
    page.wait_for_url(re.compile(r"run=\w+"), timeout=SOON)
    page.wait_for_function(more_than(20), timeout=COMPILING)
    return page


def ask_for_long_search(page: Page) -> None:
    """Fill in the form and start; without a target, which a lucky search on a slow machine would reach too soon."""
    page.get_by_text("More settings").click()
    target = page.get_by_role("checkbox", name="Stop at the known minimum")
    for _ in range(CLICKS):
        page.get_by_text("Stop at the known minimum").click()
        with suppress(AssertionError):
            expect(target).not_to_be_checked(timeout=SOON / CLICKS)
            break
    expect(target).not_to_be_checked(timeout=SOON)
    steps = page.get_by_label("Steps", exact=True)
    steps.fill(str(LONG))
    steps.press("Enter")
    page.get_by_role("button", name="Start search").click()


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").first.click(timeout=SOON)
    expect(page.get_by_text("stopped by user").first).to_be_visible(timeout=SOON)


def runs_in_address(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("run", [])


def numbers_of_steps(page: Page) -> Locator:
    """What stands below "Steps", once for each search on the page."""
    titled = page.get_by_test_id("stMetric").filter(has=page.get_by_text("Steps", exact=True))
    return titled.get_by_test_id("stMetricValue")
