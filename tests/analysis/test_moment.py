"""A stored step, taken apart, gives back what was stored: reward, probabilities, update."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rlcsp_core.analysis.moment import explains_itself, lesson, moment, step_view
from rlcsp_core.errors import NotFoundError
from rlcsp_core.execution import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import RunInfo, Store, open_store, thinning
from rlcsp_core.store.archive import Archive
from rlcsp_core.store.archive_files import Form
from rlcsp_core.store.export import write
from rlcsp_core.store.library import Library

STEPS = 40


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(str(Path(tmp_path_factory.mktemp("moment")) / "runs.sqlite"))
    for settings in (
        {"algorithm": "rlcsp"},
        {"algorithm": "uniform"},
        {"algorithm": "rlcsp", "actions": "extended"},
        {"algorithm": "rlcsp", "actions": "symmetric", "parallel": 3},
        {"algorithm": "rlcsp", "actions": "sized"},
        {"algorithm": "rlcsp", "features": "structure", "actions": "published"},
    ):
        config = SearchConfig(composition="Y2O3", seed=4, steps=STEPS, max_atoms=10, population=6, **settings)
        execute(opened, opened.create_claimed(config.as_dict(), name="small"), Halt())
    yield opened
    opened.close()


def run_of(store: Store, algorithm: str, actions: str = "published") -> RunInfo:
    runs = [r for r in store.runs(oldest_first=True) if r.algorithm == algorithm]
    return next(r for r in runs if r.config["actions"] == actions)


@pytest.mark.slow
@pytest.mark.parametrize("actions", ["published", "extended", "symmetric", "sized"])
def test_rewards_and_probabilities_are_the_stored_ones(store: Store, actions: str) -> None:
    run = run_of(store, "rlcsp", actions)
    for step in range(1, STEPS + 1):
        now = moment(store, run, step)
        assert now.reward.reward == pytest.approx(now.row.reward[0], abs=1e-12)
        assert now.reward.useless == now.useless == step_view(store, run, step).useless
        assert now.choice is not None
        assert now.choice.probabilities == pytest.approx(now.row.probabilities[0], abs=1e-12)
        assert int(now.row.action[0]) in now.numbers


def test_updates_are_the_gradient_of_the_episode(store: Store) -> None:
    run = run_of(store, "rlcsp")
    episode = moment(store, run, STEPS).episode
    assert episode is not None
    assert (episode.first, episode.last) == (36, 40)
    assert episode.theta_after is not None
    rate = 5e-4  # RL-CSP; the policy is still wide, so that there is no entropy bonus
    assert rate * episode.explanation.gradient == pytest.approx(
        episode.theta_after - episode.theta_before, abs=1e-12
    )


def test_a_fixed_policy_has_rewards_but_no_choice_to_explain(store: Store) -> None:
    now = moment(store, run_of(store, "uniform"), 7)
    assert (now.learns, now.choice, now.episode) == (False, None, None)
    assert now.reward.reward == pytest.approx(now.row.reward[0])


def test_a_learner_that_was_shown_more_than_steps_record_is_no_fixed_policy(store: Store) -> None:
    run = next(r for r in store.runs() if r.config["features"] == "structure")
    now = moment(store, run, 7)
    assert (now.learns, now.choice, now.episode) == (True, None, None)


def test_the_energy_before_a_step_is_that_after_the_last(store: Store) -> None:
    run = run_of(store, "rlcsp")
    table = store.steps(run.id)
    before = [moment(store, run, step).current_energy for step in (1, 2, 11)]
    assert before == [
        np.nanmin(store.population(run.id).energy),
        table.current_energy[0],
        table.current_energy[9],
    ]


def test_what_is_said_of_a_step_is_what_was_recorded(store: Store) -> None:
    run = run_of(store, "rlcsp")
    steps = store.steps(run.id)
    for row, step in enumerate(steps.step):
        view = step_view(store, run, int(step))
        if np.isnan(steps.energy[row]):
            assert (view.delta, view.acceptance) == (None, 0.0)
            assert view.outcome == f"failed: {steps.reason[row]}"
            continue
        assert view.outcome == ("accepted" if steps.accepted[row] else "rejected")
        assert view.delta == steps.energy[row] - view.current_energy
        assert view.acceptance == pytest.approx(min(1.0, np.exp(-view.delta / steps.kT[row])))
        assert not steps.accepted[row] or view.acceptance > 0


@pytest.mark.parametrize("step", [0, -1, STEPS + 1])
def test_steps_that_are_not_there_are_refused(store: Store, step: int) -> None:
    with pytest.raises(NotFoundError, match="has no step"):
        moment(store, run_of(store, "rlcsp"), step)


def test_steps_of_thinned_runs_are_explained_as_the_whole_ones(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the policy was left out, and is learned again."""
    monkeypatch.setattr(thinning, "MOMENTS", 3)
    runs = [run for run in store.runs() if run.algorithm == "rlcsp"]
    write([(store, run) for run in runs], tmp_path, Form("all", thin=True), zipped=False)
    archive = Archive(tmp_path)
    for run in runs:
        if run.config["features"] == run.config["actions"] == "published":
            assert (~archive.updates(run.id).known).sum() > 3
        for step in range(1, STEPS + 1, 3):
            theirs, mine = (moment(reader, run, step) for reader in (store, archive))
            assert mine.useless == theirs.useless
            assert mine.reward.reward == pytest.approx(theirs.reward.reward, rel=2e-5, abs=1e-4)
            assert mine.row.reward[0] == pytest.approx(theirs.row.reward[0], rel=2e-5, abs=1e-4)
            assert (mine.choice is None) == (theirs.choice is None)
            if mine.choice is not None and theirs.choice is not None:
                np.testing.assert_allclose(mine.choice.probabilities, theirs.choice.probabilities, atol=1e-4)
            assert (mine.episode is None) == (theirs.episode is None)
            if mine.episode is not None and theirs.episode is not None:
                for name in ("theta_before", "theta_after"):
                    a, b = getattr(mine.episode, name), getattr(theirs.episode, name)
                    assert (a is None) == (b is None)
                    assert a is None or np.allclose(a, b, rtol=0, atol=1e-4)


def test_one_begins_with_a_step_that_fell_and_taught(store: Store) -> None:
    shipped = Library(store)
    runs = [run for run in shipped.runs(experiment="quick (shipped)") if explains_itself(shipped, run)]
    fell = []
    for run in runs:
        step = lesson(shipped, run)
        assert step is not None
        now = moment(shipped, run, step)
        assert now.episode is not None
        assert now.episode.theta_after is not None
        fell.append(
            now.outcome == "accepted" and now.delta is not None and now.delta < 0 and now.useless is None
        )
        if not fell[-1]:  # none did in an episode that taught
            horizon = 1 + now.episode.last - now.episode.first
            ends = shipped.updates(run.id).step
            taught = np.concatenate([np.arange(end - horizon, end) for end in ends])
            columns = shipped.series([run.id], ["accepted", "reward"])[run.id]
            assert not np.any(columns["accepted"][taught].astype(bool) & (columns["reward"][taught] > 0))
    assert sum(fell) > 2


def test_what_was_shown_more_than_the_energy_does_not_explain_itself(store: Store) -> None:
    shown = {
        run.config["features"]: explains_itself(store, run)
        for run in store.runs()
        if run.algorithm == "rlcsp"
    }
    assert shown == {"published": True, "structure": False}
    assert not explains_itself(store, run_of(store, "uniform"))
