"""A second look as a job of the dashboard, with a calculator of the tests in place of a model; and its page."""

import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.common.session import second_looks
from rlcsp_core.analysis.second_look import distinct_minima
from rlcsp_core.errors import CalculatorError, ConfigError
from rlcsp_core.execution import second_looks as jobs
from rlcsp_core.execution.second_looks import SecondLooks
from rlcsp_core.store import Refinement
from tests.execution.fake import ROOT, wait_until
from tests.patience import STARTING
from tests.refining.calculators import SLOW, SLOWLY

pytestmark = pytest.mark.slow

STRUCTURES, SEARCH = "pages/structures/page.py", "pages/search/page.py"


def command(run_ids, _model, top):
    return [sys.executable, "-m", "rlcsp_core", "refine", *run_ids, "--model", SLOWLY, "--top", str(top)]


@pytest.fixture
def looks(path, store, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(jobs, "installed", lambda _: True)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv(SLOW, "0.5")
    looks = SecondLooks(str(path), command)
    yield looks
    looks.close()


def test_one_is_at_work_at_a_time_and_a_stopped_one_goes_on(looks, store, run_id, monkeypatch):
    job = looks.start([run_id], "diep", 4)
    with pytest.raises(ConfigError, match="another second look is at work"):
        looks.start([run_id], "diep", 4)
    wait_until(lambda: store.refinements([run_id], SLOWLY), "the first relaxation")
    looks.stop()
    wait_until(lambda: not job.at_work, "the end of the process")
    assert job.problem is None
    before = len(store.refinements([run_id], SLOWLY))
    assert 1 <= before < 4
    monkeypatch.setenv(SLOW, "0")
    again = looks.start([run_id], "diep", 4)
    wait_until(lambda: not again.at_work, "the end of the process")
    assert again.process.returncode == 0
    assert again.problem is None
    assert len(store.refinements([run_id], SLOWLY)) == 4


def test_it_ends_with_the_program_that_started_it(looks, store, run_id):
    job = looks.start([run_id], "diep", 4)
    wait_until(lambda: store.refinements([run_id], SLOWLY), "the first relaxation")
    job.process.stdin.close()  # as the end of the program does
    wait_until(lambda: not job.at_work, "the end of the process")
    assert len(store.refinements([run_id], SLOWLY)) < 4


def test_what_went_wrong_is_said(looks):
    job = looks.start(["ffff"], "diep", 4)
    wait_until(lambda: not job.at_work, "the end of the process")
    assert job.problem == "there is no run 'ffff' in this database"


def test_a_browser_names_no_code_and_no_model_that_is_not_there(looks, run_id, monkeypatch):
    with pytest.raises(ConfigError, match="unknown model 'os:getcwd'"):
        looks.start([run_id], "os:getcwd", 4)
    with pytest.raises(ConfigError, match="between 1 and 100"):
        looks.start([run_id], "diep", 0)
    monkeypatch.setattr(jobs, "installed", lambda _: False)
    with pytest.raises(
        CalculatorError, match=r"DIEP is not installed: make app ML=1, or pip install '\.\[ml\]'"
    ):
        looks.start([run_id], "diep", 4)
    assert looks.job is None


# The page


@pytest.fixture(params=[STRUCTURES])
def page(path, run_id, monkeypatch, request):
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(path))
    monkeypatch.setattr("pages.components.second_look.installed", lambda _: False)
    page = AppTest.from_file(str(Path(ROOT) / "app.py"), default_timeout=STARTING).run()
    page.switch_page(request.param)
    page.query_params["run"] = run_id
    return page


def words(page):
    return " ".join(str(each.value) for each in [*page.info, *page.success, *page.caption]).replace("\\", "")


@pytest.mark.parametrize("page", [STRUCTURES, SEARCH], indirect=True)
def test_without_the_extra_the_page_says_how_to_get_it(page):
    page.run()
    assert not page.exception
    assert page.button(key="second-start").disabled
    assert "DIEP is not installed here. To get it: make app ML=1, or pip install" in words(page)


def test_both_ranks_and_the_remark_on_training_are_on_the_page(page, store, run_id, minima):
    bests = [group.best for group in distinct_minima(store, [run_id], 3)]
    for best, energy in zip(bests, (-5.0, -5.2, None), strict=True):
        crystal = None if energy is None else minima[best.number][1]
        reason = "the model blew the cell up" if energy is None else None
        store.add_refinement(Refinement(best.key, "diep", "diep 2.0.0", energy, reason, 9, 1.0, crystal))
    page.run()
    assert not page.exception
    assert "First on ions, second by DIEP; lowest by DIEP, " in words(page)
    assert "comes second, 200 meV/atom higher" in words(page)
    assert "no independent proof" in words(page)
    assert "again: DIEP +200.0" in words(page)
    assert "again: DIEP lowest" in words(page)
    assert "Relaxed again by DIEP: −5.00000 eV/atom, on the scale of that model alone." in words(page)
    assert any("By DIEP" in str(each.proto) for each in page.get("button_group"))
    [table] = [each.value for each in page.dataframe if "second" in each.value]
    assert table["rank"].tolist() == [1, 2, 3, 4]
    assert sorted(table["second"].dropna()) == [1, 2]
    assert sorted(table["why"]) == ["", "", "not yet relaxed", "the model blew the cell up"]


@pytest.mark.parametrize("page", [SEARCH], indirect=True)  # on Structures it is the same
def test_the_button_starts_a_job_whose_progress_is_shown(page, store, run_id, monkeypatch):
    monkeypatch.setattr("pages.components.second_look.installed", lambda _: True)
    monkeypatch.setattr(jobs, "installed", lambda _: True)
    monkeypatch.setenv(SLOW, "0.3")
    monkeypatch.chdir(ROOT)
    page.run()
    looks = second_looks()
    monkeypatch.setattr(looks, "_command", command)
    try:
        page.button(key="second-start").click().run()
        assert not page.exception
        assert looks.job.at_work
        assert any("0 of 4 relaxed again" in str(each.proto) for each in page.get("progress"))
        wait_until(lambda: store.refinements([run_id], SLOWLY), "the first relaxation")
        page.button(key="second-stop").click().run()
        wait_until(lambda: not looks.job.at_work, "the end of the process")
        page.run()
        assert page.button(key="second-start")
        assert not page.error
    finally:
        looks.close()
