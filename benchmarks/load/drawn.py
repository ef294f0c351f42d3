"""How long pages take until they stand drawn in a browser.

`python -m benchmarks.load.drawn DATABASE [EXPERIMENT]` starts the dashboard, and opens each page by its address in a
Chromium of its own, with an empty cache and WebGL in software: the page with the run of most steps or, for Compare, the
experiment.  There it then clicks through the views.  Prints one JSON object a page or click: seconds until the heading
is there and until all that the window shows is drawn.  The server has had a moment to begin; no page was open before.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, TimeoutError

from rlcsp_core.store import open_store
from tests.browser.dashboard import WINDOW, browsing, serving

BEGINNING = 5.0  # s for the server
PATIENCE = 20_000  # ms
LOOK = 20  # ms between looks
STILL = 300  # ms that everything must stay drawn to count; not counted themselves
CHART, CRYSTAL = ".rlcsp-chart-node", ".crystal-view"
RACE = ".race svg path"
PAGES: dict[str, tuple[str, ...]] = {  # what must be there of what is drawn late
    "": (RACE,),
    "Search": (CHART, CRYSTAL),
    "Compare": (CHART,),
    "Structures": (CRYSTAL, "[data-testid=stImage] img"),
    "Field": (),
    "Replay": (CHART, CRYSTAL),
    "Policy": (CHART,),
    "Learn": ("[data-testid=stTabs], [data-testid=stButtonGroup]",),
}
VIEWS = ("Curves", "Target", "Details", "Moves, generations", "Settings", "Ablation study")
DRAWN = """(needed) => {
  const roots = [document, ...[...document.querySelectorAll('*')].map((node) => node.shadowRoot).filter(Boolean)];
  const all = (what) => roots.flatMap((root) => [...root.querySelectorAll(what)])
    .filter((node) => node.getClientRects().length && node.getBoundingClientRect().top < innerHeight);
  const sent = needed.length ? needed.every((what) => all(what).length)
    : document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning';
  const drawn = sent && !document.querySelector('[data-testid=stSkeleton]')
    && all('.rlcsp-chart-node').every((node) => node.querySelector('.main-svg'))
    && all('.crystal-view').every((node) => node.dataset.ready === 'true')
    && all('[data-testid=stDataFrame]').every((node) => node.querySelector('canvas'));
  if (!drawn) delete window.drawnSince;
  else window.drawnSince ??= performance.now();
  return drawn && performance.now() - window.drawnSince > STILL ? performance.now() - window.drawnSince : null;
}""".replace("STILL", str(STILL))


def opened(page: Page, address: str, needed: Sequence[str]) -> dict[str, float | None]:
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("h1", timeout=PATIENCE)
    heading = time.perf_counter() - began
    return {"heading": round(heading, 2), "drawn": drawn(page, began, needed)}


def drawn(page: Page, began: float, needed: Sequence[str] = ()) -> float | None:
    """Seconds since then until everything was there; where nothing is named, all that the server sends.

    None if something did not come: a run may have no structure to show."""
    page.evaluate("() => delete window.drawnSince")
    try:
        still = page.wait_for_function(DRAWN, arg=list(needed), timeout=PATIENCE, polling=LOOK).json_value()
    except TimeoutError:
        return None
    return round(time.perf_counter() - began - still / 1000, 2)


def clicked(page: Page, view: str) -> dict[str, float | None]:
    button = page.get_by_test_id("stButtonGroup").get_by_text(view, exact=True).first
    button.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(500)  # a reader looks first
    began = time.perf_counter()
    button.click()
    page.wait_for_function(
        "(view) => [...new URL(location.href).searchParams.values()].includes(view)", arg=view, polling=LOOK
    )
    return {"drawn": drawn(page, began)}


def main() -> int:
    database, *experiment = sys.argv[1:]
    store = open_store(database)
    runs = store.runs()
    store.close()
    run = {"run": max(runs, key=lambda each: each.n_steps).id} if runs else {}
    chosen = {"Compare": {"experiment": experiment[0]} if experiment else {}}
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), Path(database)) as dashboard:
        time.sleep(BEGINNING)
        for name, needed in PAGES.items():
            with browsing() as browser:
                page = browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
                query = chosen.get(name, run)
                address = f"{dashboard.url}/{name}" + (f"?{urlencode(query)}" if query else "")
                print(json.dumps({"page": name or "Home", **opened(page, address, needed)}), flush=True)
                for view in VIEWS if name == "Compare" and experiment else ():
                    print(json.dumps({"click": view, **clicked(page, view)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
