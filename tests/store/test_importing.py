"""A run saved into a file and loaded again is the same run."""

import json
import zipfile
from dataclasses import fields

import ase.db
import ase.io
import numpy as np
import pyarrow.parquet as pq
import pytest

from rlcsp_core.errors import StoreError
from rlcsp_core.records import StopRecord
from rlcsp_core.store import RunState, open_store
from rlcsp_core.store.export import export_experiment, save_run
from rlcsp_core.store.importing import import_runs, whole_archive
from tests.store.examples import CONFIG, member, step
from tests.store.test_archive import differing

OWN = {"id", "created", "started", "ended", "heartbeat", "host", "process"}


@pytest.fixture
def run_id(store, claim, rng):
    store.attach(claim, {"rlcsp": "0.1", "processor": "x"})
    population = [member(i, rng, None if i == 1 else -26.0 - i / 10) for i in range(3)]
    steps = [step(i, rng, None if i == 4 else -26.0 - i / 20, i % 2 == 0, i % 5 == 0) for i in range(1, 24)]
    store.append(claim, [*population, *steps], {"rng": 2**100, "x": 0.1})
    return claim.run_id


def test_everything_comes_back_bit_for_bit(store, run_id, tmp_path):
    store.append(store_claim(store, run_id), [StopRecord("target", 23, 20)], {"rng": 2**100, "x": 0.1})
    save_run(store, run_id, tmp_path / "run.zip")
    (other,) = import_runs(store, whole_archive(tmp_path / "run.zip"))
    assert other != run_id
    assert differing(store.run(run_id), store.run(other)) <= OWN
    for read in (store.steps, store.population, store.updates):
        assert differing(read(run_id), read(other)) == set()
    assert store.checkpoint(other) == store.checkpoint(run_id)
    assert store.structures(other) == store.structures(run_id)
    for info in store.structures(run_id):
        a, b = (
            store.structure(r, info.number, source=info.source, relaxed=info.relaxed) for r in (run_id, other)
        )
        assert all(getattr(a, f.name).tobytes() == getattr(b, f.name).tobytes() for f in fields(a))


def store_claim(store, run_id):
    store.declare_dead(store.run(run_id), RunState.INTERRUPTED, "for the test")
    return store.claim(run_id)


def test_a_run_at_work_is_taken_in_as_interrupted_and_can_go_on(store, run_id, rng, tmp_path):
    save_run(store, run_id, tmp_path / "run.zip")
    (other,) = import_runs(store, whole_archive(tmp_path / "run.zip"))
    assert store.run(other).state is RunState.INTERRUPTED
    claim = store.claim(other)
    store.append(claim, [step(24, rng)], {})
    assert store.run(other).n_steps == 24


@pytest.mark.parametrize("records", [0, 1])
def test_a_run_that_has_hardly_begun_comes_back(store, claim, rng, tmp_path, records):
    store.append(claim, [member(0, rng)][:records], {"rng": 1})
    save_run(store, claim.run_id, tmp_path / "run.zip")
    (other,) = import_runs(store, whole_archive(tmp_path / "run.zip"))
    assert differing(store.run(claim.run_id), store.run(other)) <= OWN | {"state"}
    assert differing(store.population(claim.run_id), store.population(other)) == set()
    assert len(store.steps(other)) == len(store.updates(other)) == 0


