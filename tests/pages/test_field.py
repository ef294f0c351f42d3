"""The page Phase field without a browser: a whole field, one that is half searched, none, and bad addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.field.reading import entries, shown
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import open_store
from tests.fields import definition, fill
from tests.pages.what_is_drawn import Drawn, drawn, words

pytestmark = pytest.mark.slow

PAGE = "pages/field/page.py"
FIELD = definition(("SrO", "TiO2"), units=3, max_atoms=12, seeds=2)
HALF = replace(FIELD, name="half")
IONS_ONLY = replace(FIELD, name="ions")
WITHOUT_HULL = replace(FIELD, name="no-hull")
TERNARY = definition(units=1, seeds=2)
HOSTILE = ["nosuch", "../../etc/passwd", "<script>alert(1)</script>", "![x](http://example.org/x.png)", ""]

Opened = Callable[..., AppTest]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fields") / "runs.sqlite"
    store = open_store(str(path))
    fill(store, FIELD)
    fill(store, HALF, without=["Sr2TiO4", "SrTi2O5"])
    fill(store, IONS_ONLY, again=())
    fill(store, WITHOUT_HULL, without=["TiO2"])
    fill(store, replace(TERNARY, name="ternary"))
    store.close()
    return path


@pytest.fixture
def database(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(filled))
    return filled


@pytest.fixture
def shows(opened: Opened) -> Opened:
    """Open the page; it has no errors."""

    def show(**parameters: str) -> AppTest:
        page = opened(PAGE, **parameters)
        assert not page.exception
        assert not page.error
        return page

    return show


def result(page: AppTest) -> str:
    return " ".join(str(each.value) for each in [*page.success, *page.info])


@pytest.mark.parametrize("name", ["made-up", "ternary"])
def test_a_whole_field_says_its_result_by_the_model_first(shows: Opened, name: str) -> None:
    page = shows(field=name)
    assert drawn(page) == Drawn(charts=1, crystals=1, tables=4)
    assert page.segmented_control(key="url-energy").options == ["DIEP", "Ions (ysrtio)"]
    assert re.search("By DIEP . of .+ stable", result(page))
    assert "no independent proof" in words(page)
    page = page.segmented_control(key="url-energy").set_value("ions").run()
    assert not page.exception
    assert re.search("On ions . of .+ stable", result(page))
    assert "no independent proof" not in words(page)


def test_the_most_stable_compound_is_shown_until_another_is_chosen(shows: Opened) -> None:
    page = shows(field="made-up")
    assert page.query_params["formula"] in ("SrTiO3", ["SrTiO3"])
    assert "perovskite" in result(page)
    page = page.selectbox(key="url-formula").set_value("Sr2TiO4").run()
    assert not page.exception
    assert page.query_params["formula"] in ("Sr2TiO4", ["Sr2TiO4"])
    assert "Sr₂TiO₄" in [each.value for each in page.subheader]


def test_an_address_names_field_energy_and_composition(shows: Opened) -> None:
    page = shows(field="made-up", energy="ions", formula="Sr2TiO4")
    assert page.selectbox(key="url-formula").value == "Sr2TiO4"
    assert page.segmented_control(key="url-energy").value == "ions"


def test_a_field_that_is_half_searched_says_how_far_it_is_and_what_is_next(shows: Opened) -> None:
    page = shows(field="half", formula="Sr2TiO4")
    n = len(FIELD.mixtures)
    [progress] = page.get("progress")
    assert f"{n - 2} of {n} compositions searched" in str(progress.proto)
    assert "Sr₂TiO₄ and SrTi₂O₅**: not yet searched" in words(page)
    assert drawn(page).crystals == 0  # of what has no structure


def test_without_a_hull_there_is_a_reason(shows: Opened) -> None:
    page = shows(field="no-hull")
    assert "No hull on ions: TiO₂ has no energy yet." in result(page).replace("\\", "")
    assert drawn(page).charts == 1


def test_a_field_without_a_model_follows_one_with_a_model(shows: Opened) -> None:
    page = shows(field="made-up", formula="Sr3Ti2O7")
    page = page.selectbox(key="url-field").set_value("ions").run()
    assert not page.exception
    assert page.segmented_control(key="url-energy").options == ["Ions (ysrtio)"]
    assert "On ions" in result(page)


def test_a_field_nobody_has_searched_says_how_to_begin(shows: Opened) -> None:
    store = open_store()
    store.keep_field("waiting", FIELD.as_dict())
    page = shows(field="waiting")
    store.close()
    assert f"No search of this field yet: {len(FIELD.mixtures)} compositions" in result(page).replace(
        "\\", ""
    )
    assert [each.value for each in page.code] == ["rlcsp field waiting"]
    assert drawn(page).charts == 0


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("parameter", ["field", "formula"])
def test_an_unknown_name_in_the_address_is_a_sentence(opened: Opened, parameter: str, value: str) -> None:
    page = opened(PAGE, **{"field": "made-up", parameter: value})
    assert not page.exception
    assert ["URL" in each.value for each in page.error] == [True]
    assert "<script" not in page.error[0].value
    assert drawn(page).charts == 1
    page = page.run()
    assert not page.error


def test_a_field_is_at_work_while_a_search_is(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "other.sqlite"))
    fill(store, FIELD, without=[each.formula for each in FIELD.mixtures[1:]])
    entry = entries(store)[FIELD.name]
    between = shown(entry)
    assert between.at_work
    earlier = {run_id: replace(run, ended=0.0) for run_id, run in between.runs.items()}
    assert not between._replace(runs=earlier).at_work
    store.create_claimed(SearchConfig(composition="TiO2").as_dict(), name="begins", experiment=FIELD.name)
    now = shown(entry)
    assert now._replace(runs={run_id: replace(run, ended=0.0) for run_id, run in now.runs.items()}).at_work
    assert (now.field.n_searched, now.field.n_searches) == (1, 2)
    store.close()


def test_a_whole_field_is_at_rest(database: Path) -> None:
    store = open_store(str(database))
    assert not shown(entries(store)[FIELD.name]).at_work
    store.close()
