"""Exported runs answer as the database does: whole ones in every bit, thinned ones to what pages show."""

import json
import math
from dataclasses import MISSING, fields, replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import StopRecord, Update
from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.store import RunInfo, RunState, Source, open_store
from rlcsp_core.store.archive import FILES, Archive, archive_paths
from rlcsp_core.store.export import export_experiment
from rlcsp_core.store.thinning import MOMENTS, SAME_THETA, completed, differences, thin_steps, thin_updates
from rlcsp_core.tables import PopulationTable, StepTable, UpdateTable
from tests.store.examples import CONFIG, member, step

ROUNDED = {  # of thinned runs, and by how much at the most
    "energy": 6e-8, "current_energy": 6e-8, "best_energy": 6e-8, "elapsed": 5.1e-3,
    "reward": 1e-4, "probabilities": 1e-3, "kT": 1e-8, "seconds": 1e-8, "theta": 1e-4, "gradient_norm": 1e-4,
    "entropy": 1e-4,
}  # fmt: skip
LEFT_OUT = {"evaluations", "relax_seconds", "kl"}
FEW = {"cpu_seconds"}  # at the steps that somebody asks for


RUN = RunInfo(
    **dict.fromkeys((f.name for f in fields(RunInfo) if f.default is MISSING), None) | {"config": CONFIG}
)


def ignore(_share):
    pass


def same(a, b, within=0.0):
    if isinstance(a, np.ndarray) and a.dtype != object:
        if within:
            return a.shape == b.shape and np.allclose(a, b, rtol=0, atol=within, equal_nan=True)
        return a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
    return a.tolist() == b.tolist() if isinstance(a, np.ndarray) else a == b


def differing(a, b, within=None):
    known = within or {}
    return {
        f.name for f in fields(a) if not same(getattr(a, f.name), getattr(b, f.name), known.get(f.name, 0.0))
    }


@pytest.fixture
def made(store, rng):
    """Three runs of one experiment, and one of another."""
    for seed, n in ((1, 12), (2, 7), (3, 0)):
        claim = store.create_claimed({**CONFIG, "seed": seed}, name="A", experiment="quick")
        store.attach(claim, {"rlcsp": "0.1"})
        population = [member(i, rng, None if i == 1 else -26.0 - i / 10) for i in range(3)]
        steps = [
            step(i, rng, None if i == 4 else -26.0 - i / 20, i % 2 == 0, i % 5 == 0) for i in range(1, n + 1)
        ]
        store.append(claim, [*population, *steps, StopRecord("steps", n, None)], {"n": n})
    other = store.create_claimed(CONFIG, name="other experiment", experiment="other")
    store.append(other, [member(0, rng)], {})
    return store


@pytest.fixture(params=["folder", "file.zip"])
def whole(made, tmp_path, request):
    path = tmp_path / "out" / request.param
    path.parent.mkdir()
    assert export_experiment(made, "quick", path, ignore, whole=True) == 3
    return Archive(path)


@pytest.fixture
def thin(made, tmp_path):
    assert export_experiment(made, "quick", tmp_path / "out" / "quick", ignore) == 3
    return Archive(tmp_path / "out" / "quick", " (shipped)")


def test_a_whole_archive_is_the_same_in_every_bit(store, whole):
    assert not whole.is_thinned
    assert whole.experiments() == {"quick": 3}
    runs = whole.runs()
    assert [run.id for run in runs] == [run.id for run in store.runs(experiment="quick")]
    for run in runs:
        assert differing(run, store.run(run.id)) <= {"heartbeat", "host"}
        for read in ("steps", "population", "updates"):
            assert differing(getattr(whole, read)(run.id), getattr(store, read)(run.id)) == set(), read
        assert whole.checkpoint(run.id) == store.checkpoint(run.id)
        assert whole.structures(run.id) == store.structures(run.id)
        assert whole.structures(run.id, Source.STEP) == store.structures(run.id, Source.STEP)
        for info in store.structures(run.id):
            a, b = (
                reader.structure(run.id, info.number, source=info.source, relaxed=info.relaxed)
                for reader in (whole, store)
            )
            assert differing(a, b) == set()


