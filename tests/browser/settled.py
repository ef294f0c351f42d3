"""When a page has come to rest: its script has run, and everything on it is drawn."""

from __future__ import annotations

from playwright.sync_api import Page, TimeoutError, expect

from tests.patience import SOON

LIMIT = 1000 * SOON  # ms
POLL = 200  # ms; not at every frame, which a turning crystal leaves no time for
UNDRAWN = ".crystal-view:not([data-ready])"  # in a shadow root, where the script above does not look
PAINT = 300  # ms for tables and pictures, which do not say when they are drawn
UNSETTLED = """() => {
  const seen = (node) => node.clientWidth > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const state = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
  return [
    document.querySelector("h1") === null && "it has no heading",
    state !== "notRunning" && `its script is ${state}`,
    ...[...document.querySelectorAll("[data-testid=stSkeleton], [data-testid=stSpinner]")].map(
      (node) => `it waits: ${node.dataset.testid} ${node.textContent}`),
    ...all(".rlcsp-chart-node").filter((node) => !node.querySelector(".main-svg")).map(() => "a chart is not drawn"),
  ].filter(Boolean);
}"""  # what a page is not yet


def wait_until_settled(page: Page) -> None:
    """Twice, since a script may begin anew at once."""
    for _ in range(2):
        try:
            page.wait_for_function(f"() => ({UNSETTLED})().length === 0", timeout=LIMIT, polling=POLL)
        except TimeoutError as error:
            raise AssertionError(f"{page.url} does not come to rest: {page.evaluate(UNSETTLED)}") from error
        expect(page.locator(UNDRAWN)).to_have_count(0, timeout=LIMIT)
        page.wait_for_timeout(PAINT)
