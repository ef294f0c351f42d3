"""axe-core finds no serious or critical violation on any page, in both themes; charts have words and a table."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from dashboard import Dashboard, Watched
from playwright.sync_api import expect
from settled import wait_until_settled

from rlcsp_core.crystal.composition import presets
from rlcsp_core.execution import Halt, execute
from rlcsp_core.search.presets import fast
from rlcsp_core.store import open_store

GRAVE = ("serious", "critical")
POLICY = ("Before and after", "Policy vs energy", "Evolution", "Sandbox")
CHAPTERS = {  # and what stands in each
    "decide": "Five known answers",
    "build": "Sub-modules tile a",
    "act": "Pick one yourself",
    "relax": "Press the button to relax it",
    "learn": "From θ to probabilities",
    "play": "Press New game",
}
ADDRESSES = {  # of each page, in one browser: what it has read before is not read again
    "Home": ("", "Demo", "Demo?run={run}&run={other}&lecture"),
    "Search": ("Search", "Search?run={run}"),
    "Compare": ("Compare", "Compare?run={run}", "Compare?view=Runs"),
    "Structures": ("Structures?run={run}", "Structures?from=phases", "Structures?from=file"),
    "Field": ("Field?field={field}",),
    "Replay": ("Replay?run={run}", "Replay?run={run}&lecture"),
    "Policy": ("Policy", *(f"Policy?run={{run}}&view={view}" for view in POLICY)),
    "Learn": tuple(f"Learn?chapter={chapter}&run={{run}}" for chapter in CHAPTERS),
}


@pytest.fixture(scope="module")
def runs(dashboard: Dashboard) -> list[str]:
    store = open_store(str(dashboard.database))
    trained = fast(presets()["Y2O3"])
    config = replace(trained, algorithm="npg", seed=7, steps=60, max_atoms=10, population=6, policy=None)
    ids = [
        execute(store, store.create_claimed(each.as_dict(), name="axe"), Halt()).id
        for each in (config, replace(trained, steps=60))
    ]
    store.close()
    return ids


THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.mark.parametrize("name", ADDRESSES)
def test_nothing_grave_is_found(name: str, watched: Watched, runs: list[str], field: str) -> None:
    """The page changes with the system's theme, as a user's does."""
    found = []
    for address in ADDRESSES[name]:
        watched.page.emulate_media(color_scheme=THEMES[0])
        page = watched.open(address.format(run=runs[0], other=runs[1], field=field))
        if name == "Learn":
            (chapter,) = (words for key, words in CHAPTERS.items() if f"chapter={key}&" in address)
            expect(page.get_by_text(chapter).first).to_be_visible()
        if name == "Home" and address != "Demo":
            page.get_by_role("button", name="Data as a table").first.click()
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            wait_until_settled(page)
            found += [
                f"{address} {theme}: {each['id']}: {each['help']}: {node['html'][:300]}"
                for each in Axe().run(page).response["violations"]
                if each["impact"] in GRAVE
                for node in each["nodes"]
            ]
    assert found == []


def test_a_chart_has_words_and_a_table(watched: Watched, runs: list[str]) -> None:
    page = watched.open(f"Search?run={runs[0]}")
    wait_until_settled(page)
    chart = page.get_by_role("figure").first
    expect(chart).to_have_accessible_name(re.compile("Energy of every trial"))
    chart.hover()
    button = chart.get_by_role("button", name="Data as a table")
    button.click()
    table = page.get_by_role("region", name="Data of the chart")
    expect(table).to_contain_text("Energy (eV/atom)")
    assert table.get_by_role("row").count() > 60
    button.click()
    expect(table).to_have_count(0)
