"""A run packed into one file and taken in again is the same run."""

import json
import zipfile
from dataclasses import fields

import ase.db
import ase.io
import numpy as np
import pytest

from rlcsp_core.errors import StoreError
from rlcsp_core.records import StopRecord
from rlcsp_core.store import RunState
from rlcsp_core.store.bundle import pack_run, take_in
from tests.store.examples import member, step
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
    pack_run(store, run_id, tmp_path / "run.zip")
    other = take_in(store, tmp_path / "run.zip")
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
    pack_run(store, run_id, tmp_path / "run.zip")
    other = take_in(store, tmp_path / "run.zip")
    assert store.run(other).state is RunState.INTERRUPTED
    claim = store.claim(other)
    store.append(claim, [step(24, rng)], {})
    assert store.run(other).n_steps == 24


def test_other_programs_can_read_the_structures(store, run_id, tmp_path):
    pack_run(store, run_id, tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        archive.extract("structures.extxyz", tmp_path)
        about = json.loads(archive.read("run.json"))
    frames = ase.io.read(tmp_path / "structures.extxyz", index=":")
    infos = store.structures(run_id)
    assert len(frames) == len(infos)
    for atoms, info in zip(frames, infos, strict=True):
        crystal = store.structure(run_id, info.number, source=info.source, relaxed=info.relaxed)
        np.testing.assert_allclose(atoms.positions, crystal.positions, atol=1e-7)
        assert ("energy_per_atom" in atoms.info) == info.relaxed
    assert about["config"] == store.run(run_id).config
    assert "token" not in about


def test_the_structures_are_an_ase_database_too(store, run_id, tmp_path):
    pack_run(store, run_id, tmp_path / "run.zip")
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
    "damage", ["empty", "text", "cut", "no run.json", "wrong format", "no table", "bad table"]
)
def test_what_is_no_archive_is_a_sentence_and_leaves_nothing(store, run_id, tmp_path, damage):
    good, bad = tmp_path / "run.zip", tmp_path / "bad.zip"
    pack_run(store, run_id, good)
    content = good.read_bytes()
    if damage in ("empty", "text", "cut"):
        bad.write_bytes({"empty": b"", "text": b"hello", "cut": content[: len(content) // 2]}[damage])
    else:
        leave_out = {"no run.json": "run.json", "no table": "steps.parquet"}.get(damage)
        replace = {
            "wrong format": ("run.json", b'{"format": "x"}'),
            "bad table": ("updates.parquet", b"PAR1"),
        }
        name, text = replace.get(damage, (None, b""))
        with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
            for entry in source.namelist():
                if entry != leave_out:
                    target.writestr(entry, text if entry == name else source.read(entry))
    before = len(store.runs())
    with pytest.raises(StoreError, match=r"bad\.zip"):
        take_in(store, bad)
    assert len(store.runs()) == before
