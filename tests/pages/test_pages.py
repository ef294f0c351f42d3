"""Every page opens on an empty database and on a run, says what to do, and answers nonsense with a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.common import sitemap
from rlcsp_core.search import Search
from rlcsp_core.store import RunState, Store
from tests.pages.conftest import SMALL

PAGES = [page.file for page in sitemap.PAGES]
OURS = ["pages/search/page.py", "pages/compare/page.py", "pages/policy/page.py"]
HOSTILE = [
    "nosuchrun",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "![x](http://example.org/x.png)",
    "'; --",
]

Opened = Callable[..., AppTest]


def button(page: AppTest, label: str) -> AppTest:
    return next(b for b in page.button if b.label == label).click().run()


@pytest.mark.parametrize("file", PAGES)
def test_a_page_opens_on_an_empty_database(file: str, opened: Opened) -> None:
    page = opened(file)
    assert not page.exception
    assert page.title


@pytest.mark.parametrize("file", OURS)
def test_a_page_opens_on_a_finished_run(file: str, opened: Opened, finished_run: str) -> None:
    page = opened(file, run=finished_run)
    assert not page.exception
    assert not page.error


def test_every_view_of_compare_and_policy_opens(opened: Opened, finished_run: str) -> None:
    for file, key in (("pages/compare/page.py", "compare-view"), ("pages/policy/page.py", "policy-view")):
        page = opened(file, run=finished_run)
        for view in page.segmented_control(key=key).options:
            page = page.segmented_control(key=key).set_value(view).run()
            assert not page.exception, f"{file}, {view}"


@pytest.mark.parametrize("file", OURS)
@pytest.mark.parametrize("run_id", HOSTILE)
def test_an_unknown_run_gets_a_sentence_in_plain_text(file: str, run_id: str, opened: Opened) -> None:
    page = opened(file, run=run_id)
    assert not page.exception
    assert page.error
    assert "![" not in page.error[0].value
    assert "<script" not in page.error[0].value


@pytest.mark.parametrize(
    ("formula", "word"), [("Y2O2", "neutral"), ("NaCl", "potential"), ("hello!", "formula"), ("", "formula")]
)
def test_a_formula_that_cannot_be_searched_starts_nothing(
    formula: str, word: str, opened: Opened, empty_store: Store
) -> None:
    page = opened("pages/search/page.py")
    box = page.selectbox(key="new-composition")
    box.options.append(formula)  # typed, not picked from the list, which the test harness does not know
    box.set_value(formula)
    page = button(page, "Start search")
    assert not page.exception
    assert any(word in each.value for each in page.markdown if "Nothing can be started" in each.value)
    assert empty_store.runs() == []


def test_an_atom_limit_below_one_formula_unit_starts_nothing(opened: Opened, empty_store: Store) -> None:
    page = opened("pages/search/page.py")
    next(n for n in page.text_input if n.label.startswith("Largest cell")).set_value("3")
    page = button(page, "Start search")
    assert any("atom limit" in each.value for each in page.markdown)
    assert empty_store.runs() == []


def test_a_started_search_is_in_the_address_and_can_be_stopped(opened: Opened, empty_store: Store) -> None:
    page = button(opened("pages/search/page.py"), "Start search")
    assert not page.exception
    run_id = empty_store.runs()[0].id
    assert page.query_params["run"] in (run_id, [run_id])
    page = button(page, "Stop")
    assert not page.exception
    assert empty_store.run(run_id).state in (RunState.STOPPED, RunState.STOPPING)


def test_a_database_that_cannot_be_reached_is_a_sentence(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLCSP_DATABASE_URL", "postgresql://127.0.0.1:1/runs")
    page = opened(sitemap.HOME.file)
    assert not page.exception
    assert page.error


def test_runs_of_equal_settings_can_be_told_apart(
    opened: Opened, empty_store: Store, finished_run: str
) -> None:
    again = empty_store.create_claimed(SMALL.as_dict(), name="the same")
    empty_store.append(again, list(Search(SMALL)), None)
    page = opened("pages/replay/page.py", run=finished_run)
    box = next(box for box in page.selectbox if box.label == "Run")
    assert len(set(box.options)) == len(box.options)
    page = box.set_value(again.run_id).run()
    assert page.query_params["run"] in (again.run_id, [again.run_id])