def test_archives_answer_as_the_database_does(store, whole):
    ids = [run.id for run in whole.runs()]
    for run_id in ids:
        for window in ((0, None), (3, 6), (6, 3), (100, None), (0, 100)):
            mine, theirs = whole.steps(run_id, *window), store.steps(run_id, *window)
            assert mine.step.tolist() == theirs.step.tolist()
            assert not len(theirs) or differing(mine, theirs) == set()
        assert whole.updates(run_id, 5).step.tolist() == store.updates(run_id, 5).step.tolist()
        assert whole.overview(run_id, 3).step.tolist() == store.overview(run_id, 3).step.tolist()
        assert whole.best_structure(run_id)[0] == store.best_structure(run_id)[0]
    for names in (["energy", "accepted"], ["reward", "step", "parent"]):
        mine, theirs = (x.series(ids[::-1], names) for x in (whole, store))
        assert list(mine) == ids[::-1]
        assert all(same(mine[i][name], theirs[i][name]) for i in ids for name in names)
    assert whole.series([], ["energy"]) == {}
    assert whole.lowest(ids, 5) == store.lowest(ids, 5)
    assert whole.runs(2, oldest_first=True) == whole.runs()[::-1][:2]
    assert whole.runs(states=[RunState.RUNNING]) == whole.runs(experiment="other") == []
    for question in (whole.run, whole.steps, whole.population, whole.structures, whole.best_structure):
        with pytest.raises(NotFoundError, match="there is no run 'nope'"):
            question("nope")
    with pytest.raises(NotFoundError, match="unknown column 'token'"):
        whole.series(ids, ["token"])


def test_a_thinned_archive_holds_what_pages_show(store, thin):
    assert thin.experiments() == {"quick (shipped)": 3}
    for run in thin.runs():
        assert differing(run, store.run(run.id)) <= {"experiment", "heartbeat", "host"}
        for read in ("steps", "population", "updates"):
            mine, theirs = getattr(thin, read)(run.id), getattr(store, read)(run.id)
            assert differing(mine, theirs, ROUNDED) <= LEFT_OUT | FEW, read
            assert all(np.isnan(getattr(mine, n)).all() for n in LEFT_OUT & {f.name for f in fields(mine)})
        (info,) = thin.structures(run.id)
        best, crystal = store.best_structure(run.id)
        assert info == best
        mine = thin.structure(run.id, info.number, source=info.source)
        assert mine.positions.tobytes() == crystal.positions.astype(np.float32).astype(float).tobytes()
        with pytest.raises(NotFoundError, match="only what pages show"):
            thin.structure(run.id, 99)
        assert thin.checkpoint(run.id) is None
        windows = thin.steps(run.id, 3, 6), thin.steps(run.id).rows(slice(3, 6))
        assert not run.n_steps or differing(*windows) == set()


@pytest.fixture
def searched(store):
    """Short real searches, of policies that learn in different ways and of two that do not."""
    for algorithm in ("rlcsp", "ppo", "npg", "uniform", "original", "two at once"):
        kind = {"settings": {"trajectories": 2, "exploration": 0.2}} if algorithm == "npg" else {}
        kind |= {"algorithm": algorithm} if algorithm != "two at once" else {"parallel": 2}
        config = SearchConfig(composition="SrO", max_atoms=8, population=6, steps=120, **kind)
        claim = store.create_claimed(config.as_dict(), name=algorithm, experiment="real")
        store.append(claim, list(Search(config)), None)
    return store


def test_rewards_that_follow_from_the_energies_come_back(searched, tmp_path):
    export_experiment(searched, "real", tmp_path, ignore)
    archive = Archive(tmp_path)
    table = pq.read_table(tmp_path / "steps.parquet").to_pandas()
    for run in searched.runs(experiment="real", oldest_first=True):
        theirs, mine = searched.steps(run.id), archive.steps(run.id)
        assert differing(mine, theirs, ROUNDED) <= LEFT_OUT | FEW
        assert ((mine.probabilities > 0) == (theirs.probabilities > 0)).all()
        assert np.flatnonzero(np.isfinite(mine.cpu_seconds)).tolist() == [0, run.n_steps - 1]
        assert mine.cpu_seconds[[0, -1]].tolist() == theirs.cpu_seconds[[0, -1]].tolist()
        rows = table[table.run == run.id]
        useless = rows.reward.notna().to_numpy()
        seen = searched.population(run.id).energy
        for energy, penalised in zip(theirs.energy, useless, strict=True):
            assert not penalised or math.isnan(energy) or (np.abs(seen - energy) < 1e-6).any()
            seen = np.append(seen, energy)
        assert rows.probabilities.isna().any()
        assert useless.any()
        assert not useless.all()


