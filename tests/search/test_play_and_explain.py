"""By hand or by agent, it is the same search; and a step taken apart gives the numbers that were recorded."""

import numpy as np
import pytest

from rlcsp_core.agents.policy import entropy
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import PopulationRecord, StepRecord
from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.search.explain import explain_choice, explain_reward, explain_update
from rlcsp_core.search.play import Play, play_out

CONFIG = SearchConfig(composition="Y2O3", algorithm="rlcsp", seed=5, steps=60, max_atoms=10, population=8)
EXPLORATION, HORIZON, WINDOW, WARM_UP = 0.1, 5, 5000, 10  # defaults of the learner


@pytest.fixture(scope="module")
def records() -> tuple[list[PopulationRecord], list[StepRecord]]:
    every = list(Search(CONFIG))
    members = [record for record in every if isinstance(record, PopulationRecord)]
    return members, [record for record in every if isinstance(record, StepRecord)]


def test_player_and_agent_start_alike(records: tuple[list[PopulationRecord], list[StepRecord]]) -> None:
    game = Play(CONFIG)
    assert [member.energy for member in game.begin()] == [member.energy for member in records[0]]
    assert game.current[1] == min(m.energy for m in records[0] if m.energy is not None)


def test_a_chosen_action_is_taken_for_certain() -> None:
    game = Play(CONFIG)
    game.begin()
    number = 7
    record = game.step(number)
    assert record is not None
    assert record.action == number
    assert record.probabilities.max() == 1.0


def test_a_choice_that_cannot_be_is_replaced_and_unknown_ones_are_refused() -> None:
    game = Play(CONFIG)
    game.begin()
    numbers = [1, 2, 3, 4, 5, 6, 7, 9, 10]
    impossible = [n for n, possible in zip(numbers, game.available, strict=True) if not possible]
    record = game.step(impossible[0])
    assert record is not None
    assert record.action != impossible[0]
    with pytest.raises(ConfigError, match="no action 8"):
        game.step(8)


def test_the_agents_game_is_its_run(records: tuple[list[PopulationRecord], list[StepRecord]]) -> None:
    assert [step.energy for step in play_out(CONFIG)] == [step.energy for step in records[1]]


def test_explained_rewards_are_the_recorded_ones(
    records: tuple[list[PopulationRecord], list[StepRecord]],
) -> None:
    members, steps = records
    population = np.array([np.nan if m.energy is None else m.energy for m in members])
    trials = np.array([np.nan if s.energy is None else s.energy for s in steps])
    current = float(np.nanmin(population))
    kinds = set()
    for k, step in enumerate(steps):
        earlier = np.concatenate([population, trials[:k]])
        story = explain_reward(current, trials[k], population, earlier, CONFIG.penalty)
        assert story.reward == pytest.approx(step.reward, abs=1e-12)
        kinds.add(story.useless)
        current = step.current_energy
    assert None in kinds
    assert len(kinds) > 1


def test_explained_choices_and_updates_are_the_recorded_ones(
    records: tuple[list[PopulationRecord], list[StepRecord]],
) -> None:
    members, steps = records
    population = np.array([np.nan if m.energy is None else m.energy for m in members])
    numbers = [1, 2, 3, 4, 5, 6, 7, 9, 10]
    theta = np.zeros((9, 2))
    current = float(np.nanmin(population))
    scale = explain_reward(current, np.nan, population, population, "fixed").scale
    phi, updates = [], 0
    for k, step in enumerate(steps):
        mask = step.probabilities > 0
        story = explain_choice(theta, current, scale, mask, EXPLORATION, numbers.index(step.action))
        assert story.probabilities == pytest.approx(step.probabilities, abs=1e-12)
        assert story.score.sum() == pytest.approx(0.0, abs=1e-12)
        phi.append(story.features)
        if step.update is not None:
            rows = slice(k + 1 - HORIZON, k + 1)
            masks = np.array([s.probabilities > 0 for s in steps[rows]])
            taken = np.array([numbers.index(s.action) for s in steps[rows]])
            rewards = np.array([s.reward for s in steps[: k + 1]])
            told = explain_update(
                theta, rewards, np.array(phi[rows]), masks, taken,
                exploration=EXPLORATION, window=WINDOW, warm_up=WARM_UP,
            )  # fmt: skip
            if (entropy(np.array([s.probabilities for s in steps[rows]])) > 0.8).all():  # no bonus
                assert 5e-4 * told.gradient == pytest.approx(step.update.theta - theta, abs=1e-12)
                updates += 1
            theta = step.update.theta
        current = step.current_energy
    assert updates > 3
