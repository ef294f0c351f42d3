"""Outcomes of stored runs as a table, and of streams of searches: against what was put in."""

import numpy as np
import pandas as pd
import pytest

from rlcsp_core.analysis.outcomes import COLUMNS, outcomes, read_outcomes, shipped_outcomes
from rlcsp_core.analysis.stream import curve, fall, headline, sentence
from rlcsp_core.cli.main import main
from rlcsp_core.errors import ConfigError
from rlcsp_core.execution import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import open_store

EASY = SearchConfig(
    composition="SrTiO3", seed=5, steps=40, max_atoms=10, population=2, target=-31.716, algorithm="uniform"
)


def test_a_run_becomes_a_row(tmp_path, capsys):
    database, path = str(tmp_path / "runs.sqlite"), tmp_path / "tried.csv"
    store = open_store(database)
    for name, target in (("SrTiO3 · easy", -31.716), ("SrTiO3 · never", -40.0)):
        config = {**EASY.as_dict(), "target": target}
        execute(store, store.create_claimed(config, name=name, experiment="tried"), Halt())
    execute(
        store, store.create_claimed({**EASY.as_dict(), "target": None}, name="x", experiment="tried"), Halt()
    )
    found = outcomes(store, store.runs(experiment="tried", oldest_first=True))
    easy, never = found.to_dict("records")
    assert (easy["label"], easy["algorithm"], easy["seed"], easy["reached"]) == ("easy", "uniform", 5, True)
    assert (never["steps"], never["reached"]) == (40, False)
    assert 0 < easy["steps"] < 40
    assert min(easy["cpu"], never["cpu"]) > 0
    assert main(["export", "tried", "--database", database, "--output", str(path)]) == 0
    assert "2 searches" in capsys.readouterr().out
    pd.testing.assert_frame_equal(read_outcomes(path), found, check_dtype=False)


def test_a_table_without_a_column_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("composition,label\nX,a\n")
    with pytest.raises(ConfigError, match="no column 'algorithm'"):
        read_outcomes(tmp_path / "a.csv")


@pytest.mark.parametrize("path", shipped_outcomes().values(), ids=str)
def test_shipped_tables_are_whole(path):
    table = read_outcomes(path)
    assert list(table) == list(COLUMNS)
    counts = table.groupby(["composition", "label"])["seed"].nunique()
    assert counts.nunique() == 1
    assert not table.duplicated(["composition", "label", "seed"]).any()


def test_a_stream_that_learns_falls(rng):
    rows = [
        ("X", label, "belief", 1000 * stream + k, k, 100 * rng.exponential() / (k if label == "learns" else 1), True)
        for label in ("learns", "does not")
        for stream in range(1, 11)
        for k in range(1, 21)
    ]  # fmt: skip
    table = pd.DataFrame(
        rows, columns=["composition", "label", "algorithm", "seed", "search", "steps", "reached"]
    )
    learns, not_ = (fall(table, label, "steps") for label in ("learns", "does not"))
    assert (learns.n_streams, learns.n_searches) == (10, 20)
    assert learns.last < learns.first / 2
    assert learns.p < 0.01 < not_.p
    falls = {"learns": learns, "does not": not_}
    assert headline(falls, "steps").startswith("1 of 2 need fewer steps")
    assert headline(falls, "steps").endswith(": learns.")
    assert headline({"a": learns, "b": learns}, "steps").startswith("All 2 need")
    assert headline({"a": learns._replace(is_bound=(True, True))}, "steps").startswith("None of 1")
    line = curve(table, "learns", "steps")
    assert line.search.tolist() == list(range(1, 21))
    assert np.all((line.low <= line.mean) & (line.mean <= line.high))
    assert not line.is_bound.any()
    table.loc[(table["label"] == "learns") & (table["search"] == 3), "reached"] = [False, *[True] * 9]
    assert curve(table, "learns", "steps").is_bound.tolist() == [k == 3 for k in range(1, 21)]
    unknown = table.assign(cpu=table["steps"].where(table["search"] != 2))
    assert 0 < fall(unknown, "learns", "cpu").p < 0.01, "a search without its CPU time is left out"
    first, last = fall(table, "learns", "steps"), fall(table, "does not", "steps")
    assert (first.is_bound, last.is_bound) == ((True, False), (False, False))
    assert sentence(first, "Learns", "steps").startswith(
        f"Learns: at least {first.first:.3g} steps in the first 3"
    )
    assert "at least" not in sentence(last, "Does not", "steps")
