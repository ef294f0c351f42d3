"""`potentials` and `--potential`: what is listed, what is chosen, what a file does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ase.build import bulk

from rlcsp_core.cli.main import main
from rlcsp_core.energy.potential_file import potential_names

FIELDS = {"name", "ions", "form", "charges", "source", "n_validated", "median_error_percent"}


@pytest.fixture
def magnesia(tmp_path) -> str:
    path = tmp_path / "MgO.cif"
    bulk("MgO", "rocksalt", a=4.2).write(path)
    return str(path)


def objects(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_shipped_potential_is_listed_with_its_errors(capsys):
    assert main(["potentials", "--json"]) == 0
    rows = objects(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list(potential_names())
    for row in rows:
        assert set(row) >= FIELDS
        assert row["n_validated"] > 0
        assert 0 < row["median_error_percent"] < 5
        assert set(row["charges"]) == set(row["ions"])
    assert main(["potentials"]) == 0
    assert "Fe3+" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["energy", "relax"])
def test_a_structure_of_other_elements_takes_the_potential_asked_for_or_the_best(command, capsys, magnesia):
    assert main([command, "--json", magnesia]) == 0
    chosen = capsys.readouterr()
    assert "potential pmmcs" in chosen.err
    energies = {}
    for name in ("bush", "pmmcs"):
        assert main([command, "--json", "--potential", name, magnesia]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        [energies[name]] = [row["energy_per_atom"] for row in objects(out)]
    assert energies["pmmcs"] == objects(chosen.out)[0]["energy_per_atom"]
    assert energies["bush"] == pytest.approx(-20.499, abs=0.02)


@pytest.mark.parametrize(("potential", "words"), [
    ("ysrtio", "does not cover Mg"), ("water", "unknown potential 'water'"), ("no.toml", "cannot be read"),
])  # fmt: skip
def test_a_potential_that_will_not_do_is_a_sentence(potential, words, capsys, magnesia):
    assert main(["energy", "--potential", potential, magnesia]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert out == ""


def test_a_search_of_magnesia_just_works_and_says_its_potential(capsys, tmp_path):
    database = f"sqlite:///{tmp_path / 'runs.db'}"
    small = ["--steps", "2", "--population", "2", "--max-atoms", "8", "--database", database, "--json"]
    assert main(["run", "--composition", "MgO", *small]) == 0
    out, err = capsys.readouterr()
    assert "potential pmmcs: that of the known minimum; lattice constants of periclase MgO" in err
    assert json.loads(out)["best_energy_per_atom"] < -7

    from rlcsp_core.store import open_store

    [run] = open_store(database).runs()
    assert run.config["potential"] == "pmmcs"


def test_a_file_is_recorded_with_the_run_by_what_it_says(capsys, tmp_path):
    path = Path(tmp_path / "mine.toml")
    path.write_text(
        "[charges]\nMg = 2\nO = -2\n"
        "[[pairs]]\nelements = ['Mg', 'O']\nA = 1428.5\nrho = 0.2945\n"
        "[[pairs]]\nelements = ['O', 'O']\nA = 22764.0\nrho = 0.149\nC = 27.879\n"
    )
    database = f"sqlite:///{tmp_path / 'runs.db'}"
    small = ["--steps", "2", "--population", "2", "--max-atoms", "8", "--database", database, "--json"]
    assert main(["run", "--composition", "MgO", "--potential", str(path), *small]) == 0
    first = json.loads(capsys.readouterr().out)
    path.unlink()  # what the run needs is in the database

    from rlcsp_core.store import open_store

    [run] = open_store(database).runs()
    assert run.config["potential"]["pairs"][0]["A"] == 1428.5
    assert main(["repeat", first["run_id"], "--database", database]) == 0
