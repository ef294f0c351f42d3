"""The documentation's Python runs as it stands."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["python.md"])
def test_the_blocks_of_a_document_are_one_program(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(tmp_path / "runs.sqlite"))
    program = "\n".join(BLOCK.findall((DOCS / name).read_text(encoding="utf-8")))
    names = {"__name__": "docs"}
    exec(compile(program, name, "exec"), names)
    printed = capsys.readouterr().out
    assert "finished 40" in printed
    assert names["store"].run(names["second"]).state == "finished"
    assert names["again"].identical
    assert names["copy"] != names["run"].id
    assert names["rows"][0].n_runs == 2
