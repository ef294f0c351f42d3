"""A second look as a job: stored as it goes, stopped, killed, taken up again; and its command and files."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import ase.db
import ase.io
import numpy as np
import pandas as pd
import pytest

from pages.structures.downloads import file_choices
from pages.structures.item import Item
from rlcsp_core.analysis.second_look import distinct_minima, refinement_of, second_look
from rlcsp_core.cli.main import main
from rlcsp_core.crystal.identity import are_duplicates
from rlcsp_core.execution import Halt
from rlcsp_core.execution.refining import refine
from rlcsp_core.outside import VARIABLE
from rlcsp_core.records import PopulationRecord
from rlcsp_core.report import report
from rlcsp_core.store import Refinement, RunState, Source, StructureKey, open_store
from rlcsp_core.store.archive import Archive
from rlcsp_core.store.archive_files import Form
from rlcsp_core.store.export import write
from rlcsp_core.store.importing import import_runs
from rlcsp_core.store.library import Library
from tests.execution.fake import ROOT, wait_until
from tests.refining.calculators import SAME, SLOW, SLOWLY
from tests.refining.conftest import CONFIG

BURST = "tests.refining.calculators:burst"


def test_the_same_potential_gives_the_same_order(store, run_id, trusted):  # noqa: ARG001
    seen = []
    groups = refine(store, store, [run_id], SAME, 10, Halt(), lambda *counts: seen.append(counts))
    assert seen == [(done, 4) for done in range(5)]
    made = {each.key: each for each in store.refinements([run_id], SAME)}
    assert len(made) == 4
    for group in groups:  # each once, in the smallest of its cells
        found, again = refinement_of(group, made)
        assert found.n_atoms == again.crystal.n_atoms == min(member.n_atoms for member in group.members)
        assert again.energy == pytest.approx(group.best.energy, abs=1e-4)
        first = store.crystal(found)
        assert are_duplicates(first, again.crystal)


def test_what_is_done_is_not_done_again(store, run_id, trusted):  # noqa: ARG001
    refine(store, store, [run_id], SAME, 2, Halt())
    first = store.refinements([run_id], SAME)
    assert len(first) == 2
    seen = []
    refine(store, store, [run_id], SAME, 3, Halt(), lambda *counts: seen.append(counts))
    assert seen == [(2, 3), (3, 3)]
    again = {each.key: each.seconds for each in store.refinements([run_id], SAME)}
    assert {each.key: each.seconds for each in first}.items() <= again.items()


def test_an_explosion_is_marked_and_the_others_are_done(store, run_id, trusted):  # noqa: ARG001
    refine(store, store, [run_id], BURST, 10, Halt())
    made = store.refinements([run_id], BURST)
    assert len(made) == 4
    assert {(each.energy, each.crystal) for each in made} == {(None, None)}
    assert all("blew the cell up" in each.reason for each in made)


def test_a_stop_leaves_the_unfinished_relaxation_undone(store, run_id, trusted, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv(SLOW, "0")
    halt = Halt()
    refine(store, store, [run_id], SLOWLY, 10, halt, lambda done, _: halt.ask() if done == 2 else None)
    assert len(store.refinements([run_id])) == 2


@pytest.fixture
def start(path, store, run_id, monkeypatch):  # noqa: ARG001
    """start(seconds an evaluation) -> a process that relaxes again."""
    monkeypatch.delenv(VARIABLE, raising=False)  # the command trusts what it is told
    processes = []

    def begin(pause):
        command = [
            sys.executable,
            "-m",
            "rlcsp_core",
            "refine",
            run_id,
            "--model",
            SLOWLY,
            "--database",
            str(path),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), SLOW: str(pause)}
        processes.append(
            subprocess.Popen(
                [*command, "--json"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
            )
        )
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_was_finished_survives_the_end_of_the_process(store, run_id, start, number):
    process = start(0.5)
    wait_until(lambda: store.refinements([run_id], SLOWLY), "the first relaxation")
    process.send_signal(number)
    out, _ = process.communicate()
    assert process.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert bool(out) == (number != signal.SIGKILL)
    before = store.refinements([run_id], SLOWLY)
    assert 1 <= len(before) < 4
    again = start(0)
    again.communicate()
    assert again.returncode == 0
    after = {each.key: each.seconds for each in store.refinements([run_id], SLOWLY)}
    assert len(after) == 4
    assert {each.key: each.seconds for each in before}.items() <= after.items()


@pytest.fixture
def call(path, capsys, trusted):  # noqa: ARG001
    def run(*words):
        code = main(["refine", *words, "--database", str(path)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_the_command_prints_both_ranks_and_a_verdict(call, run_id):
    code, out, _ = call(run_id, "--model", SAME, "--json")
    *rows, last = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["rank"] for row in rows] == [row["model_rank"] for row in rows] == [1, 2, 3, 4]
    assert [row["known"] for row in rows] == ["rock salt", None, None, None]
    assert last == {
        "composition": "SrO",
        "potential": "ysrtio",
        "model": SAME,
        "verdict": "First on ions and by same: rock salt, which is the known structure.",
    }
    code, out, _ = call(run_id, "--model", SAME, "--top", "2")
    assert code == 0
    assert out.splitlines()[0].split()[:2] == ["rank", "model_rank"]
    assert len(out.splitlines()) == 5


@pytest.fixture
def experiment(store, minima):
    """Runs of two potentials and of two compounds, of an experiment."""
    for change in ({}, {"seed": 2}, {"potential": "pedone"}, {"composition": "TiO2"}):
        mine = store.create_claimed({**CONFIG, **change}, name="one", experiment="mixed")
        if "composition" not in change:
            members = [
                PopulationRecord(i, 1, energy, None, 10, 0.01, crystal, crystal)
                for i, (energy, crystal) in enumerate(minima[:2])
            ]
            store.append(mine, members, None)
        store.end(mine, RunState.STOPPED, "stopped")
    return "mixed"


def test_energies_of_two_potentials_are_ranked_apart(call, run_id, experiment, tmp_path):  # noqa: ARG001
    """The run that is of no experiment is of the first compound and potential too."""
    for words, numbers in ((("--experiment", experiment), [2, 2]), (("--composition", "OSr"), [2, 4])):
        table = tmp_path / "table.csv"
        code, out, _ = call(*words, "--model", SAME, "--json", "--output", str(table))
        assert code == 0
        said = [json.loads(line) for line in out.splitlines()]
        verdicts = [(line["composition"], line["potential"]) for line in said if "verdict" in line]
        assert verdicts == [("SrO", "pedone"), ("SrO", "ysrtio")]
        counted = pd.read_csv(table).groupby("potential")["rank"].apply(list).to_dict()
        assert counted == {
            name: list(range(1, n + 1)) for name, n in zip(("pedone", "ysrtio"), numbers, strict=True)
        }
    _, out, _ = call("--experiment", experiment, "--model", SAME)
    assert "\nSrO, ysrtio\n" in out
    made = sum("model_rank" in line for line in out.splitlines())
    assert made == 2


def test_both_energies_are_in_every_file(call, run_id, tmp_path, minima):
    files = {ending: tmp_path / f"both{ending}" for ending in (".csv", ".extxyz", ".db")}
    for file in files.values():
        assert call(run_id, "--model", SAME, "--output", str(file))[0] == 0
    table = pd.read_csv(files[".csv"])
    lowest = min(energy for energy, _ in minima)
    assert table["energy_per_atom"][0] == pytest.approx(lowest, abs=1e-9)
    assert table["model_energy_per_atom"][0] == pytest.approx(lowest, abs=1e-4)
    frames = ase.io.read(files[".extxyz"], ":")
    rows = list(ase.db.connect(files[".db"]).select())
    assert len(frames) == len(rows) == 8
    assert {frame.info["relaxed_by"] for frame in frames} == {"ions", SAME}
    for frame, row in zip(frames, rows, strict=True):
        assert frame.info["energy_per_atom"] == pytest.approx(frame.info["model_energy_per_atom"], abs=1e-4)
        assert row.relaxed_by == frame.info["relaxed_by"]
        assert (row.found, row.potential) == (frame.info["found"], "ysrtio")
        assert row.found.split("/")[0] == run_id
        assert [row.get(f"{edge}_change") for edge in "abc"] == pytest.approx([0, 0, 0], abs=1e-3)
        own = "energy_per_atom" if row.relaxed_by == "ions" else "model_energy_per_atom"
        assert row.energy == pytest.approx(row.natoms * row.get(own))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("ffff",), "there is no run 'ffff'"),
        (("--composition", "TiO2"), "name runs by their ids, or by --composition and --experiment, not both"),
        (("--model", "magic"), "unknown model 'magic'"),
        (("--top", "0"), "between 1 and 100"),
        (("--output", "a.txt"), "must end in one of .csv, .extxyz, .db"),
        (("--output", "/nowhere/a.csv", "--model", SAME), "cannot be written"),
        (("--model", "tests.refining.calculators:missing"), "no calculator"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, run_id, words, sentence):
    code, _, err = call(*(words if words[0] == "ffff" else (run_id, *words)))
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "say which runs: their ids, --composition or --experiment"),
        (("--composition", "TiO2"), "this database holds no run of TiO2 with structures"),
        (("--experiment", "none", "--composition", "OSr"), "'none' holds no run of SrO with structures"),
        (("--composition", "Q7"), "Q7"),
    ],
)
def test_where_no_run_is_meant_it_is_said(call, run_id, words, sentence):  # noqa: ARG001
    code, _, err = call(*words)
    assert code == 2
    assert sentence in err


def test_a_deleted_run_takes_its_refinements_along(store, run_id, minima):
    store.add_refinement(
        Refinement(StructureKey(run_id, Source.POPULATION, 0), SAME, "1", -1.0, None, 3, 0.1, minima[0][1])
    )
    assert len(store.refinements([run_id])) == 1
    store.delete_run(run_id)
    assert store.refinements([run_id]) == []


@pytest.mark.parametrize("name", ["run.zip", "folder"])
def test_refinements_travel_with_their_run(store, run_id, minima, tmp_path, name):
    where = StructureKey(run_id, Source.POPULATION, 0)
    made = [
        Refinement(where, SAME, "1", -1.0, None, 3, 0.1, minima[0][1]),
        Refinement(where._replace(number=1), SAME, "1", None, "it burst", 3, 0.1, None),
    ]
    for each in made:
        store.add_refinement(each)
    form = Form(None, thin=False)
    write([(store, store.run(run_id))], tmp_path / name, form, zipped=name == "run.zip")
    archive = Archive(tmp_path / name)
    (copy,) = import_runs(store, archive)
    for found in (archive.refinements([run_id], SAME), store.refinements([copy])):
        assert [(e.key[1:], e.energy, e.reason) for e in found] == [
            (e.key[1:], e.energy, e.reason) for e in made
        ]
        assert found[0].crystal.positions.tobytes() == minima[0][1].positions.tobytes()
        assert found[1].crystal is None
    assert archive.refinements([run_id], "other") == []
    if name == "folder":  # written once more, without any
        other = store.create_claimed({**store.run(run_id).config, "seed": 9}, name="other")
        store.end(other, RunState.STOPPED, "stopped")
        write([(store, store.run(other.run_id))], tmp_path / name, form, zipped=False)
        assert Archive(tmp_path / name).refinements([run_id]) == []


@pytest.fixture
def seen_again(store, run_id, minima):
    """A structure that is not the lowest of its run, by two models."""
    where = StructureKey(run_id, Source.POPULATION, 2)
    for model, energy, crystal in (("diep", -5.25, minima[2][1]), (SAME, None, None)):
        reason = None if energy else "it burst"
        store.add_refinement(Refinement(where, model, "1", energy, reason, 3, 0.1, crystal))
    return where


def test_thinned_runs_keep_what_was_relaxed_again(store, run_id, seen_again, minima, tmp_path):
    write([(store, store.run(run_id))], tmp_path / "one", Form("told", thin=True), zipped=False)
    library = Library(open_store(str(tmp_path / "empty.sqlite")), tmp_path)
    assert [each.key for each in library.refinements([run_id])] == [seen_again] * 2
    again = library.refinements([run_id], "diep")[0]
    assert again.energy == -5.25
    assert np.allclose(again.crystal.positions, minima[2][1].positions, atol=1e-5)
    lowest = store.lowest([run_id], 1)[0]
    assert {(i.source, i.number) for i in library.structures(run_id)} == {seen_again[1:], lowest.key[1:]}
    rows = second_look(
        distinct_minima(library, [run_id], 5),
        [again],
        library.crystal,
    ).rows
    assert [row.second_rank for row in rows] == [None, 1]
    mine = replace(again, energy=-6.0)  # done here, once more
    library.store.add_refinement(mine)
    assert [each.energy for each in library.refinements([run_id], "diep")] == [-6.0]
    assert [each.model for each in library.refinements([run_id])] == ["diep", SAME]


def test_structures_of_a_saved_run_carry_both_energies(store, run_id, seen_again, tmp_path):
    write([(store, store.run(run_id))], tmp_path, Form(None, thin=False), zipped=False)
    frames = ase.io.read(tmp_path / "structures.extxyz", ":")
    rows = list(ase.db.connect(tmp_path / "structures.db").select())
    assert len(frames) == len(rows)
    both = [frame for frame in frames if "energy_per_atom_diep" in frame.info]
    assert [frame.info["relaxed_by"] for frame in both] == ["ions", "diep"]
    (found,) = [each for each in store.lowest([run_id], 9) if each.key == seen_again]
    for frame in both:
        assert (frame.info["source"], frame.info["number"]) == ("population", 2)
        assert frame.info["energy_per_atom"] == pytest.approx(found.energy, abs=1e-7)
        assert frame.info["energy_per_atom_diep"] == -5.25
    ions, diep = [row for row in rows if "energy_per_atom_diep" in row]
    assert ions.energy == pytest.approx(ions.natoms * found.energy)
    assert diep.energy == pytest.approx(-5.25 * diep.natoms)
    assert diep.energy_per_atom == pytest.approx(found.energy)


def test_the_report_of_a_run_has_both_ranks_and_energies(store, run_id, seen_again, minima):  # noqa: ARG001
    lowest = store.lowest([run_id], 1)[0].key
    store.add_refinement(Refinement(lowest, "diep", "<1>", -5.0, None, 3, 0.1, minima[0][1]))
    page = report(store, store.run(run_id))
    assert "<h2>Second look by DIEP</h2>" in page
    cells = re.findall(r"<tr><td>1</td><td>2</td><td>(.*?)</td><td>(.*?)</td>", page)
    assert cells == [(f"−{-minima[0][0]:.5f}", "−5.00000")]
    assert "First on ions, second by DIEP" in page
    assert "Relaxed again by 1; &lt;1&gt;." in page
    assert "it burst" in page


def test_a_structure_alone_carries_both_energies(minima):
    made = Refinement(StructureKey("ab", Source.STEP, 1), "diep", "1", -5.25, None, 3, 0.1, minima[1][1])
    energy, crystal = minima[0]
    texts = {
        label: formats["extxyz"].write(shown)
        for label, shown, _, formats in file_choices(Item(crystal, "SrO", energy=energy, refined=[made]))
    }
    for label, who in (("As shown", "ions"), ("Relaxed by DIEP", "diep")):
        info = ase.io.read(io.StringIO(texts[label]), format="extxyz").info
        assert info == {
            "energy_per_atom": pytest.approx(energy),
            "energy_per_atom_diep": -5.25,
            "relaxed_by": who,
        }
    (bare, *_) = file_choices(Item(crystal, "SrO"))
    assert ase.io.read(io.StringIO(bare[3]["extxyz"].write(crystal)), format="extxyz").info == {}
