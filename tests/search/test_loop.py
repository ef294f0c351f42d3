"""Laws of a whole search: the same run twice, resumed anywhere, stopped for the recorded reason."""

from __future__ import annotations

import json
import math
from itertools import islice

import numpy as np
import pytest

from rlcsp_core.actions import ACTIONS, EXTENSIONS
from rlcsp_core.agents import AGENTS
from rlcsp_core.errors import ConfigError, FormulaError
from rlcsp_core.records import PopulationRecord, StepRecord, StopRecord
from rlcsp_core.search import Search, SearchConfig, check_config
from rlcsp_core.search.features import feature_set
from rlcsp_core.search.parts import agent_of

CLOCKS = {"elapsed", "relax_seconds", "seconds", "cpu_seconds"}


def plain(record) -> dict:
    """All of a record that must repeat, exactly."""
    return {k: _plain(v) for k, v in vars(record).items() if k not in CLOCKS}


def _plain(value):
    if isinstance(value, np.ndarray):
        return value.tobytes()
    return plain(value) if hasattr(value, "__dataclass_fields__") else value


def config(**changes) -> SearchConfig:
    return SearchConfig(**{"steps": 120, "population": 20, "melt_after": 10, "seed": 7, **changes})


@pytest.mark.usefixtures("fast_relaxer")
class TestWithoutPhysics:
    @pytest.mark.parametrize("algorithm", list(AGENTS))
    def test_resumed_anywhere_it_goes_on_bit_for_bit(self, algorithm):
        whole = [plain(r) for r in Search(config(algorithm=algorithm))]
        for cut in (1, 19, 20, 21, 77):
            search = Search(config(algorithm=algorithm))
            records = list(islice(search, cut))
            paper = json.loads(json.dumps(search.checkpoint(), allow_nan=False))
            energies = [math.nan if r.energy is None else r.energy for r in records]
            resumed = Search.resume(config(algorithm=algorithm), paper, energies)
            assert [plain(r) for r in records] + [plain(r) for r in resumed] == whole

    def test_two_grounds_are_taken_up_again(self):
        """With actions on free atoms the last structure in modules is kept beside the current one."""
        settings = config(actions="extended", algorithm="uniform")
        whole = [plain(r) for r in Search(settings)]
        for cut in (25, 60, 139):
            search = Search(settings)
            records = list(islice(search, cut))
            paper = json.loads(json.dumps(search.checkpoint(), allow_nan=False))
            energies = [math.nan if r.energy is None else r.energy for r in records]
            assert whole[:cut] + [plain(r) for r in Search.resume(settings, paper, energies)] == whole

    def test_actions_on_modules_go_on_from_modules(self):
        """Wherever the search stands; actions on free atoms change the current structure."""
        steps = [
            r
            for r in Search(config(actions="extended", algorithm="uniform", steps=300))
            if hasattr(r, "step")
        ]
        free = {action.number for action in EXTENSIONS}
        current, modular = 0, {0}
        seen = set()
        for s in steps:
            assert s.parent == current if s.action in free else s.parent in modular
            seen.add((s.action in free, s.parent == current))
            current = s.step if s.accepted else current
            modular |= {s.step} if s.kept and s.action not in free else set()
        assert (False, False) in seen, "no action on modules had to leave the current structure"

    def test_with_the_published_actions_both_structures_are_one(self):
        search = Search(config(algorithm="uniform"))
        for record in search:
            assert not isinstance(record, StepRecord) or record.kept == record.accepted
        assert search.checkpoint()["state"].get("modular") is None

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "options",
        [
            {"parallel": 3},
            {"parallel": 4, "actions": "extended"},
            {"features": "structure", "actions": "extended", "algorithm": "npg"},
            {"actions": "sized", "algorithm": "ppo"},
        ],
    )
    def test_options_are_taken_up_bit_for_bit(self, options):
        whole = [plain(r) for r in Search(config(**options))]
        for cut in (1, 20, 21, 22, 23, 77, 139):
            search = Search(config(**options))
            records = list(islice(search, cut))
            paper = json.loads(json.dumps(search.checkpoint(), allow_nan=False))
            energies = [math.nan if r.energy is None else r.energy for r in records]
            resumed = Search.resume(config(**options), paper, energies)
            assert [plain(r) for r in records] + [plain(r) for r in resumed] == whole

    def test_a_round_is_chosen_before_any_of_it_is_settled(self):
        """Its trials share their parent and the agent's θ, so that they can be relaxed side by side."""
        steps = [r for r in Search(config(parallel=4, algorithm="uniform")) if isinstance(r, StepRecord)]
        rounds = [steps[i : i + 4] for i in range(0, len(steps), 4)]
        assert all(len({s.parent for s in r}) == 1 for r in rounds)
        assert any(any(s.accepted for s in r[:-1]) for r in rounds)

    def test_the_agent_is_shown_the_features_by_name(self):
        names = feature_set("structure").names
        agent = agent_of(config(features="structure"))
        assert np.shape(agent.snapshot()["theta"]) == (9, len(names))
        assert names[:2] == ("the constant", "the energy z")

    @pytest.mark.slow
    def test_seeds_differ_and_algorithms_share_the_population(self):
        runs = {
            (a, s): list(Search(config(algorithm=a, seed=s))) for a in ("uniform", "rlcsp") for s in (1, 2)
        }
        start = {k: [r.energy for r in v if isinstance(r, PopulationRecord)] for k, v in runs.items()}
        assert start["uniform", 1] == start["rlcsp", 1] != start["uniform", 2]

    def test_the_record_keeps_its_promises(self):
        records = list(Search(config(algorithm="original", max_atoms=20)))
        population, steps, stop = records[:20], records[20:-1], records[-1]
        assert [p.index for p in population] == list(range(20))
        assert [s.step for s in steps] == list(range(1, 121))
        assert stop == StopRecord("steps", 120, None)
        current = best = min(p.energy for p in population if p.energy is not None)
        seen_failure = seen_rejection = False
        for s in steps:
            assert math.isclose(s.probabilities.sum(), 1.0)
            assert s.probabilities[[a.number for a in ACTIONS].index(s.action)] > 0
            assert (s.energy is None) == (s.reason is not None) == (s.after is None)
            assert s.attempts >= 1
            assert s.n_atoms <= 20
            assert not (s.energy is None and s.accepted)
            current = s.energy if s.accepted else current
            best = min(best, best if s.energy is None else s.energy)
            assert (s.current_energy, s.best_energy) == (current, best)
            seen_failure |= s.energy is None
            seen_rejection |= s.energy is not None and not s.accepted
        assert seen_failure
        assert seen_rejection

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"target": -26.945, "steps": 5000}, "target"),
            ({"patience": 5}, "stalled"),
            ({"time_limit": 1.0, "steps": 10**6}, "time"),
        ],
    )
    def test_it_stops_for_the_recorded_reason(self, changes, reason):
        *records, stop = Search(config(**changes))
        assert stop.reason == reason
        steps = [r for r in records if isinstance(r, StepRecord)]
        assert stop.steps == len(steps)
        if reason == "target":
            assert stop.target_step == steps[-1].step
            assert steps[-1].energy <= -26.945 + 2e-5 < steps[-2].best_energy

    def test_a_target_in_the_population_is_step_0(self):
        *_, stop = Search(config(target=-20.0))
        assert stop == StopRecord("target", 0, 0)

    def test_stop_is_heeded_at_the_next_record(self):
        search = Search(config())
        records = iter(search)
        for _ in range(30):
            next(records)
        search.stop()
        assert [type(r) for r in records] == [StopRecord]


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"composition": "YO"}, FormulaError, "not charge neutral"),
        ({"composition": "NaCl"}, FormulaError, "does not cover NaCl: it has no Na, Cl; choose tosi-fumi"),
        ({"algorithm": "sarsa"}, ConfigError, "unknown algorithm 'sarsa'; choose from"),
        ({"algorithm": "rlcsp", "baseline": "b9"}, ConfigError, "b9"),
        ({"max_atoms": 4}, ConfigError, "one formula unit has 5 atoms"),
        ({"calculator": "abacus"}, ConfigError, "abacus"),
        ({"settings": {"learning_rat": 1}}, ConfigError, "learning_rat"),
        ({"features": "all"}, ConfigError, "unknown set of features 'all'; choose from published, structure"),
        ({"calculator": "math:floor", "parallel": 2}, ConfigError, "parallel is an option of the built-in"),
    ],
)
def test_bad_settings_get_a_sentence(changes, error, says):
    with pytest.raises(error, match=says):
        check_config(SearchConfig(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 0},
        {"max_atoms": 10**6},
        {"seed": -1},
        {"kT": math.nan},
        {"penalty": "harsh"},
        {"policy": 3},
        {"parallel": 0},
    ],
)
def test_out_of_range_settings_are_refused(changes):
    with pytest.raises(ConfigError, match=next(iter(changes))):
        SearchConfig(**changes)


def test_a_configuration_survives_paper():
    configuration = config(settings={"learning_rate": 0.1}, target=-27.0)
    assert SearchConfig.from_dict(json.loads(json.dumps(configuration.as_dict()))) == configuration
    with pytest.raises(ConfigError, match="unknown setting 'step'"):
        SearchConfig.from_dict({"step": 3})