def test_other_programs_can_read_the_structures(store, run_id, tmp_path):
    save_run(store, run_id, tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        archive.extract("structures.extxyz", tmp_path)
        archive.extract("runs.parquet", tmp_path)
    frames = ase.io.read(tmp_path / "structures.extxyz", index=":")
    infos = store.structures(run_id)
    assert len(frames) == len(infos)
    for atoms, info in zip(frames, infos, strict=True):
        crystal = store.structure(run_id, info.number, source=info.source, relaxed=info.relaxed)
        np.testing.assert_allclose(atoms.positions, crystal.positions, atol=1e-7)
        assert ("energy_per_atom" in atoms.info) == info.relaxed
    (row,) = pq.read_table(tmp_path / "runs.parquet").to_pylist()
    assert json.loads(row["config"]) == store.run(run_id).config
    assert not {"token", "pid", "host"} & set(row)


def test_the_structures_are_an_ase_database_too(store, run_id, tmp_path):
    save_run(store, run_id, tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        archive.extract("structures.db", tmp_path)
    rows = list(ase.db.connect(tmp_path / "structures.db").select())
    for row, info in zip(rows, store.structures(run_id), strict=True):
        crystal = store.structure(run_id, info.number, source=info.source, relaxed=info.relaxed)
        assert (row.source, row.number, row.relaxed) == (info.source, info.number, info.relaxed)
        assert row.positions.tobytes() == crystal.positions.tobytes()
        assert row.numbers.tolist() == crystal.numbers.tolist()
        assert (row.get("energy") is None) == (not info.relaxed)
        assert not info.relaxed or row.energy == info.energy * info.n_atoms


@pytest.mark.parametrize(
    "damage", ["empty", "text", "cut", "no runs", "no table", "bad table", "other format"]
)
def test_what_is_no_archive_is_a_sentence_and_leaves_nothing(store, run_id, tmp_path, damage):
    good, bad = tmp_path / "run.zip", tmp_path / "bad.zip"
    save_run(store, run_id, good)
    content = good.read_bytes()
    if damage in ("empty", "text", "cut"):
        bad.write_bytes({"empty": b"", "text": b"hello", "cut": content[: len(content) // 2]}[damage])
    else:
        leave_out = {"no runs": "runs.parquet", "no table": "steps.parquet"}.get(damage)
        with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
            for entry in source.namelist():
                text = source.read(entry)
                if damage == "bad table" and entry == "updates.parquet":
                    text = b"PAR1"
                if damage == "other format" and entry == "runs.parquet":
                    text = text.replace(b"rlcsp-archive-1", b"rlcsp-archive-9")
                if entry != leave_out:
                    target.writestr(entry, text)
    before = len(store.runs())
    with pytest.raises(StoreError, match=r"bad\.zip"):
        import_runs(store, whole_archive(bad))
    assert len(store.runs()) == before


@pytest.mark.parametrize("name", ["all.zip", "all"])
def test_a_whole_experiment_comes_back_as_one(store, rng, tmp_path, name):
    for seed in (1, 2):
        claim = store.create_claimed({**CONFIG, "seed": seed}, name="A", experiment="quick")
        steps = [step(i, rng, -26.0 - i / 20, i % 2 == 0, i % 3 == 0) for i in range(1, 9)]
        store.append(claim, [member(0, rng), *steps, StopRecord("steps", 8, None)], {"seed": seed})
    assert export_experiment(store, "quick", tmp_path / name, lambda _: None, whole=True) == 2
    other = open_store(str(tmp_path / "other.sqlite"))
    made = import_runs(other, whole_archive(tmp_path / name))
    assert import_runs(other, whole_archive(tmp_path / name)) == []  # they are there
    for run, copy in zip(store.runs(oldest_first=True), other.runs(oldest_first=True), strict=True):
        assert copy.id in made
        assert differing(run, copy) <= OWN
        for read in ("steps", "population", "updates"):
            assert differing(getattr(store, read)(run.id), getattr(other, read)(copy.id)) == set()
        assert other.structures(copy.id) == store.structures(run.id)
        assert other.checkpoint(copy.id) == store.checkpoint(run.id)
    other.close()


def test_thinned_runs_are_not_loaded(store, rng, tmp_path):
    claim = store.create_claimed(CONFIG, name="A", experiment="quick")
    store.append(claim, [member(0, rng), StopRecord("steps", 0, None)], {})
    export_experiment(store, "quick", tmp_path / "thin", lambda _: None)
    with pytest.raises(StoreError, match="thinned to what pages show; only what `save` and `export --whole`"):
        import_runs(store, whole_archive(tmp_path / "thin"))
