"""The report of a run: one page that asks nothing of others, and says how to run it again."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from rlcsp_core.cli.main import parser_for
from rlcsp_core.cli.settings import config_of
from rlcsp_core.execution import Halt, execute
from rlcsp_core.report import command, report
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import open_store

SMALL = SearchConfig(
    composition="Y2O3", algorithm="npg", seed=3, steps=8, max_atoms=10, population=4, settings={"horizon": 4}
)


@pytest.mark.slow
def test_a_report_holds_all_it_shows(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "runs.sqlite"))
    run = execute(store, store.create_claimed(SMALL.as_dict(), name="<script>"), Halt())
    page = report(store, store.run(run.id))
    store.close()
    assert not re.search(r'(src|href)="(http|//)', page.split("<script>")[0])
    charts = re.findall(r'class="chart"><script type="application/json">(.*?)</script>', page, re.S)
    assert len(charts) == 3
    assert [trace["name"] for trace in json.loads(charts[0])["figure"]["data"]][:2] == [
        "initial population",
        "rejected",
    ]
    assert 'id="crystal"' in page
    assert "−27" in page
    assert "<th>Target</th><td>none was set</td>" in page
    assert "<th>Ended</th><td>step limit reached</td>" in page


@pytest.mark.slow
def test_a_report_says_that_the_user_stopped_the_run(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "runs.sqlite"))
    halt = Halt()
    halt.ask()
    wanted = replace(SMALL, target=-99.0)
    run = execute(store, store.create_claimed(wanted.as_dict(), name="stopped"), halt)
    page = report(store, store.run(run.id))
    store.close()
    assert "<th>Target</th><td>not reached</td>" in page
    assert "<th>Ended</th><td>stopped by user</td>" in page


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        SearchConfig(actions="sized"),
        SearchConfig(composition="SrTiO3", kT=0.05, target=-31.5, potential="lewis-catlow"),
    ],
)
def test_the_command_gives_the_same_settings(config: SearchConfig) -> None:
    line = command(config.as_dict())
    assert line is not None
    words = shlex.split(line)
    assert words[:2] == ["rlcsp", "run"]
    assert config_of(parser_for(["run"]).parse_args(words[1:])) == config


def test_what_is_no_word_is_not_put_on_a_command_line() -> None:
    assert command({**SMALL.as_dict(), "policy": {"name": "mine"}}) is None
