"""Pictures of every page in both themes: `python -m tests.browser.screenshots [FOLDER]`, or `make screenshots`.

The dashboard is started on a fresh database; the demo and two short searches are run first, so that there is something
to be seen.  Look at the pictures: that is what they are for.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page

from rlcsp_core.crystal.composition import presets
from rlcsp_core.runs.running import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.presets import fast
from rlcsp_core.store import Store, open_store

sys.path.insert(0, str(Path(__file__).parent))

from dashboard import ROOT, WINDOW, browsing, serving

THEMES = ("light", "dark")
SETTLED = 3500  # ms until charts and viewer have been drawn
TALLEST = 3200  # pixels of a picture
LEARNERS = (
    SearchConfig(algorithm="npg", steps=800),
    SearchConfig(algorithm="ppo", baseline="b2", steps=800),
)
CHAPTERS = ("build", "act", "relax", "learn", "play")  # of the Learn page, after the first
CONTENT_HEIGHT = "() => document.querySelector('.stMainBlockContainer').getBoundingClientRect().height"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "runs.sqlite"
        ids = filled(open_store(str(database)))
        with serving(Path(scratch), database) as dashboard, browsing() as browser:
            for theme in THEMES:
                for name, path in pages(ids).items():
                    picture(browser, f"{dashboard.url}/{path}", theme, folder / f"{name}-{theme}.png")


def filled(store: Store) -> list[str]:
    """Runs to look at: learners first, the demo last."""
    target = presets()["Y2O3"].target
    configs = [*(replace(config, target=target) for config in LEARNERS), fast(presets()["Y2O3"])]
    ids = []
    for config in configs:
        claim = store.create_claimed(config.as_dict(), name="picture")
        assert claim is not None
        execute(store, claim, Halt())
        ids.append(claim.run_id)
    return ids


def pages(ids: list[str]) -> dict[str, str]:
    npg, ppo, demo = ids
    shown = {
        "home": "",
        "search-form": "Search",
        "search": f"Search?run={demo}",
        "search-two": f"Search?run={npg}&run={ppo}",
        "policy": f"Policy?run={npg}&run={ppo}",
        "structures": f"Structures?run={demo}",
        "replay": f"Replay?run={npg}&step=400",
        "learn": "Learn",
    }
    shown |= {f"learn-{chapter}": f"Learn?chapter={chapter}&run={npg}" for chapter in CHAPTERS}
    views = ("Summary", "Energy", "Target", "Moves, generations", "Settings")
    shown |= {
        f"compare-{view.split(',')[0].lower()}": f"Compare?run={npg}&run={ppo}&view={view}" for view in views
    }
    there = {path.stem.split("_")[1] for path in (ROOT / "pages").glob("*.py")}
    return {name: path for name, path in shown.items() if not path or path.split("?")[0] in there}


def picture(browser: Browser, address: str, theme: str, file: Path) -> None:
    page: Page = browser.new_page(viewport=WINDOW, color_scheme=theme)  # type: ignore[arg-type]
    page.goto(address)
    page.wait_for_selector("h1")
    page.wait_for_timeout(SETTLED)
    height = min(TALLEST, max(WINDOW["height"], int(page.evaluate(CONTENT_HEIGHT)) + 40))
    page.set_viewport_size({"width": WINDOW["width"], "height": height})
    page.wait_for_timeout(SETTLED // 3)
    page.screenshot(path=str(file))
    page.close()
    print(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots")
