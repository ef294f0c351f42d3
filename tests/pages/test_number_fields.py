"""Numbers are read as they were typed, or refused: what starts is what stands in the fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.common.errors import plain
from pages.common.wording import search_in_words
from pages.components.number_field import read_number, written
from rlcsp_core.search import SETTINGS, SearchConfig, presets
from rlcsp_core.store import RunState, Store

Opened = Callable[..., AppTest]
SEARCH = "pages/search/page.py"


@pytest.mark.parametrize(
    ("text", "whole", "value"),
    [
        ("0,05", False, 0.05),
        ("0.05", False, 0.05),
        (" 5e-2 ", False, 0.05),
        (",5", False, 0.5),
        ("−0.25", False, -0.25),
        ("7", True, 7),
        ("7.0", True, None),
        ("1,000", True, None),
        ("2.000,5", False, None),
        ("0,05 eV", False, None),
        ("nan", False, None),
        ("1e999", False, None),
        ("", False, None),
        ("11", False, None),
        ("١", True, None),
    ],
)
def test_a_number_is_what_was_typed_or_none(text: str, whole: bool, value: float | None) -> None:
    assert read_number(text, -1, 10, whole=whole) == value


@pytest.mark.parametrize("value", [0, 1, 500, 0.02, 1e-5, 5e-4, -30.0, 2147483647, 43200.0, 0.1])
def test_what_a_field_begins_with_can_be_read_again(value: float) -> None:
    assert read_number(written(value), -100, 1e10, whole=isinstance(value, int)) == value


def field(page: AppTest, label: str) -> object:
    return next(each for each in page.text_input if each.label.startswith(label))


def press_start(page: AppTest) -> AppTest:
    page = next(b for b in page.button if b.label == "Start search").click().run()
    assert not page.exception
    return page


def beside_start(page: AppTest) -> str:
    return next(e.value for e in page.markdown if "Starts" in e.value or "Nothing can be started" in e.value)


def test_decimal_commas_are_understood(opened: Opened, empty_store: Store) -> None:
    page = opened(SEARCH)
    field(page, "kT (eV)").set_value("0,05")
    field(page, "Time limit").set_value("2,5")
    page = page.run()
    assert "kT 0\\.05 eV" in beside_start(page)
    press_start(page)
    config = empty_store.runs()[0].config
    assert (config["kT"], config["time_limit"]) == (0.05, 150.0)


@pytest.mark.parametrize(
    ("label", "typed"), [("Seed", "3000000000"), ("Max. atoms per cell", "500"), ("kT (eV)", "x")]
)
def test_a_field_in_error_starts_nothing(label: str, typed: str, opened: Opened, empty_store: Store) -> None:
    page = opened(SEARCH)
    field(page, label).set_value(typed)
    page = press_start(page)  # with what was typed last, as a click does
    assert empty_store.runs() == []
    assert f"correct {plain(label)}" in beside_start(page)
    assert next(b for b in page.button if b.label == "Start search").disabled
    assert any(typed in each.value for each in page.markdown)


def test_what_starts_stands_in_words_beside_start() -> None:
    words = search_in_words(SearchConfig(target=-27.394619, settings={"horizon": 7}, rattle=0.1), "ours")
    for part in ("Y₂O₃", "RLCSP", "published", "seed 1", "40 atoms", "500 steps", "100 random", "1 h 00 min",
                 "−27.39462", "kT 0.02", "horizon 7", "rattle (Å) 0.1", "ours"):  # fmt: skip
        assert part in words, part


def test_every_setting_that_differs_is_told() -> None:
    usual = search_in_words(SearchConfig())
    for name, setting in SETTINGS.items():
        if setting.kind in ("int", "float"):
            other = setting.low + (setting.high - setting.low) / 3
            other = round(other) if setting.kind == "int" else other
            assert search_in_words(SearchConfig(**{name: other})) != usual, name
    for change in (
        {"penalty": "fixed"},
        {"features": "structure"},
    ):
        assert search_in_words(SearchConfig(**change)) != usual


def test_the_demo_and_an_equal_search_take_a_seed_of_their_own(empty_store: Store) -> None:
    demo = presets.demo()
    assert demo.seed == 1
    for expected in (1, 2, 3):
        config = presets.demo(run.config for run in empty_store.runs())
        assert config.seed == expected
        empty_store.create_run(config.as_dict(), name="demo")
    assert presets.with_next_seed(SearchConfig(seed=2), [run.config for run in empty_store.runs()]).seed == 2
    assert {run.state for run in empty_store.runs()} == {RunState.QUEUED}


def test_only_the_policy_that_was_shipped_is_called_by_its_compounds() -> None:
    config = presets.demo()
    assert search_in_words(config).endswith("from a policy trained on 24 compounds, Y₂O₃ left out")
    assert isinstance(config.policy, dict)
    mine = replace(config, policy={**config.policy, "name": "mine"})
    assert search_in_words(mine).endswith("from the policy mine")
    other = {key: [2 * number for number in row] for key, row in config.policy["theta"].items()}
    changed = replace(config, policy={**config.policy, "theta": other})
    assert search_in_words(changed).endswith(f"from the policy {config.policy['name']}")
