"""The first five minutes: three clicks from Home to a crystal that was found, and to what an agent learned."""

from __future__ import annotations

import re

from dashboard import Watched
from playwright.sync_api import Page, expect
from searching import COMPILING, SOON

DONE = ".race[data-done=true]"
ARRIVED = re.compile(r"bixbyite after (\d+) steps")


def told(page: Page) -> None:
    """Let its story be told to the end, without waiting for the pace of a lecture."""
    page.get_by_role("button", name="Skip to the end").click(timeout=COMPILING)
    page.wait_for_selector(DONE, timeout=COMPILING)


def test_three_clicks_find_a_crystal_and_show_what_was_learned(watched: Watched) -> None:
    page = watched.open()
    expect(page.get_by_text(ARRIVED)).to_have_count(0)  # the recorded race has not been run yet
    page.get_by_role("button", name="Start the demo").click()
    page.wait_for_url(re.compile(r"/Demo\?run=\w+"), timeout=SOON)
    told(page)
    expect(page.get_by_text(ARRIVED)).to_be_visible(timeout=SOON)
    expect(
        page.get_by_text(re.compile(r"Step \d+: .+ → bixbyite"))
    ).to_be_visible()  # the action that made it
    for picture in ("The crystal that was found", "The known crystal"):
        expect(page.get_by_role("img", name=picture)).to_be_visible(timeout=SOON)

    page.get_by_role("button", name="Act 2").click()
    page.wait_for_url(re.compile(r"run=\w+&run=\w+"), timeout=SOON)
    told(page)
    verdict = page.get_by_test_id("stAlert").filter(has_text="trained search was")
    expect(verdict).to_be_visible(timeout=COMPILING)
    words = str(verdict.text_content())
    steps = {name: int(n) for name, n in re.findall(r"(Trained|Untrained): bixbyite after (\d+)", words)}
    assert ("was first" in words) == (steps["Trained"] < steps.get("Untrained", 10**9)), words

    page.get_by_role("link", name="Open the structure").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Structures")
    expect(page.get_by_text("This is bixbyite").first).to_be_visible(timeout=SOON)