def test_thinning_twice_is_thinning_once(searched, tmp_path):
    export_experiment(searched, "real", tmp_path, ignore)
    archive = Archive(tmp_path)
    for run in archive.runs():
        population, steps = archive.population(run.id), archive.steps(run.id)
        again = completed(thin_steps(steps, population, run), population, run)
        assert differing(again, steps) == set()
        updates = archive.updates(run.id)
        assert differing(thin_updates(updates), updates) == set()


def updates_of(n, shape, rng):
    made = [Update(rng.normal(size=shape), 0.1 * i, 2.1, 0.003) for i in range(n)]
    columns = {name: np.array([getattr(u, name) for u in made]) for name in vars(made[0])}
    return UpdateTable(step=np.arange(n) * 5 + 5, **columns)


@pytest.mark.parametrize(("n", "shape", "most"), [(3, (9, 2), 3), (30, (9, 2), 30), (31, (9, 2), 30),
                                                   (4000, (9, 2), 30), (400, (14, 13), 21)])  # fmt: skip
def test_the_policy_is_kept_at_few_moments_the_first_and_the_last_among_them(rng, n, shape, most):
    whole = updates_of(n, shape, rng)
    thinned = thin_updates(whole)
    kept = np.flatnonzero(thinned.known)
    assert thinned.step.tolist() == whole.step.tolist()
    assert most / 2.1 < len(kept) <= min(most, MOMENTS)
    assert {0, n - 1} <= set(kept.tolist())
    np.testing.assert_allclose(thinned.theta[kept], whole.theta[kept], rtol=2**-15)
    assert np.isnan(thinned.entropy[~thinned.known]).all()
    assert differing(thin_updates(thinned), thinned) == set()


@pytest.mark.parametrize(("stride", "least", "most"), [(1e-6, 2, 2), (1e-4, 3, 4), (1e-2, 29, 30)])
def test_a_policy_is_kept_where_it_has_moved(rng, stride, least, most):
    whole = updates_of(30, (9, 2), rng)
    whole = replace(whole, theta=np.arange(30)[:, None, None] * stride * np.ones((9, 2)))
    thinned = thin_updates(whole)
    kept = np.flatnonzero(thinned.known)
    assert least <= len(kept) <= most
    last = kept[np.searchsorted(kept, np.arange(30), side="right") - 1]  # what is shown at each update
    assert np.abs(thinned.theta[last] - whole.theta).max() < SAME_THETA + 2e-5
    assert differing(thin_updates(thinned), thinned) == set()


