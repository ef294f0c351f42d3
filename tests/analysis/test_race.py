"""A race: who drops when, what each family of actions gets, and a recorded one that is what it says it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rlcsp_core.actions import ACTIONS, action_set
from rlcsp_core.analysis.expectation import FAST_SEARCHES
from rlcsp_core.analysis.outcomes import read_outcomes, shipped_outcomes
from rlcsp_core.analysis.race import (
    FAMILIES,
    RECORDED,
    UNTRAINED,
    Lane,
    arrival,
    as_table,
    by_family,
    most_typical,
    pairs,
    pairs_of,
    recorded_race,
)
from rlcsp_core.crystal.composition import presets
from rlcsp_core.plots.race import lane_data
from rlcsp_core.records import TARGET_TOLERANCE
from rlcsp_core.search.policies import load_policy

LIMIT = 100_000  # bytes that Home may have to read


def lane(energies: list[float]) -> Lane:
    n = len(energies)
    families = np.full((n, len(FAMILIES)), 1 / len(FAMILIES))
    return Lane(np.array([-1.0, np.nan, -2.0]), np.full(n, 1), np.array(energies), families, None, ended=True)


def test_who_did_not_arrive_is_behind_who_did_however_little_it_spent() -> None:
    assert sorted([(None, 40), (300, 300), (90, 95)], key=lambda run: arrival(*run))[-1] == (None, 40)
    assert arrival(90, 95) < arrival(300, 300)


def test_a_drop_is_a_new_lowest_and_a_failure_or_a_repeat_is_none() -> None:
    assert lane([-1.5, np.nan, -2.5, -2.5, -2.0, -3.0]).drops == [3, 6]
    assert lane([]).drops == []


def test_families_share_all_of_the_probability(rng: np.random.Generator) -> None:
    for name in ("published", "sized"):
        actions = action_set(name, "Y2O3", 40)
        probabilities = rng.dirichlet(np.ones(len(actions)), 7)
        assert np.allclose(by_family(probabilities, actions).sum(axis=1), 1.0)
    one = np.eye(len(ACTIONS))
    for row, action in enumerate(ACTIONS):
        assert FAMILIES[int(by_family(one[row], ACTIONS)[0].argmax())] is action.family


def test_the_typical_pair_is_the_nearest_in_ratio() -> None:
    assert most_typical({1: (100, 10), 2: (300, 70), 3: (700, 70)}, (330.0, 66.0)) == 2


def test_pairs_count_those_with_fewer_steps() -> None:
    found = pairs_of(np.array([[10, 5], [10, 10], [4, 8], [30, 1]]))
    assert (found.n, found.fewer, found.medians) == (4, 2, (10.0, 6.5))


def test_the_shipped_race_is_one_of_its_pairs_and_the_most_typical() -> None:
    race = recorded_race()
    first, second = race.lanes
    assert Path(RECORDED).stat().st_size < LIMIT
    assert race.steps[race.seed] == (len(first.energy), len(second.energy)) == (first.arrived, second.arrived)
    table = read_outcomes(shipped_outcomes()[FAST_SEARCHES[0]])
    medians = pairs(table, race.composition, UNTRAINED, FAST_SEARCHES[1]).medians
    assert race.seed == most_typical(race.steps, medians)
    assert race.target == presets()[race.composition].target
    assert race.composition not in load_policy(race.policy)["provenance"]["compositions"]
    for each in race.lanes:
        assert each.drops[-1] == each.arrived
        assert each.energy[each.arrived - 1] <= race.target + TARGET_TOLERANCE
        assert np.nanmin(each.energy[:-1]) > race.target + TARGET_TOLERANCE
        assert np.allclose(each.families.sum(axis=1), 1.0, atol=0.003)  # rounded
    assert np.array_equal(first.members, second.members)  # one start


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    import json

    race = recorded_race()
    path = tmp_path / "race.json"
    path.write_text(json.dumps(as_table(race)))
    again = recorded_race(path)
    assert again.steps == race.steps
    for one, other in zip(again.lanes, race.lanes, strict=True):
        assert np.array_equal(one.energy, other.energy, equal_nan=True)
        assert np.array_equal(one.families, other.families)


def test_a_failure_has_no_height_and_a_drop_has_its_actions_name() -> None:
    data = lane_data(lane([-1.5, np.nan, -2.5]), -3.0, "x")
    assert data["above"] == [1500.0, None, 500.0]
    assert data["members"] == [2000.0, 1000.0]
    assert [(drop["step"], drop["title"]) for drop in data["drops"]] == [(3, ACTIONS[0].name)]
