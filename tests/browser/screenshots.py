"""Pictures of every page in three sizes and both themes: `make screenshots`, or
`python -m tests.browser.screenshots [FOLDER [NAME …]]`.

The dashboard is started on a fresh database; the demo and two short searches are run first, so that there is something
to be seen.  Pages whose point is what a click does are clicked first.  Look at the pictures: that is what they are for.
Those that the documents show are made from them, cut and compressed, in FOLDER/docs.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_plus

from PIL import Image
from playwright.sync_api import Browser, Page

from rlcsp_core.crystal.composition import presets
from rlcsp_core.execution.running import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.presets import fast, untrained
from rlcsp_core.store import Source, Store, open_store
from rlcsp_core.store.library import SUFFIX

sys.path.insert(0, str(Path(__file__).parent))

from dashboard import ROOT, browsing, serving
from settled import LIMIT, wait_until_settled

SIZES = ((1440, 900), (1280, 720), (820, 1180))
LOOKS = {
    f"{width}-{theme}": (theme, {"width": width, "height": height})
    for width, height in SIZES
    for theme in ("light", "dark")
}
IN_DOCUMENTS = (
    "demo-race",
    "search",
    "compare",
    "structures",
    "structures-pair",
    "field",
    "replay",
    "policy",
    "learn",
)
DOCUMENT = (1440, 1000)  # pixels that are cut from the top of the widest picture
DOCUMENT_WIDTH, QUALITY = 1200, 80  # pixels; of WebP
SHIPPED = quote_plus(f"report{SUFFIX}")
FIELD = quote_plus(f"Y2O3-SrO-TiO2{SUFFIX}")
TALLEST = 3200  # pixels of a picture
LEARNERS = (
    SearchConfig(algorithm="npg", steps=800),
    SearchConfig(algorithm="ppo", baseline="b2", steps=800),
)
COMPARE = {
    "runs": "view=Runs",
    "energy": "view=Curves&curve=Energy",
    "target": "view=Curves&curve=Target",
    "averages": "view=Details&detail=Averages",
    "moves": "view=Details&detail=Moves%2C+generations",
    "settings": "view=Details&detail=Settings",
    "study": "view=Details&detail=Ablation+study",
}
CONTENT_HEIGHT = "() => document.querySelector('.stMainBlockContainer').getBoundingClientRect().height"
MOVES = ("7 · Renew, any size", "9 · Permute some sites", "2 · Swap sub-modules", "7 · Renew, any size")


class Shot(NamedTuple):
    """A page, and what is done on it before the picture is taken."""

    path: str
    act: Callable[[Page], None] | None = None


def main(folder: Path, names: Sequence[str] = ()) -> None:
    """All pictures, or those named."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "runs.sqlite"
        store = open_store(str(database))
        shots = shots_of(store, filled(store))
        store.close()
        with serving(Path(scratch), database) as dashboard, browsing() as browser:
            for look in LOOKS:
                for name in names or shots:
                    shot = shots[name]
                    picture(browser, dashboard.url, shot, look, folder / f"{name}-{look}.png")
    for name in IN_DOCUMENTS:
        if (folder / f"{name}-{next(iter(LOOKS))}.png").exists():
            for_documents(folder, name)


def for_documents(folder: Path, name: str) -> None:
    (folder / "docs").mkdir(exist_ok=True)
    with Image.open(folder / f"{name}-{next(iter(LOOKS))}.png") as whole:
        part = whole.crop((0, 0, DOCUMENT[0], min(DOCUMENT[1], whole.height))).convert("RGB")
    size = DOCUMENT_WIDTH, round(part.height * DOCUMENT_WIDTH / part.width)
    part.resize(size, Image.Resampling.LANCZOS).save(
        folder / "docs" / f"{name}.webp", quality=QUALITY, method=6
    )


def filled(store: Store) -> list[str]:
    """Runs to look at: learners first, the demo last."""
    target = presets()["Y2O3"].target
    demo = fast(presets()["Y2O3"])
    configs = [*(replace(config, target=target) for config in LEARNERS), untrained(demo), demo]
    ids = []
    for config in configs:
        claim = store.create_claimed(config.as_dict(), name="picture")
        assert claim is not None
        execute(store, claim, Halt())
        ids.append(claim.run_id)
    return ids


