"""Agents of others: imported only where the user says so, watched, and otherwise like ours."""

from __future__ import annotations

import json
import math
import sys
from itertools import islice

import pytest

import rlcsp_core.agents
from rlcsp_core.agents import AGENTS, OWN, agent_named, algorithm_name, settings_of
from rlcsp_core.errors import ConfigError
from rlcsp_core.outside import VARIABLE, trust
from rlcsp_core.records import StepRecord
from rlcsp_core.search import Search, SearchConfig

CODE = '''
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from rlcsp_core.agents.agent import draw
from rlcsp_core.records import Decision
from rlcsp_core.settings import Settings, number

Path(__file__).with_suffix(".imported").touch()

class Bandit:
    """Draws what paid off more often.

    More of it."""
    label = "Bandit"
    colour = "#123456"

    @dataclass(frozen=True, kw_only=True)
    class Config(Settings):
        prior: float = number(1.0, 0.1, 100.0, "pseudo-counts")

    def __init__(self, config, n_actions, n_features):
        self.gains = np.full(n_actions, config.prior)

    def act(self, observation, rng):
        weights = np.where(observation.mask, self.gains, 0.0)
        return draw(weights / weights.sum(), rng)

    def learn(self, transition):
        self.gains[transition.action] += max(transition.reward, 0.0)

    def snapshot(self):
        return {"gains": self.gains.tolist()}

    def restore(self, snapshot):
        self.gains = np.array(snapshot["gains"])

class Careless(Bandit):
    def act(self, observation, rng):
        return Decision(0, np.eye(len(self.gains))[1])

class Masked(Bandit):
    def act(self, observation, rng):
        return draw(self.gains / self.gains.sum(), rng)

class Crash(Bandit):
    def learn(self, transition):
        raise KeyError("x")

class Proud(Bandit):
    def snapshot(self):
        return {"gains": self.gains}

def calculator():
    pass
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A module of somebody in the present folder; nothing is trusted."""
    (tmp_path / "somebodys.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setenv(VARIABLE, "")
    rlcsp_core.agents._others.cache_clear()
    yield tmp_path
    sys.modules.pop("somebodys", None)
    rlcsp_core.agents._others.cache_clear()


def config(name, **more):
    return SearchConfig(algorithm=name, steps=25, population=4, max_atoms=10, seed=3, **more)


def plain(record):
    seconds = ("seconds", "relax_seconds", "elapsed", "cpu_seconds", "before", "after")
    return repr({k: v for k, v in vars(record).items() if k not in seconds})


def test_what_nobody_said_is_never_imported(folder):
    stored = config("somebodys:Bandit").as_dict()
    with pytest.raises(ConfigError, match="imported only where you say so"):
        Search(SearchConfig.from_dict(stored))
    with pytest.raises(ConfigError, match="calculator 'somebodys:calculator' is code from outside"):
        Search(config("uniform", calculator="somebodys:calculator"))
    assert "somebodys:Bandit" not in AGENTS
    assert algorithm_name("somebodys:Bandit", None) == "somebodys:Bandit"
    assert not (folder / "somebodys.imported").exists()
    trust("somebodys:Bandit")
    Search(config("somebodys:Bandit"))
    assert (folder / "somebodys.imported").exists()


def test_a_trusted_agent_is_one_of_the_algorithms():
    trust("somebodys:calculator")  # and what is no agent is none
    trust("somebodys:Bandit")
    assert list(AGENTS) == [*OWN, "somebodys:Bandit"]
    kind = AGENTS["somebodys:Bandit"]
    assert (kind.label, kind.help, kind.colour) == ("Bandit", "Draws what paid off more often.", "#123456")
    assert [setting.name for setting in settings_of("somebodys:Bandit")] == ["prior"]
    assert algorithm_name("somebodys:Bandit", None) == "Bandit"
    with pytest.raises(ConfigError, match="prior must be a number between"):
        Search(config("somebodys:Bandit", settings={"prior": 0}))


def test_it_searches_and_is_taken_up_bit_for_bit():
    trust("somebodys:Bandit")
    mine = config("somebodys:Bandit", settings={"prior": 2.0})
    whole = [plain(record) for record in Search(mine)]
    for cut in (1, 4, 17):
        search = Search(mine)
        records = list(islice(search, cut))
        paper = json.loads(json.dumps(search.checkpoint()))
        energies = [math.nan if r.energy is None else r.energy for r in records]
        again = Search.resume(mine, paper, energies)
        assert [plain(record) for record in (*records, *again)] == whole


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Careless", "it chose action 0"),
        ("Masked", "it chose action"),
        ("Crash", "failed: KeyError: 'x'"),
    ],
)
def test_what_it_does_wrong_is_told(name, complaint):
    trust(f"somebodys:{name}")
    with pytest.raises(ConfigError, match=f"agent somebodys:{name}.*{complaint}"):
        list(Search(config(f"somebodys:{name}")))


def test_a_state_that_no_file_holds_is_refused():
    trust("somebodys:Proud")
    with pytest.raises(ConfigError, match="its snapshot must be a dict of texts, numbers and lists"):
        Search(config("somebodys:Proud")).checkpoint()


@pytest.mark.parametrize("name", ["somebodys:Nobody", "nowhere:Bandit", "somebodys:calculator", "os:"])
def test_a_name_that_is_no_agent_is_refused_in_words(name):
    trust(name)
    with pytest.raises(ConfigError, match=f"no agent '{name}'|{name} is no agent"):
        agent_named(name, n_actions=9, n_features=2)


def test_agents_of_installed_packages_are_there_by_their_names(folder, recwarn):
    package = folder / "theirs-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    points = "[rlcsp.agents]\nbandit = somebodys:Bandit\nppo = somebodys:Bandit\nlost = nowhere:Bandit\n"
    (package / "entry_points.txt").write_text(points)
    assert list(AGENTS) == [*OWN, "bandit"]
    assert [str(w.message) for w in recwarn if "the agent lost of nowhere:Bandit cannot" in str(w.message)]
    assert AGENTS["ppo"] is OWN["ppo"]
    steps = [record for record in Search(config("bandit")) if isinstance(record, StepRecord)]
    assert len(steps) == 25
