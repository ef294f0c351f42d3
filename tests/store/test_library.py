"""Database and shipped results behind one set of questions."""

import pytest

from rlcsp_core.cli.main import main
from rlcsp_core.errors import NotFoundError
from rlcsp_core.execution import Halt
from rlcsp_core.execution.sweep import sweep
from rlcsp_core.store.library import Library
from tests.execution.fake_worker import begin
from tests.execution.test_sweep import experiment, ignore


@pytest.fixture
def library(store, tmp_path):
    sweep(store, experiment(), Halt(), report=ignore, begin=begin)
    output = tmp_path / "results" / "tiny"
    assert main(["export", "tiny", "--output", str(output), "--database", store.url]) == 0
    for run in store.runs()[1:]:
        store.delete_run(run.id)
    (tmp_path / "results" / "broken").mkdir()
    for name in ("runs", "steps", "updates"):
        (tmp_path / "results" / "broken" / f"{name}.parquet").write_text("not parquet")
    return Library(store, tmp_path / "results")


def test_experiments_and_runs_of_both_kinds(library):
    assert library.experiments() == {"tiny (shipped)": 4, "tiny": 1}
    assert len(library.runs()) == 1
    shipped = library.runs(experiment="tiny (shipped)")
    assert len(shipped) == 4
    assert library.runs(2, experiment="tiny (shipped)", oldest_first=True) == shipped[::-1][:2]


def test_questions_go_where_the_run_is(library, store):
    ids = [run.id for run in library.runs(experiment="tiny (shipped)")]
    gone = [i for i in ids if i not in {run.id for run in store.runs()}]
    assert len(gone) == 3
    series = library.series(ids, ["energy"])
    assert list(series) == ids
    for run_id in ids:
        assert (
            len(library.steps(run_id)) == len(series[run_id]["energy"]) == library.run(run_id).n_steps == 20
        )
        assert library.best_structure(run_id) is not None
        assert len(library.population(run_id)) == 3
        assert len(library.updates(run_id)) == 4
    with pytest.raises(NotFoundError):
        library.steps("nope")


def test_the_lowest_structures_of_both_kinds_of_runs(library):
    runs = [*library.runs(), *library.runs(experiment="tiny (shipped)")]
    ids = list(dict.fromkeys(run.id for run in runs))
    found = library.lowest(ids, 3)
    assert found[0].energy == min(run.best_energy for run in runs)
    assert [each.energy for each in found] == sorted(each.energy for each in found)
    assert library.kept(found[0].run_id, found[0].number, found[0].source).energy == found[0].energy


def test_a_folder_that_cannot_be_read_is_a_problem_and_no_failure(library):
    assert library.archives
    assert len(library.problems) == 1
    assert "broken" in library.problems[0]