def shots_of(store: Store, ids: list[str]) -> dict[str, Shot]:
    npg, ppo, rival, demo = ids
    accepted = sorted({info.number for info in store.structures(npg, Source.STEP)})
    rejected = next(step for step in range(accepted[len(accepted) // 2], 800) if step not in accepted)
    shown = {
        "home": Shot(""),
        "demo-find": Shot(f"Demo?run={demo}"),
        "demo-race": Shot(f"Demo?run={rival}&run={demo}"),
        "search-form": Shot("Search"),
        "search": Shot(f"Search?run={demo}"),
        "search-two": Shot(f"Search?run={npg}&run={ppo}"),
        "compare": Shot("Compare"),
        "structures": Shot(f"Structures?run={demo}"),
        "structures-pair": Shot(f"Structures?run={demo}", press("Side by side")),
        "structures-phase": Shot("Structures?from=phases&reference=Y2O3+bixbyite"),
        "structures-powder": Shot(f"Structures?run={demo}", tab("Powder pattern")),
        "structures-bonds": Shot(f"Structures?run={demo}", tab("Bonds and sites")),
        "structures-files": Shot(f"Structures?run={demo}", tab("Files")),
        "structures-file": Shot("Structures?from=file"),
        "field": Shot(f"Field?field={FIELD}"),
        "replay": Shot(f"Replay?run={npg}&step={accepted[len(accepted) // 2]}"),
        "replay-rejected": Shot(f"Replay?run={npg}&step={rejected}", wait_for("made again from the seed")),
        "policy": Shot("Policy"),
        "policy-runs": Shot(f"Policy?run={npg}&run={ppo}"),
        "policy-course": Shot(f"Policy?run={npg}&run={ppo}", press("Evolution")),
        "policy-try": Shot(f"Policy?run={npg}", press("Sandbox")),
        "policy-variance": Shot(f"Policy?run={npg}", press("Gradient variance")),
        "learn": Shot("Learn"),
        "learn-build": Shot("Learn?chapter=build"),
        "learn-act": Shot("Learn?chapter=act", press("7 · Renew, any size")),
        "learn-relax": Shot("Learn?chapter=relax", press("Relax the structure on the bench")),
        "learn-numbers": Shot(f"Learn?chapter=learn&run={npg}"),
        "learn-play": Shot("Learn?chapter=play", press("New game", *MOVES)),
    }
    return shown | {
        f"compare-{name}": Shot(f"Compare?experiment={SHIPPED}&{view}") for name, view in COMPARE.items()
    }


def press(*names: str) -> Callable[[Page], None]:
    """Presses buttons, or parts of a choice, one after the other."""

    def act(page: Page) -> None:
        for name in names:
            button = page.get_by_role("button", name=name).or_(page.get_by_role("radio", name=name)).first
            button.click()
            wait_until_settled(page)

    return act


def wait_for(words: str) -> Callable[[Page], None]:
    """Until the page says so."""

    def act(page: Page) -> None:
        page.get_by_text(words).wait_for(timeout=LIMIT)
        wait_until_settled(page)

    return act


def tab(name: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_role("tab", name=name).click()
        wait_until_settled(page)

    return act


def picture(browser: Browser, base: str, shot: Shot, look: str, file: Path) -> None:
    theme, window = LOOKS[look]
    still = "reduce"  # races are drawn as they end
    page: Page = browser.new_page(viewport=window, color_scheme=theme, reduced_motion=still)  # type: ignore[arg-type]
    page.goto(f"{base}/{shot.path}")
    wait_until_settled(page)
    if shot.act is not None:
        shot.act(page)
        page.mouse.move(0, 0)  # no hint of the button that was pressed
    height = min(TALLEST, max(window["height"], int(page.evaluate(CONTENT_HEIGHT)) + 40))
    page.set_viewport_size({"width": window["width"], "height": height})
    wait_until_settled(page)
    page.screenshot(path=str(file), timeout=LIMIT)
    page.close()
    print(file, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots", sys.argv[2:])