def test_energies_that_are_the_same_stay_so_and_those_that_are_not_do_not(rng):
    n = 2000
    energies = np.repeat(-30 + rng.random(n // 4), 4) + np.tile([0, 4e-7, 2e-6, 4e-6], n // 4)
    nothing = np.zeros(n)
    table = StepTable(
        **{f.name: nothing for f in StepTable.fields()}
        | {"energy": energies, "probabilities": np.ones((n, 2))}
    )
    members = PopulationTable(**dict.fromkeys((f.name for f in PopulationTable.fields()), energies[:5]))
    rounded = thin_steps(table, members, RUN).energy
    assert np.abs(rounded - energies).max() < 6e-8
    for gap in (1, 2, 3):
        close = np.abs(energies[gap:] - energies[:-gap]) < 1e-6
        np.testing.assert_array_equal(np.abs(rounded[gap:] - rounded[:-gap]) < 1e-6, close)


def test_a_population_without_an_energy_has_no_scale():
    nan = np.full(3, np.nan)
    members = PopulationTable(**dict.fromkeys((f.name for f in PopulationTable.fields()), nan))
    table = StepTable(**dict.fromkeys((f.name for f in StepTable.fields()), nan))
    assert np.isnan(differences(table, members, RUN)).all()


def one_run(store, seed, experiment="quick"):
    claim = store.create_claimed({**CONFIG, "seed": seed}, name="A", experiment=experiment)
    store.attach(claim, {"rlcsp": "0.1", "processor": "another"})
    rng = np.random.default_rng(seed)
    steps = [step(i, rng, -25.0 - i / 20, True, i % 5 == 0) for i in range(1, 9)]
    store.append(claim, [member(0, rng, -25.0), *steps, StopRecord("steps", 8, None)], {})
    return claim.run_id


@pytest.mark.parametrize("whole", [True, False])
def test_runs_of_another_database_are_added_behind_those_that_are_there(made, tmp_path, whole):
    folder = tmp_path / "out"
    export_experiment(made, "quick", folder, ignore, whole=whole)
    before = Archive(folder)
    mine = {
        run.id: (run, before.steps(run.id), before.updates(run.id), before.structures(run.id))
        for run in before.runs()
    }
    other = open_store(str(tmp_path / "other.sqlite"))
    one_run(other, seed=2)  # its equal is there
    added = one_run(other, seed=4)
    for _ in range(2):  # the second time nothing is new
        assert export_experiment(other, "quick", folder, ignore, whole=whole, add=True) == 4
        both = Archive(folder)
        assert [run.id for run in both.runs()] == [added, *mine]
        for run_id, (run, steps, updates, structures) in mine.items():
            assert differing(both.run(run_id), run) == set()
            assert differing(both.steps(run_id), steps) == set()
            assert differing(both.updates(run_id), updates) == set()
            assert both.structures(run_id) == structures
        assert differing(both.steps(added), other.steps(added), ROUNDED) <= LEFT_OUT | FEW
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    one_run(other, seed=1, experiment="third")
    with pytest.raises(StoreError, match="do not belong there"):
        export_experiment(other, "third", folder, ignore, add=True)
    if not whole:
        with pytest.raises(StoreError, match="whole ones cannot be added"):
            export_experiment(other, "quick", folder, ignore, add=True, whole=True)
    other.close()


def test_a_run_that_went_on_takes_the_place_of_its_copy(store, thin, rng):
    (run,) = [run for run in store.runs(experiment="quick") if run.n_steps == 0]
    claim = store.claim(run.id, (run.state,))
    store.append(claim, [step(1, rng, -26.0, True, False), StopRecord("steps", 1, None)], {})
    assert export_experiment(store, "quick", thin.path, ignore, add=True) == 3
    both = Archive(thin.path)
    assert both.run(run.id).n_steps == len(both.steps(run.id)) == 1


def test_adding_to_an_empty_folder_is_an_export(store, tmp_path):
    run_id = one_run(store, seed=1)
    assert export_experiment(store, "quick", tmp_path / "new place", ignore, add=True) == 1
    assert [run.id for run in Archive(tmp_path / "new place").runs()] == [run_id]


def test_files_name_their_format_and_units(thin):
    for name in FILES:
        schema = pq.read_schema(thin.path / name)
        about = json.loads(schema.metadata[b"rlcsp"])
        assert about == {"format": "rlcsp-archive-1", "experiment": "quick", "thinned": True}
    steps = pq.read_table(thin.path / "steps.parquet")
    assert steps["energy"].null_count == 2  # null, not a number, to every reader
    assert steps.schema.field("energy").metadata[b"unit"] == b"eV/atom"
    assert LEFT_OUT.isdisjoint(steps.column_names)


def test_what_cannot_be_exported_or_read_is_a_sentence(made, thin, tmp_path):
    with pytest.raises(StoreError, match="no runs to export"):
        export_experiment(made, "none", tmp_path / "none", ignore)
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        export_experiment(made, "quick", tmp_path / "file", ignore)
    for path in (tmp_path, tmp_path / "file", tmp_path / "nothing"):
        with pytest.raises(StoreError, match="holds no exported runs"):
            Archive(path)
    assert archive_paths(tmp_path / "out") == [thin.path]
    assert archive_paths(tmp_path / "nowhere") == []


def test_a_run_at_work_is_not_exported(store, rng, tmp_path):
    claim = store.create_claimed(CONFIG, name="A", experiment="live")
    store.append(claim, [member(0, rng)], {})
    with pytest.raises(StoreError, match="no runs to export"):
        export_experiment(store, "live", tmp_path / "live", ignore)
    store.end(claim, RunState.STOPPED, "stopped")
    assert export_experiment(store, "live", tmp_path / "live", ignore) == 1
