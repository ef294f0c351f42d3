"""When a page has come to rest: its script has run, and everything on it is drawn."""

from __future__ import annotations

from playwright.sync_api import Page, TimeoutError, expect

from tests.patience import SOON

LIMIT = 1000 * SOON  # ms
POLL = 200  # ms; not at every frame, which a turning crystal leaves no time for
UNDRAWN = ".crystal-view:not([data-ready])"  # in a shadow root, where the script above does not look
PAINT = 300  # ms for tables and pictures, which do not say when they are drawn
SETTLED = """() => {
  const seen = (node) => node.clientWidth > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  return document.querySelector("h1") !== null
    && document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
    && document.querySelector("[data-testid=stSkeleton], [data-testid=stSpinner]") === null
    && all(".rlcsp-chart-node").every((node) => node.querySelector(".main-svg"));
}"""


def wait_until_settled(page: Page) -> None:
    """Twice, since a script may begin anew at once.

    On a busy machine Streamlit may not tell the end of a script whose timer has asked for the next (BENCHMARKS.md): a
    page that seems at work for so long is opened once more."""
    for _ in range(2):
        try:
            page.wait_for_function(SETTLED, timeout=LIMIT / 3, polling=POLL)
        except TimeoutError:
            page.reload()
            page.wait_for_function(SETTLED, timeout=LIMIT, polling=POLL)
        expect(page.locator(UNDRAWN)).to_have_count(0, timeout=LIMIT)
        page.wait_for_timeout(PAINT)
