"""What a user of the package gets: an import that changes nothing, and a wheel that holds all it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import rlcsp_core
from rlcsp_core import Search, SearchConfig
from rlcsp_core.cli.main import main
from rlcsp_core.threads import one_blas_thread

ROOT = Path(__file__).parents[1]

IMPORT = """
import json, os, sys
before = dict(os.environ), set(sys.modules)
import rlcsp_core
loaded = sorted({name.partition(".")[0] for name in set(sys.modules) - before[1]} & {"numpy", "numba", "scipy"})
from rlcsp_core.crystal import contact_kernels, orbit_kernels
from rlcsp_core.relax import relax
import numba
print(json.dumps([loaded, os.environ == before[0], numba.config.CACHE_DIR, os.listdir(os.environ["RLCSP_CACHE_DIR"])]))
"""


def test_importing_loads_little_and_changes_nothing(tmp_path):
    environment = {**os.environ, "RLCSP_CACHE_DIR": str(tmp_path), "NUMBA_CACHE_DIR": "elsewhere"}
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT], env=environment, capture_output=True, check=True, cwd=ROOT
    )
    loaded, same_environment, numba_folder, made = json.loads(answer.stdout)
    assert loaded == []
    assert same_environment
    assert numba_folder == "elsewhere"
    assert made == []


@pytest.mark.parametrize("name", rlcsp_core.__all__)
def test_every_public_name_is_there(name):
    assert getattr(rlcsp_core, name).__name__ == name


def blas_threads() -> set[int]:
    """Of NumPy's library, not of the one that SciPy brings."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return {library["num_threads"] for library in libraries if "scipy.libs" not in library["filepath"]}


def test_a_search_computes_in_one_thread_and_leaves_the_setting_as_it_was():
    class Watched:
        """Looks at the setting where an agent computes."""

        def __init__(self, agent):
            self.agent, self.seen = agent, set()

        def act(self, observation, rng):
            self.seen |= blas_threads()
            return self.agent.act(observation, rng)

        def learn(self, transition):
            self.seen |= blas_threads()
            return self.agent.learn(transition)

        def snapshot(self):
            return self.agent.snapshot()

    config = SearchConfig(composition="SrO", steps=3, population=3, max_atoms=8, algorithm="npg")
    from rlcsp_core.search.parts import agent_of

    agent = Watched(agent_of(config))
    with threadpool_limits(2, user_api="blas"):
        for _ in Search(config, agent):
            assert blas_threads() == {2}
    assert agent.seen == {1}


def test_the_setting_comes_back_when_the_last_one_leaves():
    with threadpool_limits(2, user_api="blas"):
        first, second = one_blas_thread(), one_blas_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads() == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == {2}
        assert np.ones(2) @ np.ones(2) == 2


@pytest.mark.slow
def test_the_wheel_holds_the_dashboard_and_its_data(tmp_path):
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--quiet",
            "--wheel-dir",
            str(tmp_path),
            str(ROOT),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (about,) = (archive.read(name).decode() for name in names if name.endswith("METADATA"))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        top = name.split("/")[0]
        if top == "rlcsp_core":
            assert name in names
        elif top in {"pages", "static", "data", "app.py", "serve.py", ".streamlit"}:
            assert f"rlcsp_core/files/{name}" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".sqlite")]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [line.split("#")[0].strip() for line in lines if not line.startswith("#")]
    assert about.count("Requires-Dist") >= len(wanted) > 10
    assert [
        line for line in wanted if f"requires-dist: {line.split('>')[0].lower()}" not in about.lower()
    ] == []
    assert sum(info.file_size for info in zipfile.ZipFile(wheel).infolist()) < 40e6


def test_the_command_app_starts_the_dashboard_that_came_with_the_program(monkeypatch):
    started = []

    def replaced(*words):
        started.append(words)
        raise SystemExit(0)

    monkeypatch.setattr("os.execve", replaced)
    monkeypatch.setattr("rlcsp_core.cli.app.compile_once", lambda: None)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert main(["app", "--port", "8777"]) == 0
    ((program, words, environment),) = started
    assert program == words[0] == sys.executable
    assert words[-3:] == [str(ROOT / "serve.py"), "--server.port", "8777"]
    assert (environment["OMP_NUM_THREADS"], environment["OPENBLAS_NUM_THREADS"]) == ("3", "1")
