"""A phase field from its file to its table: searched, relaxed again, interrupted, taken up again, written and read."""

import io
import json
import zipfile

import ase.io
import pandas as pd
import pytest

from rlcsp_core.analysis.phase_field import IONS, phase_field
from rlcsp_core.analysis.phase_field_definition import FieldDefinition
from rlcsp_core.analysis.phase_field_files import FORMS, on_hull_of
from rlcsp_core.cli.main import BAD_INPUT, main
from rlcsp_core.errors import ConfigError
from rlcsp_core.execution import Halt
from rlcsp_core.execution.exploring import explore, formulas_of
from rlcsp_core.execution.field_file import load_field, parse_field, shipped_fields, shipped_outcome
from rlcsp_core.execution.sweep import sweep
from rlcsp_core.store.archive import Archive
from tests.refining.calculators import SAME

TINY = f"""
end_members = ["SrO", "TiO2"]
max_atoms = 5
most_units = 1
seeds = 2
model = "{SAME}"
top = 2
[search]
steps = 3
population = 5
max_atoms = 12
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def call(path, file, capsys, trusted):  # noqa: ARG001
    """call(words) -> exit code, the rows, the summary, what stands on standard error."""

    def run(*words):
        code = main(["field", str(file), "--database", str(path), "--json", *words])
        out, err = capsys.readouterr()
        *rows, last = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()] or [None]
        return code, rows, last, err

    return run


@pytest.mark.slow
def test_a_binary_field_from_file_to_table(call, store, file, tmp_path):
    outputs = {ending: tmp_path / f"out{ending}" for ending in (".csv", ".extxyz", ".zip", "")}
    for ending in ("", ".zip"):
        code, rows, summary, _ = call("--output", str(outputs[ending]))
        assert code == 0
    definition = load_field(file).definition
    there = phase_field(store, definition)
    for ending in (".csv", ".extxyz"):
        outputs[ending].write_bytes(FORMS[ending].write(there, store))
    assert [row["formula"] for row in rows] == ["SrO", "TiO2", "SrTiO3"]
    for row in rows:
        assert row["searches"] == 2
        assert row[f"{SAME}_energy_per_atom"] == pytest.approx(row["ions_energy_per_atom"], abs=1e-4)
    # the energies of GULP for rock salt, rutile and perovskite say that it is stable: see tests/energy
    assert rows[2]["ions_above_hull_mev"] == 0
    assert rows[2]["ions_formation_mev"] < -100
    assert [row["known"] for row in rows] == ["rock salt", "rutile", "perovskite"]
    assert [row["ions_structure"] for row in rows] == ["rock salt", "rutile", "perovskite"]
    assert summary["hull"] == {IONS: ["SrO", "TiO2", "SrTiO3"], SAME: ["SrO", "TiO2", "SrTiO3"]}

    assert list(pd.read_csv(outputs[".csv"])["formula"]) == ["SrO", "TiO2", "SrTiO3"]
    frames = ase.io.read(outputs[".extxyz"], ":")
    assert [(f.info["formula"], f.info["relaxed_by"]) for f in frames] == [
        (row["formula"], energy) for row in rows for energy in (IONS, SAME)
    ]
    for frame, row in zip(frames, [row for row in rows for _ in range(2)], strict=True):
        assert frame.info["ions_energy_per_atom"] == pytest.approx(row["ions_energy_per_atom"])
    with zipfile.ZipFile(outputs[".zip"]) as archive:
        assert sorted(archive.namelist()) == [
            "hull/SrO.cif", "hull/SrTiO3.cif", "hull/TiO2.cif", "structures.extxyz", "table.csv",
        ]  # fmt: skip
        crystal = ase.io.read(io.StringIO(archive.read("hull/SrTiO3.cif").decode()), format="cif")
        assert crystal.get_chemical_formula(empirical=True) == "O3SrTi"

    # without the runs: the same field from what was written, but for roundings of coordinates
    assert FieldDefinition.from_dict("tiny", store.fields()["tiny"]) == definition
    assert phase_field(Archive(outputs[""]), definition) == there


def test_a_field_that_was_interrupted_goes_on_where_it_was(store, file, trusted):  # noqa: ARG001
    field = load_field(file)
    halt = Halt()
    done = []

    def report(run):
        done.append(run.id)
        if len(done) == 4:
            halt.ask()

    def carry_out(plan, halt=halt, report=report):
        sweep(store, plan, halt, report=report)
        return not halt.asked

    explore(store, field, carry_out, halt, SAME, lambda *_: None)
    assert len(store.runs(experiment="tiny")) == 4
    assert store.refinements(done) == []
    before = phase_field(store, field.definition)
    assert (before.n_searches, before.n_wanted) == (4, 6)

    again, counts = Halt(), []

    def stop_at_two(*count):
        counts.append(count)
        if count[0] == 2:
            again.ask()

    explore(store, field, lambda plan: carry_out(plan, again, lambda _: None), again, SAME, stop_at_two)
    runs = store.runs(experiment="tiny")
    assert {run.id for run in runs} > set(done)
    assert len(runs) == 6
    first = {each.key: each.seconds for each in store.refinements([run.id for run in runs])}
    assert len(first) == 2
    assert {key.run_id for key in first} <= {run.id for run in runs if run.composition in ("SrO", "TiO2")}

    explore(store, field, lambda plan: carry_out(plan, Halt(), lambda _: None), Halt(), SAME, lambda *_: None)
    last = {each.key: each.seconds for each in store.refinements([run.id for run in runs])}
    assert first.items() < last.items()
    assert len(store.runs(experiment="tiny")) == 6


def test_a_later_round_searches_longer_what_is_in_doubt(store, trusted):  # noqa: ARG001
    field = parse_field(TINY.replace("seeds = 2", "seeds = 1\nrounds = 2"), "tiny")

    def carry_out(plan):
        sweep(store, plan, Halt(), report=lambda _: None)
        return True

    explore(store, field, carry_out, Halt(), None, lambda *_: None)
    runs = store.runs(experiment="tiny", oldest_first=True)
    assert [(run.composition, run.seed, run.config["steps"]) for run in runs] == [
        (formula, seed, 3 * seed) for seed in (1, 2) for formula in ("SrO", "TiO2", "SrTiO3")
    ]
    assert formulas_of(store, field, 2) == ["SrO", "TiO2", "SrTiO3"]  # whenever it is asked


def test_later_rounds_stay_within_what_a_search_allows():
    text = f"rounds = 3\n{TINY}time_limit = 2592000\n".replace("steps = 3", "steps = 10000000")
    field = parse_field(text, "tiny")
    last = field.round(3, ["SrO"]).runs()[0].config
    assert (last.steps, last.time_limit) == (10_000_000, 2_592_000.0)


def test_without_the_extra_the_hull_is_that_of_the_ions_and_it_is_said(call, file, monkeypatch):
    monkeypatch.setattr("rlcsp_core.relax.learned._version", lambda _package: None)
    file.write_text(TINY.replace(SAME, "diep").replace("seeds = 2", "seeds = 1"))
    code, rows, summary, err = call()
    assert code == 0
    assert "DIEP is not installed (make app ML=1" in err
    assert summary["hull"] == {IONS: ["SrO", "TiO2", "SrTiO3"]}
    assert "diep_energy_per_atom" not in rows[0]
    assert call("--model", "none")[3].count("DIEP") == 0


def test_the_table_for_people_ends_with_what_is_stable(path, file, capsys, trusted):  # noqa: ARG001
    assert main(["field", str(file), "--database", str(path), "--model", "none"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split()[:3] == ["formula", "atoms", "hits"]
    assert "On the hull by ions: SrO, TiO2, SrTiO3." in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--output", "a.txt"), "must end in one of .csv, .extxyz, .zip"),
        (("--top", "0"), "between 1 and 100"),
        (("--model", "magic"), "unknown model 'magic'"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_searched(call, store, words, sentence):
    code, _, _, err = call(*words)
    assert code == BAD_INPUT
    assert sentence in err
    assert store.runs() == []


# files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('title = "x"\n', "line 1: end_members must be a list of two or three formulas"),
        ('end_members = ["SrO"]', "line 1: a phase field has 2 or 3 end members, got 1"),
        ('title = "x"\nend_members = ["SrO", "TiO"]', "line 2: TiO: 'TiO' is not charge neutral"),
        ('end_members = ["SrO", "TiO2"]\nsteps = 3', "line 2: unknown key 'steps'; choose from title"),
        ('end_members = ["SrO", "TiO2"]\nmax_atoms = 2', "line 2: the end member TiO2 has 3 atoms"),
        ('end_members = ["SrO", "TiO2"]\n\nmax_atoms = "9"', "line 3: max_atoms must be a whole number"),
        (
            'end_members = ["SrO", "TiO2"]\nrounds = true',
            "line 2: rounds must be a whole number from 1 to 10",
        ),
        ('end_members = ["SrO", "TiO2"]\nseeds = 0', "line 2: seeds must be a number"),
        (
            'end_members = ["SrO", "TiO2"]\nseeds = [1, 2147483647]\nrounds = 2',
            "line 2: seeds of the last round would go up to 4294967294; the largest is 2147483647",
        ),
        ('end_members = ["SrO", "TiO2"]\nmodel = "magic"', "line 2: unknown model 'magic'"),
        ('end_members = ["SrO", "TiO2"]\nmodel = 3', "line 2: model must be a text in quotes, got 3"),
        ('end_members = ["SrO", "TiO2"]\n[search]\nsteps = "a"', "line 3: steps must be"),
        ('end_members = ["SrO", "TiO2"]\n[search]\ncomposition = "SrO"', "line 3: unknown key 'composition'"),
        ('end_members = ["SrO", "TiO2"]\n[search]\n\nmax_atoms = 3', "line 4: SrO: an atom limit of 3"),
        ('end_members = ["SrO", "TiO2"]\n[search]\nalgorithm = "magic"', "line 3: SrO: unknown algorithm"),
        ('end_members = ["SrO", "TiO2"]\n[known]\nSrTiO3 = 3', "line 3: the name of SrTiO3 must be a text"),
        ('end_members = ["SrO", "TiO2"]\nsearch = 3', "line 2: search must be a table"),
        ('end_members = ["SrO", "NaCl"]', "line 1: NaCl: the potential 'ysrtio' does not cover NaCl"),
        (
            'end_members = ["Y2O3", "SrO", "TiO2"]\nmax_atoms = 300\nmost_units = 24',
            "line 2: these limits give more than 200 compositions",
        ),
        ("end_members = [", "not valid TOML"),
    ],
)
def test_mistakes_are_named_with_their_line(text, sentence):
    with pytest.raises(ConfigError) as refusal:
        parse_field(text, "mine", "mine.toml")
    assert str(refusal.value).startswith("mine.toml")
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("name", shipped_fields())
def test_shipped_fields_can_be_searched(name):
    field = load_field(name)
    assert {"Y2O3-SrO-TiO2", "CaO-Al2O3-SiO2"} <= set(shipped_fields())
    formulas = [each.formula for each in field.definition.mixtures]
    assert set(field.definition.known) <= set(formulas)
    assert len(field.seeds) >= 3
    assert FieldDefinition.from_dict(name, field.definition.as_dict()) == field.definition
    outcome = shipped_outcome(name)
    assert outcome is not None
    found = phase_field(outcome, field.definition)
    assert found.n_searched == len(formulas)
    assert IONS in found.facets
    for point in found.points:
        for key in point.lowest.values():
            assert (
                outcome.structure(key.run_id, key.number, source=key.source).n_atoms >= point.n_atoms_formula
            )


def test_the_shipped_hulls_are_those_of_the_findings():
    """docs/findings.md, Phase fields: by DIEP the seven known compounds and no others, on ions two; in the other
    field six and none."""
    outcome, definition = shipped_outcome("Y2O3-SrO-TiO2"), load_field("Y2O3-SrO-TiO2").definition
    found = phase_field(outcome, definition)
    known = {"SrTiO3", "Sr4Ti3O10", "Sr3Ti2O7", "Sr2TiO4", "Y2Ti2O7", "Y2TiO5", "SrY2O4"}
    assert {p.formula for p in on_hull_of(found, "diep")} == known | set(definition.end_members)
    assert {p.formula for p in on_hull_of(found, IONS)} == {"SrTiO3", "Y2Ti2O7", *definition.end_members}
    assert {p.formula for p in found.points if p.known} == known | set(definition.end_members)
    outcome, definition = shipped_outcome("CaO-Al2O3-SiO2"), load_field("CaO-Al2O3-SiO2").definition
    found = phase_field(outcome, definition)
    assert [p.formula for p in on_hull_of(found, IONS)] == list(definition.end_members)
    stable = {"Ca2SiO4", "Ca3Si2O7", "Ca3SiO5", "CaAl2SiO6", "CaAl2O4", "Ca2Al2O5"}
    assert {p.formula for p in on_hull_of(found, "diep")} == stable | set(definition.end_members)


def test_a_field_that_is_not_there_is_refused_with_the_choices():
    with pytest.raises(ConfigError, match=r"nowhere cannot be read: .*; shipped fields: .*Y2O3-SrO-TiO2"):
        load_field("nowhere")


@pytest.mark.parametrize(
    "change", [{"end_members": ["SrO"]}, {"units": [[1, 1]]}, {"units": 3}, {"model": "magic"}, {"known": []}]
)
def test_a_stored_definition_that_is_damaged_is_refused(change):
    whole = parse_field(TINY, "tiny").definition.as_dict()
    with pytest.raises(ConfigError, match="the definition of the phase field 'tiny' is damaged"):
        FieldDefinition.from_dict("tiny", whole | change)
