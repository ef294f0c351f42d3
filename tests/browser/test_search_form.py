"""The form of a search in a browser: the periodic table by mouse and keyboard, and what it leaves in the field."""

from __future__ import annotations

from dashboard import Watched
from playwright.sync_api import Locator, Page, expect
from settled import wait_until_settled


def element(page: Page, symbol: str) -> Locator:
    return page.locator(f'.periodic-table button[data-symbol="{symbol}"]')


def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Compound")


def test_elements_are_picked_with_the_mouse(watched: Watched) -> None:
    page = watched.open("Search")
    page.get_by_role("button", name="Elements").click()
    expect(element(page, "Au")).to_have_attribute("aria-disabled", "true")
    expect(element(page, "Au")).to_have_attribute("title", "Gold (Au): no shipped potential has it")
    element(page, "Ti").click()
    expect(element(page, "Ti")).to_have_attribute("aria-pressed", "true")
    expect(element(page, "Cl")).to_have_attribute("aria-disabled", "true")
    element(page, "Cl").click(force=True)  # changes nothing
    element(page, "O").click()
    expect(field(page)).to_have_value("TiO₂")
    expect(element(page, "Cl")).to_have_attribute("aria-pressed", "false")
    element(page, "Ca").click()
    expect(field(page)).to_have_value("CaTiO₃ · perovskite")
    page.get_by_text("Ca₂TiO₄").click()
    expect(field(page)).to_have_value("Ca₂TiO₄")
    page.keyboard.press("Escape")
    wait_until_settled(page)  # until then the fields of the compound before may stand beside the new ones
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("7")  # the field sends its words back to the server
    seed.press("Enter")
    expect(page.get_by_text("Starts Ca₂TiO₄ with")).to_contain_text("seed 7")


def test_elements_are_picked_with_the_keyboard(watched: Watched) -> None:
    page = watched.open("Search")
    page.get_by_role("button", name="Elements").press("Enter")
    element(page, "Li").focus()
    for key, symbol in (("ArrowRight", "Be"), ("ArrowDown", "Mg"), ("ArrowRight", "Al")):  # over the gap
        page.keyboard.press(key)
        expect(element(page, symbol)).to_be_focused()
    page.keyboard.press("Enter")
    expect(element(page, "Al")).to_have_attribute("aria-pressed", "true")
    expect(element(page, "Al")).to_be_focused()
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(element(page, "O")).to_have_attribute("aria-pressed", "true")
    expect(field(page)).to_have_value("Al₂O₃ · corundum")
