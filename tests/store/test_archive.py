"""An exported experiment answers as the database does."""

import json
from dataclasses import fields

import numpy as np
import pyarrow.parquet as pq
import pytest

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import StopRecord
from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.store import RunState, Source, open_store
from rlcsp_core.store.archive import SUFFIX, Archive
from rlcsp_core.store.export import TIMES, export_experiment, recode
from rlcsp_core.store.parquet import FILES, METADATA, STEPS, UPDATES, folders, steps_table, updates_table
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


def one_run(store, seed, experiment="quick"):
    claim = store.create_claimed({**CONFIG, "seed": seed}, name="A", experiment=experiment)
    store.attach(claim, {"rlcsp": "0.1", "processor": "another"})
    rng = np.random.default_rng(seed)
    steps = [step(i, rng, -25.0 - i / 20, True, i % 5 == 0) for i in range(1, 9)]
    store.append(claim, [member(0, rng, -25.0), *steps, StopRecord("steps", 8, None)], {})
    return claim.run_id


def test_runs_of_another_database_are_added_behind_those_that_are_there(exported, tmp_path):
    mine = {run.id: (run, exported.steps(run.id), exported.updates(run.id)) for run in exported.runs()}
    other = open_store(str(tmp_path / "other.sqlite"))
    one_run(other, seed=2)  # its equal is there
    added = one_run(other, seed=4)
    for _ in range(2):  # the second time nothing is new
        assert export_experiment(other, "quick", exported.folder, ignore, add=True) == 4
        both = Archive(exported.folder)
        assert [run.id for run in both.runs()] == [added, *mine]
        for run_id, (run, steps, updates) in mine.items():
            assert differing(both.run(run_id), run) == set()
            assert differing(both.steps(run_id), steps) == set()
            assert differing(both.updates(run_id), updates) == set()
        assert differing(both.steps(added), other.steps(added)) <= {"probabilities", *TIMES}
        assert [made.get("processor") for made in both.about["made_by"]] == ["another", None]
    assert not (exported.folder / "new").exists()
    one_run(other, seed=1, experiment="third")
    with pytest.raises(StoreError, match="do not belong there"):
        export_experiment(other, "third", exported.folder, ignore, add=True)
    other.close()


def test_a_run_that_went_on_takes_the_place_of_its_copy(store, exported, rng):
    (run,) = [run for run in store.runs(experiment="quick") if run.n_steps == 0]
    claim = store.claim(run.id, (run.state,))
    store.append(claim, [step(1, rng, -26.0, True, False), StopRecord("steps", 1, None)], {})
    assert export_experiment(store, "quick", exported.folder, ignore, add=True) == 3
    both = Archive(exported.folder)
    assert both.run(run.id).n_steps == len(both.steps(run.id)) == 1


def test_adding_to_an_empty_folder_is_an_export(store, tmp_path):
    run_id = one_run(store, seed=1)
    assert export_experiment(store, "quick", tmp_path / "new place", ignore, add=True) == 1
    assert [run.id for run in Archive(tmp_path / "new place").runs()] == [run_id]


def test_histories_come_back_exactly_but_for_rounded_columns(store, exported):
    for run in exported.runs():
        assert differing(exported.population(run.id), store.population(run.id)) == set()
        assert differing(exported.updates(run.id), store.updates(run.id)) == set()
        assert exported.updates(run.id, 5).step.tolist() == store.updates(run.id, 5).step.tolist()
        for window in ((0, None), (3, 6), (6, 3), (100, None)):
            mine, theirs = exported.steps(run.id, *window), store.steps(run.id, *window)
            if len(theirs):
                assert differing(mine, theirs) <= {"probabilities", *TIMES}
                as_stored = theirs.probabilities.astype(np.float32)
                np.testing.assert_array_equal(mine.probabilities, as_stored.astype(np.float64))
                for name in TIMES:
                    np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=0, atol=1e-4)
            assert len(mine) == len(theirs)
        if run.n_steps:
            assert exported.overview(run.id, 3).step.tolist() == store.overview(run.id, 3).step.tolist()


