"""What the documents say is true: their code runs, their figures are those of the files, their links lead somewhere.

Python blocks of a document are one program, shell blocks run one by one in a folder of their own.  A block below
`<!-- not run: reason -->` is only read; text blocks are no code.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from rlcsp_core.cli.main import COMMANDS
from rlcsp_core.execution.experiment import parse_experiment
from rlcsp_core.execution.field_file import parse_field
from rlcsp_core.execution.training_file import parse_training
from rlcsp_core.paths import DATA
from rlcsp_core.store.archive import Archive

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
# What a reader would wait for, cut short: the words stay those of the document.
SHORTER = {
    "--steps 500": "--steps 5 --population 5",
    "--max-atoms 40": "--max-atoms 10",
    "sweep quick": "sweep quick.toml",
}
QUICK = """
seeds = 2
[defaults]
composition = "SrO"
max_atoms = 8
population = 4
steps = 3
[[algorithms]]
algorithm = "uniform"
"""


class Block(NamedTuple):
    document: str
    kind: str
    text: str
    why_not: str | None

    @property
    def runs(self) -> bool:
        return self.why_not is None


def blocks_of(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) == text.count("\n```") / 2, f"{path.name}: a block that is not closed"
    name = str(path.relative_to(ROOT))
    return [Block(name, m["kind"], m["text"], m["why"]) for m in BLOCK.finditer(text)]


BLOCKS = [block for path in DOCUMENTS for block in blocks_of(path)]
PROGRAMS = sorted({block.document for block in BLOCKS if block.kind == "python" and block.runs})
SHELL = [block for block in BLOCKS if block.kind == "sh" and block.runs]


def test_every_block_is_run_or_says_why_not() -> None:
    run = {"python", "sh", "toml", "text"}
    assert [(b.document, b.kind) for b in BLOCKS if b.runs and b.kind not in run] == []
    assert len(PROGRAMS) >= 3
    assert len(SHELL) >= 5


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the commands and the data of the documents are found, with a database of its own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, words in {"rlcsp": "-m rlcsp_core", "python": "", "python3": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (programs / name).chmod(0o755)
    (tmp_path / "data").symlink_to(DATA)
    (tmp_path / "quick.toml").write_text(QUICK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(tmp_path / "runs.sqlite"))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("document", PROGRAMS)
def test_the_python_of_a_document_is_one_program(
    document: str,
    folder: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = "\n".join(b.text for b in BLOCKS if b.document == document and b.kind == "python" and b.runs)
    module = ModuleType("document")
    monkeypatch.setitem(sys.modules, "document", module)  # where dataclasses look for theirs
    names = vars(module)
    exec(compile(program, document, "exec"), names)
    if document == "docs/python.md":
        assert names["store"].run(names["second"]).state == "finished"
        assert names["run"].n_steps == 40
        assert names["again"].identical
        assert names["copy"] != names["run"].id
        assert names["rows"][0].n_runs == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "block", SHELL, ids=lambda block: f"{block.document}: {block.text.splitlines()[0][:40]}"
)
def test_a_shell_block_runs(block: Block, folder: Path) -> None:
    text = block.text
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if b.kind in ("python", "py") and not b.runs], ids=lambda b: b.document
)
def test_python_that_is_not_run_is_python(block: Block) -> None:
    compile(block.text, block.document, "exec")


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind == "toml"], ids=lambda b: b.document)
def test_toml_is_read(block: Block) -> None:
    content = tomllib.loads(block.text)
    if "algorithms" in content:
        assert parse_experiment(block.text, "example").runs()
    if "methods" in content:
        assert parse_training(block.text, "example").methods
    if "end_members" in content:
        assert parse_field(block.text, "example").configs


def test_the_commands_of_the_readme_are_those_of_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {
        word for path in DOCUMENTS for word in re.findall(r"\bmake (\w+)", path.read_text(encoding="utf-8"))
    }
    assert {"app", "test"} <= named
    assert named & {"app", "test", "check", "docs", "audit"} <= targets


def test_every_command_is_in_its_document_and_no_other() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\brlcsp ([a-z]+)", text)) == set(COMMANDS) - {
        "work"
    }  # which the run manager calls


def test_the_shipped_results_are_as_counted() -> None:
    text = (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8")
    told = {name: (int(runs), int(steps.replace(" ", ""))) for name, runs, steps in
            re.findall(r"^\| `([\w-]+)` \| (\d+) \| ([\d ]+) \|", text, re.M)}  # fmt: skip
    held = {}
    for folder in sorted((DATA / "results").iterdir()):
        runs = Archive(folder).runs()
        held[folder.name] = (len(runs), sum(run.n_steps for run in runs))
    assert told == held
    most = float(re.search(r"at most (\d+) MB", text)[1])
    assert sum(file.stat().st_size for file in (DATA / "results").rglob("*.parquet")) < most * 1e6


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_named_files_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    near = [link for link in links if link and "://" not in link and not link.startswith("mailto:")]
    generated = ("reference/", "benchmarks.md", "reliability.md", "security.md")  # pages of the site only
    assert [
        link for link in near if not (path.parent / link).exists() and not link.startswith(generated)
    ] == []
    named = re.findall(r"`((?:tests|rlcsp_core|data|pages|docs|tools|benchmarks)/[\w./-]+)`", text)
    made_later = {"data/runs.sqlite"}
    assert [name for name in named if not (ROOT / name).exists() and name not in made_later] == []


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_the_cells_of_a_notebook_are_one_program(path: Path, folder: Path) -> None:  # noqa: ARG001
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    programs = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in cells if cell["cell_type"] == "code"] == [[]] * len(
        programs
    )  # not committed
    names = {"__name__": "notebook"}
    for number, program in enumerate(programs):
        exec(compile(program, f"{path.name}, cell {number}", "exec"), names)
    assert len(names["runs"]) == 6
    assert len(names["figure"].data) >= len(names["groups"]) == 2


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 20
    loads = re.compile(
        r"<(?:script|img|iframe|link rel=\"(?:stylesheet|preconnect)\")[^>]*(?:src|href)=\"?https?:"
    )
    assert [page.name for page in pages if loads.search(page.read_text(encoding="utf-8"))] == []
