"""The contract of the store, clause by clause, on every kind of database."""

import math
import threading
from dataclasses import replace

import numpy as np
import pytest

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import StopRecord
from rlcsp_core.store import (
    ClaimLostError,
    Refinement,
    Request,
    RunState,
    Source,
    StructureKey,
    Tally,
    open_store,
    shelf,
)
from tests.store.examples import CONFIG, crystal, member, step

pytestmark = pytest.mark.parametrize(
    "server_url", ["sqlite", "postgresql", "mariadb"], indirect=True, scope="session"
)


@pytest.fixture
def store(every_store):
    return every_store


def fill(store, claim, rng, n=20):
    """A population of three, one failed, and n steps: every fourth accepted, every fifth failed or learning."""
    energies = (-26.0, None, -26.2)
    population = [member(i, rng, e) for i, e in enumerate(energies)]
    steps = [
        step(i, rng, None if i % 5 == 4 else -26.5 + 0.1 * math.cos(i), i % 4 == 0 and i % 5 != 4, i % 5 == 0)
        for i in range(1, n + 1)
    ]
    store.append(claim, population + steps[: n // 2], {"step": n // 2})
    store.append(claim, steps[n // 2 :], {"step": n})
    return population, steps


def test_numbers_come_back_bit_for_bit(store, claim, rng):
    _, steps = fill(store, claim, rng)
    table = store.steps(claim.run_id)
    for name in (
        "current_energy",
        "best_energy",
        "reward",
        "kT",
        "relax_seconds",
        "elapsed",
        "cpu_seconds",
        "probabilities",
    ):
        written = np.array([getattr(record, name) for record in steps])
        assert getattr(table, name).tobytes() == written.tobytes(), name
    for name in ("step", "action", "attempts", "n_atoms", "parent", "evaluations", "accepted", "reason"):
        assert getattr(table, name).tolist() == [getattr(record, name) for record in steps], name


def test_learning_updates_come_back_bit_for_bit(store, claim, rng):
    _, steps = fill(store, claim, rng)
    learned = [record for record in steps if record.update]
    table = store.updates(claim.run_id)
    assert table.step.tolist() == [record.step for record in learned]
    assert table.theta.tobytes() == np.array([record.update.theta for record in learned]).tobytes()
    assert table.gradient_norm.tolist() == [record.update.gradient_norm for record in learned]
    assert store.updates(claim.run_id, after=10).step.tolist() == [15, 20]


def test_an_energy_that_does_not_exist_is_never_a_number(store, claim, rng):
    population, steps = fill(store, claim, rng)
    failed = [record.energy is None for record in steps]
    assert any(failed)
    assert np.isnan(store.steps(claim.run_id).energy).tolist() == failed
    members = store.population(claim.run_id)
    assert np.isnan(members.energy).tolist() == [False, True, False]
    assert members.reason.tolist() == [None, "step limit", None]
    assert np.isnan(store.energies(claim.run_id)).tolist() == [r.energy is None for r in population + steps]


def test_structures_of_population_accepted_steps_and_new_bests_are_kept(store, claim, rng):
    population, steps = fill(store, claim, rng)
    best, expected = min(-26.0, -26.2), set()
    for record in steps:
        lower = record.energy is not None and record.energy < best
        if lower or record.accepted:
            expected.add(record.step)
        best = record.energy if lower else best
    kept = store.structures(claim.run_id, Source.STEP)
    assert {info.number for info in kept} == expected
    assert {(i.number, i.relaxed) for i in store.structures(claim.run_id, Source.POPULATION)} == {
        (0, False), (0, True), (1, False), (2, False), (2, True),
    }  # fmt: skip
    for number in expected:
        record = steps[number - 1]
        for relaxed, written in ((False, record.before), (True, record.after)):
            read = store.structure(claim.run_id, number, relaxed=relaxed)
            assert read.positions.tobytes() == written.positions.tobytes()
            assert read.cell.tobytes() == written.cell.tobytes()
            assert read.numbers.tolist() == written.numbers.tolist()
    read = store.structure(claim.run_id, 2, source=Source.POPULATION)
    assert read.positions.tobytes() == population[2].after.positions.tobytes()
    with pytest.raises(NotFoundError, match="only accepted steps"):
        store.structure(claim.run_id, 4)


def test_best_structure_is_that_of_the_lowest_energy(store, claim, rng):
    assert store.best_structure(claim.run_id) is None
    population = [member(i, rng, e) for i, e in enumerate((-26.0, None, -26.2))]
    store.append(claim, population, {})
    info, crystal = store.best_structure(claim.run_id)
    assert (info.source, info.number, info.energy) == (Source.POPULATION, 2, -26.2)
    lower = step(1, rng, -26.3)
    store.append(claim, [lower, step(2, rng, -26.25, accepted=True)], {})
    info, crystal = store.best_structure(claim.run_id)
    assert (info.source, info.number, info.energy) == (Source.STEP, 1, -26.3)
    assert crystal.positions.tobytes() == lower.after.positions.tobytes()
    assert (store.run(claim.run_id).best_energy, store.run(claim.run_id).best_step) == (-26.3, 1)
    store.append(
        claim, [step(3, rng, -26.3 - 8e-8)], {}
    )  # the same again, but for the noise of the relaxation
    assert store.run(claim.run_id).best_step == 1


def test_the_lowest_structures_of_many_runs_are_those_of_a_sorted_list(store, rng):
    ids = []
    for seed in range(3):
        claim = store.claim(store.create_run({**CONFIG, "seed": seed}, name="a run"))
        fill(store, claim, rng, n=12 + seed)
        ids.append(claim.run_id)
    for chosen in (ids[:1], ids[1:], ids):
        kept = [
            (info.energy, run_id, info.source, info.number, info.n_atoms)
            for run_id in chosen
            for info in store.structures(run_id)
            if info.relaxed and info.energy is not None
        ]
        for limit in (0, 1, 5, 1000):
            found = store.lowest(chosen, limit)
            assert [each.energy for each in found] == sorted(row[0] for row in kept)[:limit]
            rows = {(each.energy, each.run_id, each.source, each.number, each.n_atoms) for each in found}
            assert len(rows) == len(found)
            assert rows <= set(kept)
    assert store.lowest([], 5) == []
    assert store.lowest(["abcdef"], 5) == []  # a run that was deleted meanwhile
    with pytest.raises(NotFoundError):
        store.lowest(["' OR 1"], 5)


def test_one_kept_structure_by_its_number(store, claim, rng):
    fill(store, claim, rng)
    for info in [info for info in store.structures(claim.run_id) if info.relaxed]:
        assert store.kept(claim.run_id, info.number, info.source) == info
    for number, source in ((9999, Source.STEP), (1, Source.POPULATION)):
        with pytest.raises(NotFoundError, match="kept no structure"):
            store.kept(claim.run_id, number, source)


def test_ancestry_is_the_course_of_the_steps_so_far(store, claim, rng):
    fill(store, claim, rng)
    names = ("step", "action", "energy", "accepted", "parent", "n_atoms")
    series = store.series([claim.run_id], names)[claim.run_id]
    for until in (0, 7, 20):
        found = store.ancestry(claim.run_id, until)
        for name in names:
            np.testing.assert_array_equal(found[name], series[name][:until])
        assert len(found["step"]) == until


def test_totals_are_counts_over_the_history(store, claim, rng):
    _, steps = fill(store, claim, rng)
    run = store.run(claim.run_id)
    assert (run.n_population, run.n_population_failed, run.n_steps) == (3, 1, len(steps))
    assert run.n_accepted == sum(r.accepted for r in steps)
    assert run.n_failed == sum(r.energy is None for r in steps)
    assert run.n_accepted + run.n_rejected + run.n_failed == len(steps)
    assert run.elapsed == steps[-1].elapsed
    by_hand = {a: Tally() for a in {r.action for r in steps}}
    for r in steps:
        t = by_hand[r.action]
        failed = r.energy is None
        by_hand[r.action] = Tally(
            t.accepted + r.accepted, t.rejected + (not failed and not r.accepted), t.failed + failed
        )
    assert run.tally == by_hand


@pytest.mark.parametrize(("after", "until"), [(0, None), (0, 7), (7, None), (7, 12), (20, None), (12, 7)])
def test_windows_are_slices_of_the_whole(store, claim, rng, after, until):
    fill(store, claim, rng)
    whole = store.steps(claim.run_id)
    window = store.steps(claim.run_id, after, until)
    assert window.step.tolist() == whole.step[after:until].tolist()
    assert window.energy.tobytes() == whole.energy[after:until].tobytes()
    assert len(window.probabilities) == len(window)


@pytest.mark.parametrize("max_points", [1, 3, 7, 19, 20, 100])
def test_overview_thins_evenly_and_keeps_the_last_step(store, claim, rng, max_points):
    fill(store, claim, rng)
    table = store.overview(claim.run_id, max_points)
    assert len(table) <= max_points + 1
    assert table.step[-1] == 20
    assert len(set(np.diff(table.step[:-1]))) <= 1
    if max_points >= 20:
        assert len(table) == 20


def test_series_of_many_runs_equal_the_tables(store, claim, rng):
    fill(store, claim, rng)
    other = store.claim(store.create_run(CONFIG, name="other"))
    store.append(other, [member(0, rng), step(1, rng, None)], {})
    series = store.series([claim.run_id, other.run_id], ["energy", "accepted"])
    np.testing.assert_array_equal(series[claim.run_id]["energy"], store.steps(claim.run_id).energy)
    np.testing.assert_array_equal(series[claim.run_id]["accepted"], store.steps(claim.run_id).accepted)
    assert np.isnan(series[other.run_id]["energy"]).all()
    with pytest.raises(NotFoundError, match="best_energy"):
        store.series([claim.run_id], ["token"])
    with pytest.raises(NotFoundError, match="no run 'abc'"):
        store.series([claim.run_id, "abc"], ["energy"])
    assert store.series([], ["energy"]) == {}


def test_records_stored_twice_are_there_once_and_gaps_are_refused(store, claim, rng):
    _, steps = fill(store, claim, rng)
    before = store.run(claim.run_id)
    store.append(claim, steps[-3:], {"step": 20})
    after = store.run(claim.run_id)
    assert (after.n_steps, after.tally, after.best_energy) == (
        before.n_steps,
        before.tally,
        before.best_energy,
    )
    with pytest.raises(StoreError, match="22 of n_steps came after 20"):
        store.append(claim, [step(22, rng)], {"step": 22})


def test_a_batch_is_stored_wholly_or_not_at_all(store, claim, rng):
    fill(store, claim, rng)
    with pytest.raises(StoreError):
        store.append(claim, [step(21, rng, -99.0, accepted=True), step(23, rng)], {"step": 23})
    assert store.run(claim.run_id).n_steps == 20
    assert store.run(claim.run_id).best_energy > -99
    assert store.checkpoint(claim.run_id) == {"step": 20}
    assert 21 not in store.steps(claim.run_id).step


def test_checkpoint_comes_back_bit_for_bit(store, claim, rng):
    theta = rng.normal(size=50).tolist()
    state = {"rng": {"state": 2**127 + 3}, "theta": theta, "nothing": None}
    assert store.checkpoint(claim.run_id) is None
    store.append(claim, [], state)
    assert store.checkpoint(claim.run_id) == state


def test_only_one_worker_gets_a_run(store):
    run_id = store.create_run(CONFIG, name="one")
    claims = []
    threads = [threading.Thread(target=lambda: claims.append(store.claim(run_id))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claim is not None for claim in claims) == 1
    assert store.run(run_id).state is RunState.RUNNING


def test_a_worker_declared_dead_can_no_longer_write(store, claim, rng):
    fill(store, claim, rng)
    assert store.declare_dead(store.run(claim.run_id), RunState.INTERRUPTED, "killed")
    with pytest.raises(ClaimLostError):
        store.append(claim, [step(21, rng)], {})
    second = store.claim(claim.run_id)
    assert second is not None
    with pytest.raises(ClaimLostError):
        store.append(claim, [step(21, rng)], {})
    store.append(second, [step(21, rng)], {})
    assert store.run(claim.run_id).n_steps == 21


def test_a_worker_that_shows_life_is_not_declared_dead(store, claim):
    seen = store.run(claim.run_id)
    store.beat(claim)
    assert not store.declare_dead(seen, RunState.INTERRUPTED, "no sign of life")
    assert store.run(claim.run_id).state is RunState.RUNNING


def test_requests_reach_the_worker_with_its_next_write(store, claim, rng):
    assert store.append(claim, [member(0, rng)], {}).request is Request.RUN
    store.request(claim.run_id, "pause")
    assert store.beat(claim).request is Request.PAUSE
    store.mark(claim, RunState.PAUSED)
    store.request(claim.run_id, "step")
    store.request(claim.run_id, "step")
    assert store.beat(claim) == (Request.PAUSE, 2)
    store.take_grant(claim)
    assert store.beat(claim).grants == 1
    store.request(claim.run_id, "resume")
    assert store.beat(claim) == (Request.RUN, 0)
    assert store.request(claim.run_id, "stop") is RunState.STOPPING
    assert store.beat(claim).request is Request.STOP
    store.end(claim, RunState.STOPPED, "stopped")
    assert store.run(claim.run_id).state is RunState.STOPPED
    assert store.request(claim.run_id, "resume") is RunState.QUEUED


def test_a_queued_run_stops_at_once_and_cannot_be_claimed_from_the_queue(store):
    run_id = store.create_run(CONFIG, name="queued")
    assert store.request(run_id, "stop") is RunState.STOPPED
    assert store.claim(run_id, [RunState.QUEUED]) is None


def test_a_stop_record_closes_the_run(store, claim, rng):
    fill(store, claim, rng)
    store.append(claim, [StopRecord("target", 20, 17)], {"step": 20})
    run = store.run(claim.run_id)
    assert (run.state, run.reason, run.target_step) == (RunState.FINISHED, "target", 17)
    assert run.ended is not None
    assert store.claim(claim.run_id) is None
    with pytest.raises(ClaimLostError):
        store.beat(claim)


def test_an_experiment_has_one_run_for_each_configuration(store):
    reordered = dict(reversed(CONFIG.items()))
    first = store.create_claimed(CONFIG, name="a", experiment="quick")
    assert store.create_claimed(reordered, name="a", experiment="quick") is None
    assert store.create_claimed({**CONFIG, "seed": 2}, name="a", experiment="quick")
    assert store.create_claimed(CONFIG, name="a", experiment="other")
    assert store.create_run(CONFIG, name="a") != store.create_run(CONFIG, name="a")
    assert store.experiments() == {"other": 1, "quick": 2}
    assert store.run_of("quick", CONFIG).id == first.run_id
    assert store.run_of("none", CONFIG) is None


def test_runs_are_listed_newest_first_and_by_state(store, claim):
    other = store.create_run(CONFIG, name="other")
    assert [run.id for run in store.runs()] == [other, claim.run_id]
    assert [run.id for run in store.runs(1)] == [other]
    assert [run.id for run in store.runs(oldest_first=True)] == [claim.run_id, other]
    assert [run.id for run in store.runs(states=[RunState.QUEUED])] == [other]
    assert [run.id for run in store.active_runs()] == [claim.run_id]


def test_deleting_takes_the_history_along_and_nothing_else(store, claim, rng):
    fill(store, claim, rng)
    other = store.claim(store.create_run(CONFIG, name="other"))
    store.append(other, [member(0, rng), step(1, rng)], {})
    with pytest.raises(StoreError, match="stop it before"):
        store.delete_run(claim.run_id)
    store.end(claim, RunState.STOPPED, "stopped")
    store.delete_run(claim.run_id)
    for read in (store.run, store.steps, store.population, store.updates, store.structures, store.checkpoint):
        with pytest.raises(NotFoundError, match=claim.run_id):
            read(claim.run_id)
    assert len(store.steps(other.run_id)) == 1


def test_what_was_read_does_not_change(store, claim, rng):
    fill(store, claim, rng)
    run, table = store.run(claim.run_id), store.steps(claim.run_id)
    store.append(claim, [step(21, rng)], {})
    assert (run.n_steps, len(table)) == (20, 20)


def test_a_second_process_sees_what_was_committed(store, claim, rng):
    reader = open_store(store.url)
    fill(store, claim, rng)
    assert len(reader.steps(claim.run_id)) == 20
    reader.close()


@pytest.mark.parametrize("run_id", ["", "abc", "nope", "'; DROP TABLE runs; --", "x" * 5000, "ÿ\x00"])
def test_an_unknown_run_is_a_sentence(store, run_id):
    for call in (store.run, store.steps, store.overview, store.claim, store.delete_run, store.best_structure):
        with pytest.raises(NotFoundError, match="there is no run"):
            call(run_id)
    with pytest.raises(NotFoundError):
        store.request(run_id, "stop")


def test_refinements_come_back_bit_for_bit_and_only_the_first_counts(store, claim, rng):
    fill(store, claim, rng)
    relaxed = crystal(rng)
    where = StructureKey(claim.run_id, Source.STEP, 4)
    made = Refinement(where, "toy", "1.0", -3.25, None, 12, 0.5, relaxed)
    failed = Refinement(where._replace(number=8), "toy", "1.0", None, "x" * 999, 3, 0.1, None)
    other = Refinement(where, "other", "2.0", math.inf, None, 3, 0.1, relaxed)
    for each in (failed, made, other, replace(made, energy=-9.0)):
        store.add_refinement(each)
    first, second = store.refinements([claim.run_id], "toy")
    assert first.crystal.positions.tobytes() == relaxed.positions.tobytes()
    assert first.crystal.cell.tobytes() == relaxed.cell.tobytes()
    assert vars(first) | {"crystal": None} == vars(made) | {"crystal": None}
    assert (second.key, second.energy, second.crystal) == (failed.key, None, None)
    assert set(second.reason) == {"x"}
    assert [each.model for each in store.refinements([claim.run_id])] == ["other", "toy", "toy"]
    assert store.refinements([claim.run_id], "other")[0].energy is None
    assert store.refinements(["ffff"]) == []
    with pytest.raises(StoreError, match="name of a model"):
        store.add_refinement(replace(made, model="m" * 200))


def ended(store, claim):
    store.end(claim, RunState.STOPPED, "stopped")
    return claim.run_id


def test_titles_and_tags_are_kept_as_written(store, claim):
    hostile = "'; DROP TABLE runs; -- <b>ö</b>"
    store.label_run(claim.run_id, title=hostile, tags=["best", "β", "best"])
    run = store.run(claim.run_id)
    assert (run.title, run.tags) == (hostile, ("best", "β"))
    store.label_run(claim.run_id, title=None, tags=[])
    assert (store.run(claim.run_id).title, store.run(claim.run_id).tags) == (None, ())


@pytest.mark.parametrize(
    ("title", "tags"),
    [("", []), ("x" * 121, []), ("a\nb", []), (None, [""]), (None, ["a,b"]), (None, [" a"]), (None, ["x" * 33]),
     (None, ["\x00"]), (None, list("abcdefghi"))],
)  # fmt: skip
def test_a_label_that_no_list_can_show_changes_nothing(store, claim, title, tags):
    store.label_run(claim.run_id, title="mine", tags=["kept"])
    with pytest.raises(StoreError):
        store.label_run(claim.run_id, title=title, tags=tags)
    assert (store.run(claim.run_id).title, store.run(claim.run_id).tags) == ("mine", ("kept",))


def test_what_is_discarded_is_in_no_list_until_it_is_restored(store, rng):
    claim = store.create_claimed(CONFIG, name="a", experiment="sweep")
    fill(store, claim, rng)
    before = ended(store, claim) and store.run(claim.run_id)
    store.discard_run(claim.run_id)
    assert (store.runs(), store.experiments(), store.run_of("sweep", CONFIG)) == ([], {}, None)
    assert [run.id for run in store.discarded_runs()] == [claim.run_id]
    with pytest.raises(StoreError, match="restore it first"):
        store.request(claim.run_id, "resume")
    assert store.claim(claim.run_id) is None
    store.restore_run(claim.run_id)
    assert store.runs() == [before]
    assert store.discarded_runs() == []
    assert len(store.steps(claim.run_id)) == 20


def test_a_sweep_makes_a_discarded_configuration_again_and_one_is_enough(store):
    first = store.create_claimed(CONFIG, name="a", experiment="sweep")
    store.discard_run(ended(store, first))
    assert store.create_claimed(CONFIG, name="a", experiment="sweep") is not None
    with pytest.raises(StoreError, match="made a run of this configuration again"):
        store.restore_run(first.run_id)
    assert [run.id for run in store.discarded_runs()] == [first.run_id]


def test_the_bin_is_emptied_of_what_has_been_there_for_long(store, monkeypatch):
    first, second = (store.claim(store.create_run(CONFIG, name=name)) for name in "ab")
    store.discard_run(ended(store, first))
    monkeypatch.setattr(shelf, "KEPT_FOR", -1.0)
    store.discard_run(ended(store, second))
    assert store.discarded_runs() == []
    with pytest.raises(NotFoundError):
        store.run(first.run_id)


def test_what_is_at_work_is_neither_archived_nor_discarded(store, claim):
    for put in (lambda: store.archive_run(claim.run_id, True), lambda: store.discard_run(claim.run_id)):
        with pytest.raises(StoreError, match="stop it before"):
            put()
    store.archive_run(ended(store, claim), True)
    assert store.run(claim.run_id).archived
    store.archive_run(claim.run_id, False)
    assert not store.run(claim.run_id).archived


def test_the_definition_of_a_field_is_what_was_said_last(store):
    said = {"title": "Y₂O₃–SrO", "units": [[1, 0], [0, 1]]}
    store.keep_field("b", {"title": "first"})
    store.keep_field("a", {"title": "other"})
    store.keep_field("b", said)
    assert list(store.fields().items()) == [("a", {"title": "other"}), ("b", said)]
    with pytest.raises(StoreError, match="the name of a phase field is one line"):
        store.keep_field("", said)
