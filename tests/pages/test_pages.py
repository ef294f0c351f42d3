"""Every page opens on an empty database and on a run, says what to do, and answers nonsense with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.common import sitemap
from pages.common.wording import typeset
from rlcsp_core.search import Search
from rlcsp_core.store import RunState, Store
from tests.pages.conftest import SMALL
from tests.pages.what_is_drawn import Drawn, drawn, words
from tests.patience import STARTING

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


# what stands on each page before anything was run: what to do, or what came with the program
FIRST = {
    "pages/home/page.py": "No runs yet",
    "pages/demo/page.py": "Act 1: find it",
    "pages/search/page.py": "No runs yet",
    "pages/compare/page.py": "signed-rank test over compounds",
    "pages/structures/page.py": "distinct structure",
    "pages/field/page.py": "convex hull",
    "pages/policy/page.py": "How it was trained",
    "pages/learn/page.py": "Five known answers",
    "pages/replay/page.py": "Step 1:",
}
# at the least, of a finished run
OF_A_RUN = {
    "pages/home/page.py": Drawn(charts=0, crystals=0, tables=1),
    "pages/search/page.py": Drawn(charts=3, crystals=1, tables=1),
    "pages/compare/page.py": Drawn(charts=1, crystals=0, tables=0),
    "pages/structures/page.py": Drawn(charts=1, crystals=1, tables=1),
    "pages/policy/page.py": Drawn(charts=1, crystals=0, tables=0),
    "pages/replay/page.py": Drawn(charts=2, crystals=1, tables=0),
}
VIEWS = {  # of a page as its address has it, by the choice among them
    ("pages/compare/page.py", "", "url-view"): {
        "Result": Drawn(1, 0, 0),
        "Curves": Drawn(1, 0, 0),
        "Details": Drawn(0, 0, 1),
        "Runs": Drawn(0, 0, 1),
    },
    ("pages/compare/page.py", "Curves", "url-curve"): {"Energy": Drawn(1, 0, 0), "Target": Drawn(2, 0, 0)},
    ("pages/compare/page.py", "Details", "url-detail"): {
        "Averages": Drawn(0, 0, 1),
        "Moves, generations": Drawn(3, 0, 0),
        "Settings": Drawn(0, 0, 1),
        "Ablation study": Drawn(1, 0, 1),
    },
    ("pages/policy/page.py", "", "url-view"): {
        "Before and after": Drawn(2, 0, 0),
        "Policy vs energy": Drawn(2, 0, 0),
        "Evolution": Drawn(4, 0, 0),
        "Sandbox": Drawn(2, 0, 0),
        "Gradient variance": Drawn(1, 0, 0),
    },
}


def at_least(page: AppTest, expected: Drawn) -> bool:
    return all(have >= want for have, want in zip(drawn(page), expected, strict=True))


def test_every_page_is_tested() -> None:
    assert set(FIRST) == set(PAGES)


@pytest.mark.parametrize("file", PAGES)
def test_a_page_on_an_empty_database_says_what_there_is(file: str, opened: Opened) -> None:
    page = opened(file)
    assert not page.exception
    assert not page.error
    assert FIRST[file] in words(page)


@pytest.mark.parametrize("file", OF_A_RUN)
def test_a_page_shows_a_finished_run(file: str, opened: Opened, finished_run: str) -> None:
    page = opened(file, run=finished_run)
    assert not page.exception
    assert not page.error
    assert at_least(page, OF_A_RUN[file]), drawn(page)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "view", "key"), VIEWS)
def test_every_view_draws_what_it_promises(
    file: str, view: str, key: str, opened: Opened, finished_run: str, empty_store: Store
) -> None:
    other = replace(SMALL, seed=2, max_atoms=15)
    claim = empty_store.create_claimed(other.as_dict(), name="other")
    empty_store.append(claim, list(Search(other)), None)
    page = opened(file, run=[finished_run, claim.run_id], **({"view": view} if view else {}))
    choices = VIEWS[file, view, key]
    assert list(page.segmented_control(key=key).options) == list(choices)
    for choice, expected in choices.items():
        page = page.segmented_control(key=key).set_value(choice).run()
        assert not page.exception, choice
        assert not page.error, choice
        assert at_least(page, expected), (choice, drawn(page))


@pytest.mark.slow
@pytest.mark.parametrize("file", OURS)
@pytest.mark.parametrize("run_id", HOSTILE)
def test_an_unknown_run_gets_a_sentence_in_plain_text(file: str, run_id: str, opened: Opened) -> None:
    page = opened(file, run=run_id)
    assert not page.exception
    assert page.error
    assert "![" not in page.error[0].value
    assert "<script" not in page.error[0].value


@pytest.mark.parametrize(
    ("formula", "word"),
    [("Y2O2", "neutral"), ("AuCl", "ion of Au"), ("ScF3", "pair"), ("hello!", "formula"), ("", "formula")],
)
def test_a_formula_that_cannot_be_searched_starts_nothing(
    formula: str, word: str, opened: Opened, empty_store: Store
) -> None:
    page = opened("pages/search/page.py")
    box = page.selectbox(key="new-composition")
    box.options.append(
        typeset(formula)
    )  # typed, not picked from the list, which the test harness does not know
    box.set_value(formula)
    page = button(page, "Start search")
    assert not page.exception
    assert any(word in each.value for each in page.markdown if each.value.startswith(":red["))
    assert any("correct the compound" in each.value for each in page.markdown)
    assert empty_store.runs() == []


def test_an_atom_limit_below_one_formula_unit_starts_nothing(opened: Opened, empty_store: Store) -> None:
    page = opened("pages/search/page.py")
    next(n for n in page.text_input if n.label.startswith("Max. atoms")).set_value("3")
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


def film_alone(run):
    """What a click in the film runs: no more than it; taken by its source, which has no imports of this module."""
    import streamlit as st

    from pages.common.session import library
    from pages.replay.film import STEP, _film

    st.session_state[STEP] = 2
    _film(library(), run, None)


def test_the_film_of_a_run_that_was_deleted_meanwhile_says_so(empty_store: Store, finished_run: str) -> None:
    run = empty_store.run(finished_run)
    empty_store.delete_run(finished_run)
    page = AppTest.from_function(film_alone, kwargs={"run": run}, default_timeout=STARTING).run()
    assert not page.exception
    assert "There is no run" in page.error[0].value
