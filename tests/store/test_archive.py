"""An exported experiment answers as the database does."""

import json
from dataclasses import fields

import numpy as np
import pyarrow.parquet as pq
import pytest

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import StopRecord
from rlcsp_core.store import RunState, Source
from rlcsp_core.store.archive import SUFFIX, Archive
from rlcsp_core.store.parquet import FILES, export_experiment, folders
from tests.store.examples import CONFIG, member, step


def ignore(_share):
    pass


def same(a, b):
    if isinstance(a, np.ndarray) and a.dtype != object:
        return a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
    return a.tolist() == b.tolist() if isinstance(a, np.ndarray) else a == b


def differing(a, b):
    return {f.name for f in fields(a) if not same(getattr(a, f.name), getattr(b, f.name))}


@pytest.fixture
def exported(store, rng, tmp_path):
    for seed, n in ((1, 12), (2, 7), (3, 0)):
        claim = store.create_claimed({**CONFIG, "seed": seed}, name="A", experiment="quick")
        store.attach(claim, {"rlcsp": "0.1"})
        population = [member(i, rng, None if i == 1 else -26.0 - i / 10) for i in range(3)]
        steps = [
            step(i, rng, None if i == 4 else -26.0 - i / 20, i % 2 == 0, i % 5 == 0) for i in range(1, n + 1)
        ]
        store.append(claim, [*population, *steps, StopRecord("steps", n, None)], {})
    other = store.create_claimed(CONFIG, name="other experiment", experiment="other")
    store.append(other, [member(0, rng)], {})
    assert export_experiment(store, "quick", tmp_path / "out" / "quick", ignore) == 3
    return Archive(tmp_path / "out" / "quick")


def test_runs_come_back_as_they_are_but_for_what_only_a_live_run_has(store, exported):
    runs = exported.runs()
    assert [run.id for run in runs] == [run.id for run in store.runs(experiment="quick")]
    for run in runs:
        assert differing(run, store.run(run.id)) <= {"experiment", "heartbeat", "host"}
        assert run.experiment == "quick" + SUFFIX
        assert exported.failed_relaxations(run.id) == store.failed_relaxations(run.id)


def test_histories_come_back_exactly_but_for_rounded_columns(store, exported):
    for run in exported.runs():
        assert differing(exported.population(run.id), store.population(run.id)) == set()
        assert differing(exported.updates(run.id), store.updates(run.id)) == set()
        assert exported.updates(run.id, 5).step.tolist() == store.updates(run.id, 5).step.tolist()
        for window in ((0, None), (3, 6), (6, 3), (100, None)):
            mine, theirs = exported.steps(run.id, *window), store.steps(run.id, *window)
            if len(theirs):
                assert differing(mine, theirs) <= {"probabilities", "relax_seconds"}
                np.testing.assert_allclose(mine.probabilities, theirs.probabilities, atol=1e-7)
            assert len(mine) == len(theirs)
        if run.n_steps:
            assert exported.overview(run.id, 3).step.tolist() == store.overview(run.id, 3).step.tolist()


def test_series_of_several_runs(store, exported):
    ids = [run.id for run in exported.runs()][::-1]
    mine, theirs = (x.series(ids, ["energy", "accepted", "elapsed"]) for x in (exported, store))
    assert list(mine) == ids
    assert all(same(mine[i][name], theirs[i][name]) for i in ids for name in theirs[i])
    assert exported.series([], ["energy"]) == {}


def test_the_best_structure_is_exported_and_no_other(store, exported):
    for run in exported.runs():
        (info, crystal), (info_, crystal_) = exported.best_structure(run.id), store.best_structure(run.id)
        assert info == info_
        assert all(same(getattr(crystal, n), getattr(crystal_, n)) for n in ("numbers", "positions", "cell"))
        assert exported.structures(run.id) == [info]
        assert same(exported.structure(run.id, info.number, source=info.source).positions, crystal_.positions)
        assert exported.kept(run.id, info.number, info.source) == info
        for question in (exported.structure, exported.kept):
            with pytest.raises(NotFoundError, match="only the best structure"):
                question(run.id, 99, source=Source.STEP)
    ids = [run.id for run in exported.runs()]
    lowest = sorted((exported.run(run_id).best_energy, run_id) for run_id in ids)
    assert [(each.energy, each.run_id) for each in exported.lowest(ids, 2)] == lowest[:2]
    with pytest.raises(NotFoundError):
        exported.run("nope")


def test_files_name_experiment_versions_and_format(exported):
    for name in FILES:
        about = json.loads(pq.read_schema(exported.folder / name).metadata[b"rlcsp"])
        assert about["experiment"] == "quick"
        assert about["made_by"] == [{"rlcsp": "0.1"}]
        assert about["format"] == "rlcsp-results-1"
    energies = pq.read_table(exported.folder / "steps.parquet")["energy"]
    assert energies.null_count == 2  # null, not a number, to every reader


def test_what_cannot_be_exported_or_read_is_a_sentence(store, exported, tmp_path):
    with pytest.raises(StoreError, match="no runs to export"):
        export_experiment(store, "none", tmp_path / "none", ignore)
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        export_experiment(store, "quick", tmp_path / "file", ignore)
    with pytest.raises(StoreError, match="no exported experiment"):
        Archive(tmp_path)
    assert list(folders(tmp_path / "out")) == [exported.folder]
    assert list(folders(tmp_path / "nowhere")) == []


def test_a_run_at_work_is_not_exported(store, rng, tmp_path):
    claim = store.create_claimed(CONFIG, name="A", experiment="live")
    store.append(claim, [member(0, rng)], {})
    with pytest.raises(StoreError, match="no runs to export"):
        export_experiment(store, "live", tmp_path / "live", ignore)
    store.end(claim, RunState.STOPPED, "stopped")
    assert export_experiment(store, "live", tmp_path / "live", ignore) == 1
