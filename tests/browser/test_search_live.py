"""From a click to a live search: charts and viewer fill, the run is found again, zoom survives the next data."""

from __future__ import annotations

from contextlib import suppress

from dashboard import Dashboard, Watched
from playwright.sync_api import Page, TimeoutError, expect
from searching import COMPILING, POINTS, SOON, more_than, start_long_search, stop

from rlcsp_core.search.presets import FAST_POPULATION

POPULATION = FAST_POPULATION  # the first preset of the form
DRAGS = 5  # a drag may meet a page that has just moved
RANGE = "() => document.querySelector('.rlcsp-chart-node').layout.xaxis.range"
ZOOMED = "() => document.querySelector('.rlcsp-chart-node').layout.xaxis.autorange === false"


def test_zoom_is_kept_while_data_arrive(watched: Watched) -> None:
    page = start_long_search(watched)
    page.wait_for_function(
        more_than(POPULATION + 20), timeout=COMPILING
    )  # its progress bar no longer moves the chart
    drag_a_window(page)
    chosen, seen = page.evaluate(RANGE), page.evaluate(POINTS)
    for _ in range(3):  # three times anew
        page.wait_for_function(more_than(seen), timeout=COMPILING)
        assert page.evaluate(RANGE) == chosen
        seen = page.evaluate(POINTS)
    stop(page)


def drag_a_window(page: Page) -> None:
    """Zoom in with the mouse, as often as it takes: on a busy machine the page may move between look and press."""
    chart = page.locator(
        ".rlcsp-chart-node"
    ).first  # stays; what Plotly draws inside comes and goes with the data
    for _ in range(DRAGS):
        chart.scroll_into_view_if_needed(timeout=SOON)
        box = chart.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"], steps=8)
        page.mouse.up()
        with suppress(TimeoutError):
            page.wait_for_function(ZOOMED, timeout=SOON / DRAGS)
            return
    raise AssertionError(f"none of {DRAGS} drags zoomed the chart")


def test_a_run_is_found_again_by_its_address_and_stops_at_once(
    watched: Watched, dashboard: Dashboard
) -> None:
    page = start_long_search(watched)
    page = watched.open(page.url.removeprefix(dashboard.url).lstrip("/"))
    page.wait_for_function(more_than(20), timeout=SOON)
    stop(page)


def test_an_unknown_run_in_the_address_is_a_sentence(watched: Watched) -> None:
    page = watched.open("Search?run=nosuchrun1&run=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    expect(page.get_by_role("alert").first).to_be_visible(timeout=SOON)
    expect(page.get_by_role("alert")).to_have_count(2)
    expect(page.get_by_role("button", name="Start search")).to_be_visible()
