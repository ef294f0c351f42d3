"""`run`, `resume` and the errors of the command line."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rlcsp_core.cli.main import COMMANDS, main
from rlcsp_core.outside import VARIABLE
from rlcsp_core.search.policies import policy_names
from rlcsp_core.store import RunState, open_store
from rlcsp_core.store.archive import Archive
from tests.execution.fake import ROOT, wait_until
from tests.execution.test_execute import same_records

KEYS = [
    "run_id",
    "steps",
    "best_energy_per_atom",
    "target_step",
    "stop_reason",
    "failed_relaxations",
    "seconds",
    "verdict",
]
SMALL = ("--composition", "SrO", "--population", "4", "--max-atoms", "8", "--steps", "6", "--seed", "3")


def test_a_run_prints_its_result_and_is_in_the_database(call, database):
    code, (line,), _ = call("run", *SMALL, "--database", database)
    assert code == 0
    assert list(line) == KEYS
    store = open_store(database)
    run = store.run(line["run_id"])
    assert (run.state, run.reason, run.n_steps) == (RunState.FINISHED, line["stop_reason"], line["steps"])
    assert run.best_energy == line["best_energy_per_atom"]
    # a lower energy within what counts as the same is the best found again
    assert run.best_energy == pytest.approx(min(store.energies(run.id)), abs=1e-6)
    assert run.config["composition"] == "SrO"
    store.close()


def test_equal_seeds_give_equal_records(call, database):
    ids = [call("run", *SMALL, "--database", database)[1][0]["run_id"] for _ in range(2)]
    store = open_store(database)
    assert same_records(store, *ids)
    store.close()


@pytest.mark.parametrize("spellings", [("Y2O3", "Y4O6", " O3Y2", "Y2O3()"), ("SrTiO3", "2SrTiO3", "O3TiSr")])
def test_a_compound_is_one_however_it_is_spelt(call, database, spellings):
    words = ("--population", "3", "--max-atoms", "10", "--steps", "3", "--database", database)
    ids = [call("run", "--composition", text, *words)[1][0]["run_id"] for text in spellings]
    store = open_store(database)
    assert {run.composition for run in store.runs()} == {spellings[0]}
    assert all(same_records(store, ids[0], other) for other in ids[1:])
    store.close()


def test_reaching_the_target_ends_the_run(call, database):
    _, (first,), _ = call("run", *SMALL, "--database", database)
    target = str(first["best_energy_per_atom"])
    _, (line,), _ = call("run", *SMALL, "--steps", "500", "--target", target, "--database", database)
    assert line["stop_reason"] == "target"
    assert line["target_step"] is not None
    assert line["steps"] == line["target_step"]


def test_hyperparameters_reach_the_configuration(call, database):
    _, (line,), _ = call(
        "run", *SMALL, "--set", "exploration=0.25", "--baseline", "b2", "--kT", "0.03", "--database", database
    )
    store = open_store(database)
    config = store.run(line["run_id"]).config
    assert (config["settings"], config["baseline"], config["kT"]) == ({"exploration": 0.25}, "b2", 0.03)
    store.close()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--composition", "Y2O4"), "neutral"),
        (("--composition", "XeO2"), "Xe"),
        (("--composition", "Y2("), "Y2("),
        (("--max-atoms", "3"), "atom limit of 3"),
        (("--algorithm", "magic"), "unknown algorithm 'magic'"),
        (("--baseline", "b9"), "b9"),
        (("--set", "speed=3"), "speed"),
        (("--set", "speed"), "NAME=VALUE"),
        (("--steps", "0"), "steps must be a whole number between 1"),
        (("--kT", "nan"), "kT: must be a number"),
        (("--calculator", "abacus"), "unknown calculator 'abacus'"),
        (("--seed", "x"), "must be a whole number"),
        (("--seed", "2147483648"), "between 0 and 2147483647, got 2147483648"),
    ],
)
def test_bad_input_is_a_sentence_and_leaves_nothing_behind(call, database, words, sentence):
    code, lines, err = call("run", *words, "--database", database)
    assert (code, lines) == (2, [])
    assert sentence in err
    assert "Traceback" not in err
    assert not Path(database).exists()


def test_a_database_that_cannot_be_reached_is_a_sentence(call, tmp_path):
    (tmp_path / "file").write_text("")
    for url in (
        str(tmp_path / "file" / "runs.sqlite"),
        "mysql://me:hunter2@127.0.0.1:1/runs",
        "nothing://here",
    ):
        code, lines, err = call("run", *SMALL, "--database", url)
        assert (code, lines) == (2, [])
        assert len(err.strip().splitlines()) == 1
        assert "hunter2" not in err


def test_what_cannot_be_resumed_is_a_sentence(call, database):
    _, (line,), _ = call("run", *SMALL, "--database", database)
    assert "has finished" in call("resume", line["run_id"], "--database", database)[2]
    code, _, err = call("resume", "nope", "--database", database)
    assert code == 2
    assert "there is no run 'nope'" in err


FOUR_SEEDS = """
seeds = 4
[defaults]
composition = "SrO"
max_atoms = 8
population = 3
steps = 2
[[algorithms]]
algorithm = "uniform"
"""


def test_a_sweep_divided_by_seeds_is_put_together_again(call, tmp_path):
    file, folder = tmp_path / "small.toml", tmp_path / "out"
    file.write_text(FOUR_SEEDS)
    for seeds, n, held in (("1-3", 3, 3), ("4", 1, 4)):
        database = ("--database", str(tmp_path / f"{seeds}.sqlite"))
        code, lines, _ = call("sweep", str(file), "--seeds", seeds, *database)
        assert (code, len(lines)) == (0, n)
        code, (line,), _ = call("export", "small", "--add", "--output", str(folder), *database)
        assert (code, line["runs"]) == (0, held)
    assert sorted(run.seed for run in Archive(folder).runs()) == [1, 2, 3, 4]


@pytest.mark.parametrize("seeds", ["", "-", "2-1", "a-b", "1-", "1-2-3"])
def test_seeds_that_are_none_are_a_usage_error(seeds, capsys):
    assert main(["sweep", "quick", f"--seeds={seeds}"]) == 2
    assert "must be one seed or FIRST-LAST" in capsys.readouterr().err


def test_usage_errors_exit_with_2_and_help_with_0(capsys):
    assert main(["nonsense"]) == 2
    assert main([]) == 2
    assert main(["run", "--help"]) == 0
    capsys.readouterr()
    assert main(["--help"]) == 0
    listed = re.findall(r"^    (\w+)(?:  |$)", capsys.readouterr().out, re.MULTILINE)
    assert sorted(listed) == sorted(set(COMMANDS) - {"work"})  # which is for the run manager alone


def test_a_defect_of_ours_exits_with_1(monkeypatch, capsys, database):
    def broken(_url):
        raise ZeroDivisionError

    monkeypatch.setattr("rlcsp_core.cli.run.open_store", broken)
    assert main(["run", *SMALL, "--database", database]) == 1
    assert "defect of the program" in capsys.readouterr().err


@pytest.mark.slow
def test_ctrl_c_stops_the_run_and_resume_makes_it_whole(database, call):
    words = ["--composition", "SrO", "--population", "4", "--max-atoms", "8", "--steps", "400", "--seed", "5"]
    command = [sys.executable, "-m", "rlcsp_core", "run", *words, "--database", database, "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT
    )
    store = open_store(database)
    run_id = wait_until(lambda: [r.id for r in store.runs() if r.n_steps > 0], "the first step")[0]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err
    line = json.loads(out)
    assert (line["run_id"], line["stop_reason"]) == (run_id, "stopped")
    assert store.run(run_id).state is RunState.STOPPED
    code, (resumed,), _ = call("resume", run_id, "--database", database)
    assert (code, resumed["steps"], resumed["stop_reason"]) == (0, 400, "steps")
    _, (whole,), _ = call("run", *words, "--database", database)
    assert same_records(store, run_id, whole["run_id"])
    store.close()


def test_a_run_saved_loaded_and_repeated_is_the_same(call, database, tmp_path):
    _, (line,), _ = call("run", *SMALL, "--database", database)
    file, other = str(tmp_path / "run.zip"), str(tmp_path / "other.sqlite")
    assert call("save", line["run_id"], file, "--database", database)[0] == 0
    code, (loaded,), _ = call("load", file, "--database", other)
    assert (code, loaded["steps"]) == (0, 6)
    code, (repeated,), _ = call("repeat", loaded["run_id"], "--database", other)
    assert code == 0
    assert (repeated["identical"], repeated["population"], repeated["steps"]) == (True, 4, 6)
    assert repeated["versions_changed"] == []


def test_a_repetition_that_differs_says_where(call, database):
    _, (line,), _ = call("run", *SMALL, "--database", database)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE steps SET reward = reward + 1e-15 WHERE step = 4")
        connection.execute("UPDATE steps SET attempts = attempts + 1 WHERE step = 6")
    connection.close()
    code, (repeated,), _ = call("repeat", line["run_id"], "--database", database)
    assert code == 1
    assert not repeated["identical"]
    assert repeated["difference"] == "step 4: reward"
    assert call("repeat", "abc", "--database", database)[0] == 2
    assert call("load", database, "--database", database)[0] == 2
    assert call("save", line["run_id"], "/no/such/folder/x.zip", "--database", database)[0] == 2


def test_a_run_can_begin_with_what_another_learned(call, database, tmp_path):
    learning = ("--set", "trajectories=2", "--set", "horizon=2", "--steps", "30")
    (first,) = call("run", *SMALL, *learning, "--database", database)[1]
    code, (policy,), _ = call("policies", "--of", first["run_id"], "--database", database)
    assert code == 0
    file = tmp_path / "learned.json"
    file.write_text(json.dumps(policy))
    code, (second,), _ = call(
        "run", "--composition", "TiO2", "--population", "4", "--max-atoms", "12", "--steps", "4",
        "--policy", str(file), "--database", database,
    )  # fmt: skip
    assert code == 0
    store = open_store(database)
    learned = store.updates(first["run_id"]).theta[-1]
    assert learned.any()
    kept = store.run(second["run_id"]).config["policy"]
    assert [kept["theta"][str(n)] for n in (1, 2, 3, 4, 5, 6, 7, 9, 10)] == learned.tolist()
    store.close()


@pytest.mark.parametrize("algorithm", ["uniform", "rlcsp"])
def test_a_run_that_learned_nothing_has_no_policy(call, database, algorithm):
    (first,) = call("run", *SMALL, "--algorithm", algorithm, "--database", database)[1]
    code, out, err = call("policies", "--of", first["run_id"], "--database", database)
    assert (code, out) == (2, [])
    assert "learned no policy" in err


def test_policies_are_listed_with_those_of_files(call, tmp_path):
    file = tmp_path / "mine.json"
    file.write_text('{"actions": "symmetric", "features": "published", "theta": {"11": [1, 0]}}')
    code, lines, _ = call("policies", str(file))
    assert code == 0
    assert [line["name"] for line in lines] == [*policy_names(), "mine"]
    assert lines[-1]["theta"] == {"11": [1.0, 0.0]}


BANDIT = """
import numpy as np
from pathlib import Path
from rlcsp_core.agents.fixed import Unlearning
from rlcsp_core.records import Decision

