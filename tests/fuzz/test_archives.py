"""Archives of runs that are damaged, made up, or meant to fill the memory: refused, and nothing is left behind."""

import io
import json
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcsp_core.errors import StoreError
from rlcsp_core.records import StopRecord
from rlcsp_core.store import ENDED, open_store
from rlcsp_core.store import archive as archives
from rlcsp_core.store.export import save_run
from rlcsp_core.store.importing import import_runs, whole_archive
from tests.fuzz.mutations import bounded, damaged_bytes, damaged_json, is_sentence
from tests.store.examples import CONFIG, member, step

pytestmark = pytest.mark.slow

STEPS = 12


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = open_store(str(tmp_path_factory.mktemp("archives") / "runs.sqlite"))
    yield store
    store.close()


@pytest.fixture(scope="module")
def archive(store, tmp_path_factory):
    """The bytes of a sound one."""
    rng = np.random.default_rng(3)
    mine = store.create_claimed(CONFIG, name="sound")
    steps = [step(i, rng, -26.0 - i / 50, i % 2 == 0, i % 5 == 0) for i in range(1, STEPS + 1)]
    store.append(mine, [member(0, rng), member(1, rng, None), *steps], {"rng": 1})
    store.append(mine, [StopRecord("steps", STEPS, None)], {"rng": 1})
    path = tmp_path_factory.mktemp("sound") / "run.zip"
    save_run(store, mine.run_id, path)
    return path.read_bytes()


@pytest.fixture
def attempt(store, tmp_path):
    """Take bytes in: a whole run, or a sentence and no run."""

    def take(content):
        path = tmp_path / "x.zip"
        path.write_bytes(content)
        before = [run.id for run in store.runs()]
        try:
            made = import_runs(store, whole_archive(path))
        except StoreError as error:
            is_sentence(error, "x.zip")
            assert [r.id for r in store.runs()] == before
            return str(error)
        assert len(store.runs()) == len(before) + len(made)
        for run in [store.run(run_id) for run_id in made]:
            assert run.state in ENDED
            assert (len(store.population(run.id)), len(store.steps(run.id))) == (
                run.n_population,
                run.n_steps,
            )
            assert all(np.isfinite(store.structure(run.id, *key).cell).all() for key in keys(store, run.id))
            kinds = {"composition": str, "algorithm": str, "seed": int}  # what lists of runs show and sort by
            assert {name: type(getattr(run, name)) for name in kinds} == kinds
            store.delete_run(run.id)
        return None

    return take


def keys(store, run_id):
    return [(info.number,) for info in store.structures(run_id) if info.source == "step" and info.relaxed]


def rebuilt(archive, name, text):
    """The archive with other content in one of its members."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(made, "w") as target:
        for entry in source.namelist():
            target.writestr(entry, text if entry == name else source.read(entry))
    return made.getvalue()


def read(archive, name):
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        return source.read(name)


def described(archive, **changes):
    """The archive with other values in the row of its run."""
    table = pq.read_table(io.BytesIO(read(archive, "runs.parquet")))
    (row,) = table.to_pylist()
    made = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row | changes], table.schema), made)
    return rebuilt(archive, "runs.parquet", made.getvalue())


def row_of(archive):
    (row,) = pq.read_table(io.BytesIO(read(archive, "runs.parquet"))).to_pylist()
    return row


def test_a_sound_archive_is_taken_in(archive, attempt):
    assert attempt(archive) is None


def test_damaged_bytes(archive, attempt):
    @bounded(60)
    @given(damaged_bytes(archive))
    def damaged(content):
        attempt(content)

    damaged()


@pytest.mark.parametrize("name", ["runs", "steps", "population", "updates", "structures"])
def test_damaged_tables(archive, attempt, name):
    table = read(archive, f"{name}.parquet")

    @bounded(30)
    @given(damaged_bytes(table) | st.binary(max_size=50))
    def damaged(content):
        attempt(rebuilt(archive, f"{name}.parquet", content))

    damaged()


@pytest.mark.parametrize("name", ["config", "versions", "tally", "checkpoint"])
def test_damaged_descriptions(archive, attempt, name):
    value = json.loads(row_of(archive)[name])

    @bounded(60)
    @given(damaged_json(value))
    def damaged(content):
        attempt(described(archive, **{name: json.dumps(content)}))

    damaged()


@pytest.mark.parametrize("name", ["id", "name", "state", "reason", "config", "tally", "checkpoint"])
@pytest.mark.parametrize("text", ["", "\0", "running", "ÿ" * 5000, "[" * 100_000, None])
def test_other_words_in_the_row_of_a_run(archive, attempt, name, text):
    attempt(described(archive, **{name: text}))


@pytest.mark.parametrize(
    ("name", "value"), [("composition", 3), ("algorithm", None), ("seed", "1"), ("seed", True)]
)
def test_what_a_list_of_runs_shows_must_be_of_its_kind(archive, attempt, name, value):
    config = {**json.loads(row_of(archive)["config"]), name: value}
    assert f"its {name} is {value!r}" in attempt(described(archive, config=json.dumps(config)))


@pytest.mark.parametrize("table", ["population", "steps", "updates", "structures"])
def test_columns_that_are_missing_or_empty_or_of_another_kind(archive, attempt, table):
    content = pq.read_table(io.BytesIO(read(archive, f"{table}.parquet")))
    for column in content.column_names:
        place = content.column_names.index(column)
        for other in (None, pa.nulls(len(content)), pa.array(["x"] * len(content))):
            made = io.BytesIO()
            changed = (
                content.remove_column(place) if other is None else content.set_column(place, column, other)
            )
            pq.write_table(changed, made)
            attempt(rebuilt(archive, f"{table}.parquet", made.getvalue()))


def test_an_archive_that_unpacks_to_too_much_is_refused(archive, attempt, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1_000_000)
    bomb = io.BytesIO(archive)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as target:
        target.writestr("more", bytes(1_000_001))
    assert "too large" in attempt(bomb.getvalue())


def test_an_archive_that_lies_about_its_size_is_refused(attempt, monkeypatch):
    """The size in the directory is not the size of what is packed."""
    monkeypatch.setattr(archives, "MAX_BYTES", 1_000_000)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("runs.parquet", bytes(5_000_000))
    content = made.getvalue()
    directory = content.index(b"PK\x01\x02")
    lie = struct.pack("<I", 10)
    content = content[: directory + 24] + lie + content[directory + 28 :]
    assert attempt(content) is not None


def test_a_table_that_unpacks_to_too_much_is_refused(archive, attempt, monkeypatch):
    made = io.BytesIO()
    pq.write_table(pa.table({"x": np.zeros(10**6)}), made, use_dictionary=False, compression="zstd")
    monkeypatch.setattr(archives, "MAX_BYTES", 1_000_000)
    assert "too large" in attempt(rebuilt(archive, "steps.parquet", made.getvalue()))
