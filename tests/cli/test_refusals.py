"""What no command can do: one sentence, exit code 2, nothing printed as a result, nothing left behind."""

import gc
import os
import re
import subprocess
import sys

import pytest
from distributed import Client

from rlcsp_core.cli.main import main
from rlcsp_core.errors import ConfigError
from rlcsp_core.execution.cluster import remote_client
from tests.cli.conftest import perovskite
from tests.execution.fake import ROOT

RUN = ("run", "--composition", "SrTiO3", "--steps", "2", "--population", "2", "--max-atoms", "10")
NO_TEXT = b"\xff".decode("utf-8", "surrogateescape")  # what a shell passes on where it is not UTF-8
LONG = "9" * 5000
OPTIONS = {
    "--composition": ["", LONG, NO_TEXT, "日本", "()", "2", "Sr0.5O0.5", "Y２O3", "YO", "XeO2"],
    "--algorithm": ["", "PPO", NO_TEXT],
    "--baseline": ["", "b9"],
    "--actions": ["", LONG],
    "--features": ["", "x"],
    "--penalty": [""],
    "--calculator": ["", "os:system", "no_such:thing", "../x"],
    "--seed": ["", "-1", "1.5", "2147483648", LONG, "²"],
    "--steps": ["0", "1e2", "10000001"],
    "--max-atoms": ["0", "4", "401"],
    "--population": ["0", "10001"],
    "--target": ["nan", "inf", "-1e9", "x"],
    "--time-limit": ["0", "inf", "1e400"],
    "--patience": ["0"],
    "--kT": ["0", "-1", "0,05", "11"],
    "--melt-after": ["0"],
    "--melt-step": ["-1"],
    "--min-distance": ["-1", "99"],
    "--rattle": ["-1", "99"],
    "--parallel": ["0", "65"],
    "--set": ["", "=1", "a", "a=1", "learning_rate=NaN", f"learning_rate={LONG}", "horizon=2.5", "horizon=[[[["],
    "--name": ["", LONG, NO_TEXT, "two\nlines", "\x1b[2J"],
    "--share": ["", LONG, NO_TEXT, "two\nlines"],
    "--start-from": ["", "zz", NO_TEXT, "../x"],
    "--bogus": ["1"],
    "--database": ["sqlite://x", "sqlite:/tmp/x.sqlite", "sqlite:///:memory:", "", "no://x"],
}  # fmt: skip
COMMANDS = [
    *((*RUN, f"{option}={value}") for option, values in OPTIONS.items() for value in values),
    *((name, run) for name in ("resume", "repeat", "work") for run in ("", "zz", NO_TEXT, LONG)),
    ("save", "zz", "x.zip"),
    ("export", "zz"),
    ("export", "zz", "--add", "--whole", "--output", "no/folder"),
    *(("load", file) for file in ("", ".", "zz", LONG, NO_TEXT)),
    (*RUN, "--algorithm", "uniform", "--share", "x"),
    *(("sweep", file) for file in ("", "zz", ".", LONG)),
    *(("sweep", "quick", "--scheduler", address) for address in ("", "x", "http://x:1")),
    *(("sweep", "quick", "--workers", n) for n in ("0", "-1", "x", "100000000")),
    *(("sweep", "quick", f"--seeds={seeds}") for seeds in ("", "0", "2-1", LONG)),
    *(("app", "--port", port) for port in ("0", "-1", "x", "65536")),
    *(("energy", file) for file in ("", ".", "zz", LONG, NO_TEXT)),
    *(("relax", "a.xyz", option) for option in ("--evaluations=0", "--time-limit=nan", "--force=inf", "--stress=-1")),
    *(("relax", "a.xyz", f"--output={file}") for file in ("", ".", "no/x.xyz", "a.xyz", "./a.xyz", LONG)),
    ("nonsense",),
    (),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with one structure in it and no database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(tmp_path / "runs.sqlite"))
    perovskite().write("a.xyz")
    return tmp_path


def spelled(words):
    text = " ".join(words[len(RUN) :] if words[: len(RUN)] == RUN else words)
    return text[:40].encode("ascii", "backslashreplace").decode()


@pytest.mark.parametrize("words", COMMANDS, ids=spelled)
def test_a_command_that_cannot_be_done_is_one_sentence(words, folder, capsys):
    structure = (folder / "a.xyz").read_bytes()
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: [^\n]{,1020}\n", err)
    assert [path.name for path in folder.iterdir()] == ["a.xyz"]
    assert (folder / "a.xyz").read_bytes() == structure


def test_a_scheduler_that_does_not_answer_leaves_no_client_behind():
    """Dask waits for itself, for good, where one is collected while it makes the next."""
    with pytest.raises(ConfigError, match="no Dask scheduler answers"), remote_client("x"):
        pass
    assert not any(isinstance(each, Client) for each in gc.get_objects())


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    ("words", "code", "shown"),
    [
        (("relax", "a.xyz"), 0, "a.xyz"),
        (("relax", "--help"), 0, "EV/?"),
        (("energy", "ñ€日.cif"), 2, "error: "),
    ],
)
def test_a_terminal_that_is_not_utf_8_shows_what_it_can(encoding, words, code, shown, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-m", "rlcsp_core", *words], cwd=folder, env=environment, capture_output=True
    )
    text = (done.stdout + done.stderr).decode(encoding)
    assert done.returncode == code, text
    assert shown.replace("?", "Å" if encoding == "latin-1" else "?") in text
    assert "Traceback" not in text