Path(__file__).with_suffix(".imported").touch()

class Last(Unlearning):
    def __init__(self, config, n_actions, n_features):
        pass

    def act(self, observation, rng):
        last = np.flatnonzero(observation.mask)[-1]
        return Decision(last, np.eye(len(observation.mask))[last])
"""


def test_an_agent_of_ones_own_is_named_on_the_command_line_and_nowhere_else(
    call, database, tmp_path, monkeypatch
):
    (tmp_path / "mine_alone.py").write_text(BANDIT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setenv(VARIABLE, "")
    code, (line,), _ = call("run", *SMALL, "--agent", "mine_alone:Last", "--database", database)
    assert code == 0
    store, saved = open_store(database), tmp_path / "run.zip"
    assert set(store.steps(line["run_id"]).action) == {10}
    assert store.run(line["run_id"]).algorithm == "mine_alone:Last"
    store.close()
    assert call("save", line["run_id"], str(saved), "--database", database)[0] == 0
    # what another makes of the same words in a file
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delitem(sys.modules, "mine_alone")
    (tmp_path / "mine_alone.imported").unlink()
    other = str(tmp_path / "other.sqlite")
    assert call("load", str(saved), "--database", other)[0] == 0
    store = open_store(other)
    (theirs,) = store.runs()
    store.close()
    code, _, error = call("repeat", theirs.id, "--database", other)
    assert code == 2
    assert "the agent 'mine_alone:Last' is code from outside" in error
    assert not (tmp_path / "mine_alone.imported").exists()
