"""Compare and Policy open cold by their addresses, and every view of theirs draws its charts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from dashboard import Dashboard, Watched
from playwright.sync_api import Page, expect
from settled import wait_until_settled

from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.store import open_store

SMALL = {"steps": 80, "max_atoms": 10, "population": 8, "target": -27.394619}
MARKS = ".trace, .heatmaplayer image, .barlayer .point"  # what Plotly draws for data


@pytest.fixture(scope="module")
def runs(dashboard: Dashboard) -> str:
    """Two finished runs in the database of the dashboard, as parameters of an address."""
    store = open_store(str(dashboard.database))
    ids = []
    for algorithm in ("npg", "ppo"):
        config = SearchConfig(algorithm=algorithm, settings={"trajectories": 2}, **SMALL)  # type: ignore[arg-type]
        claim = store.create_claimed(config.as_dict(), name="small")
        assert claim is not None
        store.append(claim, list(Search(config)), None)
        ids.append(claim.run_id)
    return "&".join(f"run={run_id}" for run_id in ids)


CHARTS = {  # what each view draws, by the descriptions that stand for the charts where they cannot be seen
    "view=Curves&curve=Energy": ["Lowest energy so far"],
    "view=Curves&curve=Target": ["Fraction of runs that reached the target", "Mean steps to the target"],
    "view=Details&detail=Moves%2C+generations": [
        "Distributions of moves",
        "Distributions of generations",
        "Energies of the trials",
    ],
}
POLICY_CHARTS = {
    "Policy vs energy": ["Probability of each action against energy"],
    "Evolution": [
        "Probability of 1",
        "Entropy of the policy",
        "Norm of the gradient",
    ],
    "Sandbox": ["The distribution these numbers give", "The same policy against energy"],
    "Gradient variance": ["Variance and bias"],
}


def expect_drawn(page: Page, descriptions: Sequence[str]) -> None:
    """Each of these charts has its axes and at least one mark or line."""
    for description in descriptions:
        chart = page.get_by_role("figure", name=description).first
        expect(chart.locator(".main-svg").first).to_be_visible()
        expect(chart.locator(MARKS).first).to_be_attached()


@pytest.mark.parametrize("view", CHARTS)
def test_a_comparison_is_found_again_by_its_address(view: str, watched: Watched, runs: str) -> None:
    page = watched.open(f"Compare?{runs}&{view}")
    expect_drawn(page, CHARTS[view])
    others = [name for other in CHARTS.values() for name in other if other is not CHARTS[view]]
    for name in others:
        expect(page.get_by_role("figure", name=name)).to_have_count(0)


def test_the_views_of_compare_follow_a_click_and_the_address_follows_them(
    watched: Watched, runs: str
) -> None:
    page = watched.open(f"Compare?{runs}")
    page.get_by_text("Conclusions").wait_for()
    expect_drawn(page, ["Lowest energy so far"])
    page.get_by_role("radio", name="Target").or_(page.get_by_role("button", name="Target")).first.click()
    expect_drawn(page, ["Fraction of runs that reached the target"])
    expect(page.get_by_role("figure", name="Lowest energy so far")).to_have_count(0)
    page.wait_for_function("() => location.search.includes('curve=Target')")


@pytest.mark.usefixtures("runs")
def test_runs_are_deleted_and_brought_back(watched: Watched) -> None:
    page = watched.open("Compare?view=Runs")
    table = page.get_by_test_id("stDataFrame")
    wait_until_settled(page)
    count = page.get_by_text(re.compile(r"^\d+ of \d+ runs"))
    before = count.inner_text()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 15, box["y"] + 54)  # the first row's box to tick
    expect(page.get_by_role("button", name="Delete")).to_be_enabled()
    page.get_by_role("button", name="Name and tags").click()
    page.get_by_label("Name", exact=True).fill("<b>mine</b>")
    page.get_by_label("Tags, with commas").fill("best, lecture")
    page.get_by_role("button", name="Save").click()
    wait_until_settled(page)
    page.get_by_label("Filter").fill("lecture")
    page.keyboard.press("Enter")
    expect(count).to_have_text(re.compile("^1 of"))
    page.mouse.click(box["x"] + 15, box["y"] + 54)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("1 run deleted")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 run deleted")).to_have_count(0)
    page.get_by_label("Filter").fill("")
    page.keyboard.press("Enter")
    expect(count).to_have_text(before)


def test_a_policy_is_drawn_before_and_after_against_energy_and_over_the_run(
    watched: Watched, runs: str
) -> None:
    page = watched.open(f"Policy?{runs}")
    first = "Probability of each action before and after the run"
    expect_drawn(page, [first])
    for view, charts in POLICY_CHARTS.items():
        page.get_by_text(view, exact=True).click()
        expect_drawn(page, charts)
        expect(page.get_by_role("figure", name=first)).to_have_count(0)
        wait_until_settled(page)
        expect(page.get_by_role("alert")).to_have_count(0)
