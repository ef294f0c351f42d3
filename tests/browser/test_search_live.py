"""From a click to a live search: charts and viewer fill, the run is found again, zoom survives the next data."""

from __future__ import annotations

import re

from dashboard import Dashboard, Watched
from playwright.sync_api import Page, expect

COMPILING = 240_000  # ms; on a machine that has never run a search
SOON = 15_000  # ms
N_CHARTS = 3
POINTS = "() => Number(document.querySelector('.rlcsp-chart-node')?.dataset.points ?? 0)"
RANGE = "() => document.querySelector('.rlcsp-chart-node').layout.xaxis.range"


def start_demo(watched: Watched) -> Page:
    page = watched.open()
    page.get_by_role("button", name="Start the demo").click()
    page.wait_for_url(re.compile(r"/Search\?run=\w+"), timeout=SOON)
    return page


def test_one_click_starts_a_search_that_fills_charts_and_viewer(watched: Watched) -> None:
    page = start_demo(watched)
    page.wait_for_function(f"({POINTS})() > 50", timeout=COMPILING)
    first = page.evaluate(POINTS)
    page.wait_for_function(f"({POINTS})() > {first}", timeout=COMPILING)
    expect(page.locator(".rlcsp-chart-node .main-svg").first).to_be_visible()
    assert page.locator(".rlcsp-chart-node").count() == N_CHARTS
    page.wait_for_selector(".crystal-view[data-ready=true]", timeout=SOON)


def test_zoom_is_kept_while_data_arrive(watched: Watched) -> None:
    page = start_demo(watched)
    page.wait_for_function(f"({POINTS})() > 20", timeout=COMPILING)
    box = page.locator(".rlcsp-chart-node .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"], steps=8)
    page.mouse.up()
    page.wait_for_function(
        "() => document.querySelector('.rlcsp-chart-node').layout.xaxis.autorange === false"
    )
    chosen = page.evaluate(RANGE)
    seen = page.evaluate(POINTS)
    page.wait_for_function(f"({POINTS})() > {seen}", timeout=COMPILING)
    assert page.evaluate(RANGE) == chosen


def test_a_run_is_found_again_and_stops_at_once(watched: Watched, dashboard: Dashboard) -> None:
    page = watched.open("Search")
    page.get_by_label("Steps", exact=True).fill("100000")
    page.get_by_label("Steps", exact=True).press("Enter")
    page.get_by_role("button", name="Start search").click()
    page.wait_for_url(re.compile(r"run=\w+"), timeout=SOON)
    page.wait_for_function(f"({POINTS})() > 10", timeout=COMPILING)
    address = page.url.removeprefix(dashboard.url).lstrip("/")
    page = watched.open(address)
    page.get_by_role("button", name="Stop").click(timeout=SOON)
    expect(page.get_by_text("stopped by hand").first).to_be_visible(timeout=SOON)


def test_an_unknown_run_in_the_address_is_a_sentence(watched: Watched) -> None:
    page = watched.open("Search?run=nosuchrun1&run=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    expect(page.get_by_role("alert").first).to_be_visible(timeout=SOON)
    assert page.get_by_role("alert").count() == 2
    expect(page.get_by_role("button", name="Start search")).to_be_visible()
