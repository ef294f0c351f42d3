"""Every page opened cold by its deep link, on a database that is empty and on one with a run.

Cold: by its address, in a browser that has seen nothing yet.  There are no errors in the console and no requests to
other hosts (`watched`); how long it takes is not asserted, it depends on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard import Dashboard, Watched, serving, watching
from playwright.sync_api import Browser, Locator, Page, expect
from settled import wait_until_settled

from rlcsp_core.execution import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import open_store

HEADINGS = {
    "": "Crystal structures, found by a search that learns",
    **{name: name for name in ("Demo", "Search", "Compare", "Structures", "Replay", "Policy", "Learn")},
    "Field": "Phase field",
}
CUT = """() => [...document.querySelectorAll("[data-testid^=stMetric] *, [data-testid=stMain] button *")]
  .filter((node) => node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1)
  .map((node) => node.textContent)"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard of its own: others have runs in theirs."""
    with serving(tmp_path_factory.mktemp("fresh")) as running:
        yield running


@pytest.fixture
def newcomer(fresh: Dashboard, browser: Browser) -> Iterator[Watched]:
    with watching(browser, fresh.url) as seen:
        yield seen


@pytest.fixture(scope="module")
def run_id(dashboard: Dashboard) -> str:
    store = open_store(str(dashboard.database))
    config = SearchConfig(
        algorithm="npg", seed=7, steps=40, max_atoms=10, population=6, settings={"trajectories": 2}
    )
    run = execute(store, store.create_claimed(config.as_dict(), name="cold"), Halt())
    store.close()
    return run.id


def title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


# what a newcomer sees first on each page, without a run of one's own: what to do, or what came with the program
FIRST = {
    "": "who finds bixbyite first",
    "Demo": "Act 1: find it",
    "Search": "No runs yet",
    "Compare": "signed-rank test over compounds",
    "Structures": "distinct structure",
    "Field": "convex hull",
    "Replay": "Next new lowest",
    "Policy": "How it was trained",
    "Learn": "An agent can learn these decisions",
}


def test_a_newcomer_sees_what_there_is_and_what_to_do(newcomer: Watched) -> None:
    for page_name, words in FIRST.items():
        page = newcomer.open(page_name)
        expect(title(page)).to_have_text(HEADINGS[page_name])
        expect(page.get_by_text(words).first).to_be_attached()
        wait_until_settled(page)


def test_a_deep_link_is_the_first_request_to_a_server(browser: Browser, tmp_path: Path) -> None:
    """Streamlit takes `pages/` for pages of its older kind until it is told otherwise: then this is not found."""
    with serving(tmp_path) as running, watching(browser, running.url) as newcomer:
        page = newcomer.open("Learn?chapter=build")
        expect(page.get_by_text("Sub-modules tile a").first).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)


# address with a run, and what stands on the page then
WITH_A_RUN = {
    "Search?run={run}": "Y₂O₃ · NPG · seed 7",
    "Structures?run={run}": "distinct structure",
    "Field?field={field}&formula=Sr2TiO4": "Open in Structures",
    "Replay?run={run}&step=12": "Step 12:",
    "Policy?run={run}": "NPG, seed 7",
    "Compare?run={run}&view=Curves": "Median over runs",
}


@pytest.mark.parametrize("address", WITH_A_RUN)
def test_a_run_is_shown_cold_by_its_address(watched: Watched, run_id: str, field: str, address: str) -> None:
    page = watched.open(address.format(run=run_id, field=field))
    expect(title(page)).to_have_text(HEADINGS[address.split("?")[0]])
    expect(page.get_by_text(WITH_A_RUN[address]).first).to_be_visible()
    wait_until_settled(page)
    assert page.locator(".rlcsp-chart-node .main-svg, .crystal-view canvas").count() > 0


@pytest.mark.parametrize("widths", [(1280, 768), pytest.param((1024, 820), marks=pytest.mark.long)])
def test_nothing_is_wider_than_the_screen(
    watched: Watched, run_id: str, field: str, widths: tuple[int, int]
) -> None:
    pages = (
        "Search?run={run}",
        "Replay?run={run}&step=12",
        "Structures?run={run}",
        "Field?field={field}",
        "",
    )
    for address in pages:
        page = watched.open(address.format(run=run_id, field=field))
        for width in widths:
            page.set_viewport_size({"width": width, "height": 1100})
            wait_until_settled(page)
            assert page.evaluate(CUT) == [], (address, width)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)
