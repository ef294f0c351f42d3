"""When a page has come to rest: its script has run, and everything on it is drawn."""

from __future__ import annotations

from playwright.sync_api import Page

LIMIT = 60_000  # ms, for busy machines
PAINT = 600  # ms for tables and pictures, which do not say when they are drawn
SETTLED = """() => {
  const seen = (node) => node.clientWidth > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  return document.querySelector("h1") !== null
    && document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
    && document.querySelector("[data-testid=stSkeleton], [data-testid=stSpinner]") === null
    && all(".rlcsp-chart-node").every((node) => node.querySelector(".main-svg"))
    && all(".crystal-view").every((node) => node.dataset.ready);
}"""


def wait_until_settled(page: Page) -> None:
    """Twice, since a script may begin anew at once."""
    for _ in range(2):
        page.wait_for_function(SETTLED, timeout=LIMIT)
        page.wait_for_timeout(PAINT)
