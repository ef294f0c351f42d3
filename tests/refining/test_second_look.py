"""Ranks and sentences of a second look, from energies that are made up."""

from dataclasses import replace

import pytest

from rlcsp_core.analysis.distinct import Group
from rlcsp_core.analysis.second_look import (
    Look,
    above_lowest,
    distinct_minima,
    in_a_sentence,
    of_each_kind,
    refinement_of,
    second_look,
)
from rlcsp_core.store import Finding, Refinement, Source


def refinement(found, energy, crystal, reason=None):
    return Refinement(found.key, "toy", "1", energy, reason, 3, 0.1, None if energy is None else crystal)


@pytest.fixture
def look_at(store, run_id):
    """look_at(energies by the model, crystals) -> the second look at all distinct minima."""

    def look(energies, crystals=None, reason=None) -> Look:
        groups = distinct_minima(store, [run_id], 10)
        done = [
            refinement(
                group.best, energy, store.crystal(group.best) if crystals is None else crystals[i], reason
            )
            for i, (group, energy) in enumerate(zip(groups, energies, strict=False))
            if energy != "waits"
        ]
        return second_look(groups, done, store.crystal)

    return look


def test_each_distinct_minimum_is_looked_at_once_with_all_its_findings(store, run_id):
    groups = distinct_minima(store, [run_id], 10)
    assert [len(group.members) for group in groups] == [2, 1, 1, 1]
    energies = [group.best.energy for group in groups]
    assert energies == sorted(energies)
    assert len(distinct_minima(store, [run_id], 2)) == 2
    assert [len(group.members) for group in distinct_minima(store, [run_id], 1)] == [2]


def test_a_refinement_of_any_finding_is_that_of_the_group(minima):
    first, second = (Finding("ab", Source.STEP, n, -1.0, 2) for n in (1, 2))
    made = {second.key: refinement(second, -3.0, minima[0][1])}
    found = refinement_of(Group((first, second), "P1 (1)", 10.0), made)
    assert found is not None
    assert found[0] == second
    assert refinement_of(Group((first,), "P1 (1)", 10.0), made) is None


def test_energies_above_the_lowest_are_counted_for_each_model_alone(store, run_id, minima):
    groups = distinct_minima(store, [run_id], 10)
    one = [
        refinement(group.best, energy, minima[0][1])
        for group, energy in zip(groups, (-3.0, -4.0, None), strict=False)
    ]
    other = [replace(refinement(groups[3].best, -90.0, minima[0][1]), model="other")]
    found = above_lowest(groups, one + other)
    assert found == [{"toy": 1.0}, {"toy": 0.0}, {}, {"other": 0.0}]


def test_ranks_are_those_of_each_potential_on_its_own_scale(look_at):
    look = look_at([-1.0, -4.0, -2.0, -3.0])
    assert [row.rank for row in look.rows] == [1, 2, 3, 4]
    assert [row.second_rank for row in look.rows] == [4, 1, 3, 2]
    assert [row.above for row in look.rows] == pytest.approx([3.0, 0.0, 2.0, 1.0])
    assert [row.rank for row in look.done] == [2, 4, 3, 1]
    assert all(row.swelling == pytest.approx(0) for row in look.rows)
    assert all(row.lattice == pytest.approx((0, 0, 0)) for row in look.rows)


def test_candidates_that_become_one_structure_share_a_rank(look_at, minima):
    crystal = minima[0][1]
    look = look_at([-4.0, -4.0 + 1e-4, -2.0, -3.0], [crystal, crystal, minima[2][1], minima[3][1]])
    assert [row.second_rank for row in look.rows] == [1, 1, 3, 2]
    far = look_at([-4.0, -3.9, -2.0, -3.0], [crystal, crystal, minima[2][1], minima[3][1]])
    assert [row.second_rank for row in far.rows] == [1, 2, 4, 3]


def test_the_sentence_names_what_is_lowest_and_where_it_stood(look_at):
    first = in_a_sentence(look_at([-4.0, -1.0, -2.0, -3.0]), "Toy")
    assert first == "First on ions and by Toy: rock salt, which is the known structure."
    moved = in_a_sentence(look_at([-3.9, -4.0, -2.0, -1.0]), "Toy")
    assert moved.startswith(
        "First on ions, second by Toy; lowest by Toy, second on ions: a structure of space group"
    )
    assert moved.endswith("; the known structure, rock salt, comes second, 100 meV/atom higher.")


def test_what_failed_or_waits_has_no_rank_and_is_said(look_at):
    failed = look_at([None, -1.0, "waits"], reason="too hot")
    assert [row.second_rank for row in failed.rows] == [None, 1, None, None]
    assert [row.second is None for row in failed.rows] == [False, False, True, True]
    said = in_a_sentence(failed, "Toy")
    assert said.startswith(
        "First on ions, without an energy by Toy (too hot); lowest by Toy, second on ions: "
    )
    assert said.endswith("the known structure, rock salt, is not among them.")
    assert in_a_sentence(look_at(["waits"]), "Toy") is None
    assert in_a_sentence(look_at(["waits", -1.0]), "Toy").startswith(
        "First on ions, not yet relaxed by Toy; "
    )


def test_runs_whose_energies_cannot_be_compared_are_kept_apart(store, run_id):
    config = store.run(run_id).config
    same, titania, other = (
        store.run(store.create_run({**config, **change}, name="other"))
        for change in ({"seed": 9}, {"composition": "TiO2"}, {"potential": "pedone"})
    )
    first = store.run(run_id)
    assert of_each_kind([titania, other, first, same]) == {
        ("SrO", "pedone"): [other],
        ("SrO", "ysrtio"): [first, same],
        ("TiO2", "ysrtio"): [titania],
    }
