"""A damaged checkpoint is refused with a sentence, or the run goes on; what was stored before stays as it was."""

import itertools
import json
import math

import pytest
from hypothesis import given

from rlcsp_core.errors import CheckpointError, RLCSPError
from rlcsp_core.execution import Halt, execute
from rlcsp_core.records import Crystal, Relaxation, StopRecord
from rlcsp_core.search import Search, SearchConfig, parts
from rlcsp_core.store import RunState, open_store
from tests.fuzz.mutations import altered_json, bounded, damaged_json, is_sentence

pytestmark = pytest.mark.slow

MORE = 12  # records made from a checkpoint that was taken up
CUT = 60  # records before the checkpoint; episodes are complete and updates made


def made_up(crystal: Crystal, _: float | None = None) -> Relaxation:
    """An energy that follows from the atoms; nothing here is about physics."""
    energy = -27.0 + float(abs(math.sin(crystal.positions.sum())))
    return Relaxation(crystal, energy, None, evaluations=1, seconds=0.0, max_force=0.0, max_stress=0.0)


@pytest.fixture(autouse=True)
def no_physics(monkeypatch):
    monkeypatch.setattr(parts, "relaxer_named", lambda *_: made_up)


def config(algorithm, actions="published"):
    return SearchConfig(algorithm=algorithm, actions=actions, steps=120, population=5, max_atoms=20)


def begun(settings):
    search = Search(settings)
    records = list(itertools.islice(search, CUT))
    return records, json.loads(json.dumps(search.checkpoint())), [r.energy for r in records]


@pytest.mark.parametrize("algorithm", ["uniform", "rlcsp", "ppo"])
def test_a_damaged_checkpoint_is_refused_or_works(algorithm):
    settings = config(algorithm)
    _, checkpoint, energies = begun(settings)
    went_on = []

    @bounded(120)
    @given(damaged_json(checkpoint) | altered_json(checkpoint))
    def damaged(paper):
        try:
            search = Search.resume(settings, paper, energies)
        except RLCSPError as error:
            is_sentence(error, "run the configuration anew")
            went_on.append(False)
            return
        went_on.append(True)
        more = list(itertools.islice(search, MORE))
        assert len(more) == MORE or isinstance(more[-1], StopRecord)  # it may say that the end was near

    damaged()
    assert set(went_on) == {True, False}  # some are refused, and some are taken up


def test_a_checkpoint_of_another_moment_is_refused():
    settings = config("rlcsp")
    _, checkpoint, energies = begun(settings)
    for other in (energies[:-1], [*energies, -26.0]):
        with pytest.raises(CheckpointError, match="trials are stored"):
            Search.resume(settings, checkpoint, other)


def test_a_checkpoint_of_another_composition_is_refused():
    _, checkpoint, energies = begun(config("rlcsp"))
    other = SearchConfig(composition="SrTiO3", population=5, max_atoms=20)
    with pytest.raises(CheckpointError, match="is not SrTiO3"):
        Search.resume(other, checkpoint, energies)


def test_a_run_whose_checkpoint_is_damaged_keeps_its_records(tmp_path):
    store = open_store(str(tmp_path / "runs.sqlite"))
    settings = config("rlcsp")
    records, checkpoint, _ = begun(settings)
    steps = CUT - settings.population

    @bounded(15)
    @given(damaged_json(checkpoint) | altered_json(checkpoint))
    def damaged(paper):
        mine = store.create_claimed(settings.as_dict(), name="damaged")
        store.append(mine, records, paper)
        store.end(mine, RunState.STOPPED, "stopped")
        try:
            execute(store, store.claim(mine.run_id), Halt())
        except RLCSPError as error:
            is_sentence(error, store.run(mine.run_id).reason)
        run, kept = store.run(mine.run_id), store.steps(mine.run_id, until=steps)
        assert run.state in (RunState.FAILED, RunState.FINISHED)
        assert kept.energy.tolist() == [r.energy for r in records[settings.population :]]
        assert kept.action.tolist() == [r.action for r in records[settings.population :]]

    damaged()
    store.close()