def test_series_of_several_runs(store, exported):
    ids = [run.id for run in exported.runs()][::-1]
    for names in (["energy", "accepted"], ["reward", "step"]):
        mine, theirs = (x.series(ids, names) for x in (exported, store))
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
            with pytest.raises(NotFoundError, match="best"):
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
        assert about["format"] == "rlcsp-results-2"
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


@pytest.fixture
def searched(store):
    """Short real searches, of policies that learn in different ways and of two that do not."""
    for algorithm in ("rlcsp", "ppo", "npg", "uniform", "original"):
        settings = {"trajectories": 2, "exploration": 0.2} if algorithm == "npg" else {}
        config = SearchConfig(
            algorithm=algorithm, settings=settings, composition="SrO", max_atoms=8, population=6, steps=120
        )
        claim = store.create_claimed(config.as_dict(), name=algorithm, experiment="real")
        store.append(claim, list(Search(config)), None)
    return store


def test_what_follows_from_the_rest_is_left_out_and_comes_back_exactly(searched, tmp_path):
    export_experiment(searched, "real", tmp_path, ignore)
    archive, files = Archive(tmp_path), pq.ParquetFile(tmp_path / "steps.parquet")
    for place, run in enumerate(searched.runs(experiment="real", oldest_first=True)):
        theirs, mine = searched.steps(run.id), archive.steps(run.id)
        assert differing(mine, theirs) <= {"probabilities", *TIMES}
        as_stored = theirs.probabilities.astype(np.float32).astype(np.float64)
        assert mine.probabilities.tobytes() == as_stored.tobytes()
        assert mine.reward.tobytes() == theirs.reward.tobytes()
        table = files.read_row_group(place)
        assert table["probabilities"].null_count == (0 if run.algorithm == "original" else run.n_steps - 1)
        assert table["reward"].null_count > 0


def test_what_does_not_follow_is_stored(store, exported):
    """The made-up records have rewards and probabilities out of the air."""
    table = pq.read_table(exported.folder / "steps.parquet")
    assert table["reward"].null_count == table["probabilities"].null_count == 0
    assert (
        store.steps(exported.runs()[-1].id).reward.tolist()
        == exported.steps(exported.runs()[-1].id).reward.tolist()
    )


def older_format(folder):
    """The files as the first format had them: every value written out."""
    archive = Archive(folder)
    about = {METADATA: json.dumps({**archive.about, "format": "rlcsp-results-1"}).encode()}
    tables = {
        "steps": (STEPS, [steps_table(run.id, archive.steps(run.id)) for run in archive.runs()[::-1]]),
        "updates": (
            UPDATES,
            [updates_table(run.id, archive.updates(run.id)) for run in archive.runs()[::-1]],
        ),
    }
    runs = pq.read_table(folder / "runs.parquet").drop_columns("exploration")
    for name, (schema, parts) in tables.items():
        with pq.ParquetWriter(folder / f"{name}.parquet", schema.with_metadata(about)) as writer:
            for part in parts:
                writer.write_table(part)
    pq.write_table(runs.replace_schema_metadata(about), folder / "runs.parquet")
    return Archive(folder)


def test_files_of_the_first_format_are_read_and_recoded_without_a_change(searched, tmp_path):
    export_experiment(searched, "real", tmp_path, ignore)
    new = Archive(tmp_path)
    runs = new.runs()
    expected = {
        run.id: (new.steps(run.id), new.updates(run.id), new.series([run.id], ["reward"])) for run in runs
    }
    old = older_format(tmp_path)
    size = (tmp_path / "steps.parquet").stat().st_size
    for archive in (old, None):
        if archive is None:
            assert recode(tmp_path, ignore) == len(runs)
            archive = Archive(tmp_path)
            assert archive.about == new.about
        assert archive.runs() == runs
        for run_id, (steps, updates, rewards) in expected.items():
            assert differing(archive.steps(run_id), steps) <= {"relax_seconds"}  # of 32 bits at first
            assert differing(archive.updates(run_id), updates) == set()
            assert same(archive.series([run_id], ["reward"])[run_id]["reward"], rewards[run_id]["reward"])
    assert (tmp_path / "steps.parquet").stat().st_size < size
    assert not (tmp_path / "new").exists()
