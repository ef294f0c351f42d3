"""One contract for all actions, and what sets each of them apart."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from rlcsp_core.actions import (
    ACTIONS,
    EXTENSIONS,
    CurrentStructure,
    Problem,
    action_mask,
    action_numbered,
    action_set,
    policy_group,
)
from rlcsp_core.actions.published import _pools
from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.generate import random_sound_structure
from rlcsp_core.crystal.ions import code_of
from rlcsp_core.crystal.modular import SITES, Assembly, Modular, build
from rlcsp_core.errors import ConfigError

PROBLEM = Problem(composition_of("SrY2O4"), 42)


def content(structure: Modular) -> Counter:
    return Counter(structure.sites.ravel().tolist())


def formula_of(structure: Modular) -> dict[int, int]:
    held = content(structure)
    held.pop(0, None)
    smallest = np.gcd.reduce(list(held.values()))
    return {code: n // smallest for code, n in sorted(held.items())}


@pytest.fixture
def structures(rng) -> list[Modular]:
    return [random_sound_structure(PROBLEM.composition, 42, 1.2, rng)[0] for _ in range(30)]


def standing(structure: Modular) -> CurrentStructure:
    return CurrentStructure(structure, build(structure, PROBLEM.composition))


def changed(action, structures, rng):
    """(before, after) of every draw that came to something, of which there are some."""
    draws = [
        (before, action.change(standing(before), PROBLEM, rng))
        for before in structures
        for _ in range(20)
        if action.applies(standing(before), PROBLEM)
    ]
    made = [(before, after) for before, after in draws if after is not None]
    assert len(made) > 20
    return made


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: a.name)
def test_every_action_keeps_the_formula_the_limit_and_its_input(action, structures, rng):
    copies = [s.sites.copy() for s in structures]
    for before, after in changed(action, structures, rng):
        assert formula_of(after) == formula_of(before)
        assert after.n_atoms <= PROBLEM.max_atoms
        assert build(after, PROBLEM.composition).n_atoms == after.n_atoms
        assert after.sites.shape == (*(after.assembly.shape[i] for i in (2, 0, 1)), SITES)
    assert all(np.array_equal(s.sites, copy) for s, copy in zip(structures, copies, strict=True))


@pytest.mark.parametrize("number", [1, 2, 4, 9, 10])
def test_rearranging_keeps_assembly_and_content_and_changes_something(number, structures, rng):
    for before, after in changed(action_numbered(number), structures, rng):
        assert after.assembly == before.assembly
        assert content(after) == content(before)
        assert not np.array_equal(after.sites, before.sites)


def test_a_swap_moves_exactly_two_sites(structures, rng):
    for before, after in changed(action_numbered(1), structures, rng):
        assert (before.sites != after.sites).sum() == 2


def test_permuting_some_leaves_at_least_one_site_of_the_pool(structures, rng):
    for before, after in changed(action_numbered(9), structures, rng):
        assert 2 <= (before.sites != after.sites).sum() < before.sites.size


def test_block_swaps_keep_the_blocks(structures, rng):
    for before, after in changed(action_numbered(2), structures, rng):
        rows = [sorted(map(tuple, s.sites.reshape(-1, SITES).tolist())) for s in (before, after)]
        assert rows[0] == rows[1]
    for before, after in changed(action_numbered(4), structures, rng):
        rows = [sorted(map(tuple, s.sites.reshape(len(s.sites), -1).tolist())) for s in (before, after)]
        assert rows[0] == rows[1]
        assert len(before.sites) > 2


def test_reassembly_keeps_the_sequence_of_blocks(structures, rng):
    for before, after in changed(action_numbered(3), structures, rng):
        assert np.array_equal(before.sites.ravel(), after.sites.ravel())
        assert before.assembly != after.assembly


def test_doubling_repeats_the_crystal(structures, rng):
    for before, after in changed(action_numbered(5), structures, rng):
        assert after.n_atoms == 2 * before.n_atoms
        small, large = (build(s, PROBLEM.composition) for s in (before, after))
        assert large.volume == pytest.approx(2 * small.volume)
        inverse = np.linalg.inv(small.cell)
        home = {key(n, p @ inverse) for n, p in zip(small.numbers, small.positions, strict=True)}
        assert {key(n, p @ inverse) for n, p in zip(large.numbers, large.positions, strict=True)} == home


def key(number, fractional):
    return int(number), *(np.round(fractional % 1.0, 6) % 1.0).tolist()


def test_renewal_respects_its_size(structures, rng):
    larger = 0
    for before, after in changed(action_numbered(6), structures, rng):
        assert after.n_atoms <= before.n_atoms
    for before, after in changed(action_numbered(7), structures, rng):
        larger += after.n_atoms > before.n_atoms
    assert larger > 0


def test_pools_weigh_4_4_1_with_and_without_vacancies():
    o, sr, y = code_of("O"), code_of("Sr"), code_of("Y")
    pools = _pools(np.array([sr, y, o, o, 0]))
    # cations, cations with vacancies, anions with vacancies, all, all with vacancies;
    # anions alone hold one kind only and cannot be exchanged
    assert [int(members.sum()) for members, _ in pools] == [2, 3, 3, 4, 5]
    assert [weight / pools[-1][1] for _, weight in pools] == [4, 4, 4, 1, 1]


def test_masks_follow_the_structure():
    o, y = code_of("O"), code_of("Y")
    problem = Problem(composition_of("Y2O3"), 9)
    two_layers = Assembly("hexagonal", (1, 1, 2), (90.0, 90.0, 120.0), (0, 2))
    same = Modular(two_layers, np.array([[[[y, o, o, 0]]], [[[y, o, o, 0]]]]))
    here = CurrentStructure(same, build(same, problem.composition))
    masked = {a.number for a, ok in zip(ACTIONS, action_mask(here, problem), strict=True) if not ok}
    assert masked == {2, 4, 5}  # equal blocks, two layers only, no room for twice the atoms


def test_actions_are_numbered_as_published():
    assert [a.number for a in ACTIONS] == [1, 2, 3, 4, 5, 6, 7, 9, 10]
    assert all(action_numbered(a.number) is a for a in ACTIONS)
    with pytest.raises(ConfigError, match="no action 8; choose from 1, 2"):
        action_numbered(8)


# beyond the published nine --------------------------------------------------------------------------------------------


def free_trials(number, structures, rng):
    """(before, after) of every draw that came to something, of which there are some; both relaxed-like crystals."""
    action = action_numbered(number)
    draws = [(s, action.change(standing(s), PROBLEM, rng)) for s in structures for _ in range(12)]
    made = [(standing(s).relaxed, after) for s, after in draws if after is not None]
    assert len(made) >= 3
    return made


@pytest.mark.parametrize("action", EXTENSIONS, ids=lambda a: a.name)
def test_free_actions_keep_formula_and_limit(action, structures, rng):
    for before, after in free_trials(action.number, structures, rng):
        ratio = after.n_atoms / before.n_atoms
        counts = [Counter(c.numbers.tolist()) for c in (before, after)]
        assert all(counts[1][k] == pytest.approx(v * ratio) for k, v in counts[0].items())
        assert after.n_atoms <= PROBLEM.max_atoms
        assert np.isfinite(after.positions).all()
        assert after.volume > 0


def test_a_symmetric_crystal_of_this_size_has_this_size(structures, rng):
    assert all(a.n_atoms == b.n_atoms for b, a in free_trials(12, structures, rng))


def test_a_rattled_supercell_is_twice_the_crystal_where_it_fits(structures, rng):
    for before, after in free_trials(14, structures, rng):
        fits = 2 * before.n_atoms <= PROBLEM.max_atoms
        assert after.n_atoms == before.n_atoms * (2 if fits else 1)
        assert after.volume == pytest.approx(before.volume * (2 if fits else 1))


def test_filling_a_hole_moves_one_anion(structures, rng):
    for before, after in free_trials(15, structures, rng):
        moved = np.flatnonzero(np.any(before.positions != after.positions, axis=1))
        assert len(moved) <= 1
        assert all(before.numbers[moved] == 8)
        assert np.array_equal(before.cell, after.cell)


def test_modular_actions_are_masked_where_there_are_no_modules(rng):
    here = standing(random_sound_structure(PROBLEM.composition, 42, 1.2, rng)[0])
    free = CurrentStructure(here.relaxed, here.relaxed)
    allowed = {a.number for a in ACTIONS + EXTENSIONS if a.applies(free, PROBLEM)}
    assert allowed == {6, 7, 11, 12, 13, 14, 15}


# sets -----------------------------------------------------------------------------------------------------------------

# What stored runs mean by these names; never to be changed: a larger set is another set, with another name.
STORED_SETS = {
    "published": (1, 2, 3, 4, 5, 6, 7, 9, 10),
    "extended": (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15),
    "symmetric": (11, 12, 13, 14, 15),
}


def test_sets_that_runs_were_stored_with_stay_as_they_were():
    assert {
        name: tuple(action.number for action in action_set(name, "SrY2O4", 42)) for name in STORED_SETS
    } == STORED_SETS


@pytest.mark.parametrize(
    ("formula", "max_atoms", "most"), [("Y2O3", 80, 16), ("SrY2O4", 42, 6), ("SrO", 3, 1)]
)
def test_the_sized_set_has_a_symmetric_action_for_each_number_of_units(formula, max_atoms, most):
    numbers = tuple(action.number for action in action_set("sized", formula, max_atoms))
    assert numbers == (1, 2, 3, 4, 5, 6, 7, 9, 10, 13, 14, 15, *range(101, 101 + most))
    with pytest.raises(ConfigError, match="an atom limit of 4 is too small for Y2O3"):
        action_set("sized", "Y2O3", 4)


def test_every_sized_action_makes_so_many_formula_units(rng):
    for k, action in enumerate(action_set("sized", "SrY2O4", 42)[12:], 1):
        made = [action.change(None, PROBLEM, rng) for _ in range(1500)]
        counts = [Counter(crystal.numbers.tolist()) for crystal in made if crystal is not None]
        assert counts
        assert all(count == {38: k, 39: 2 * k, 8: 4 * k} for count in counts)


def test_sizes_share_weights_by_group_and_other_actions_have_their_own():
    groups = {n: policy_group(action_numbered(n)) for n in (1, 15, 101, 102, 103, 106, 109, 116, 132)}
    assert groups == {
        1: "1", 15: "15", 101: "symmetric-1", 102: "symmetric-powers-of-2", 103: "symmetric-odd",
        106: "symmetric-even", 109: "symmetric-odd", 116: "symmetric-powers-of-2", 132: "symmetric-powers-of-2",
    }  # fmt: skip
    assert action_numbered(101).name == "Symmetric, 1 unit"
    assert action_numbered(104).title == "104 · Symmetric, 4 units"


def test_an_unknown_set_and_actions_out_of_range_are_refused():
    with pytest.raises(ConfigError, match="unknown action set 'size'; choose from published"):
        action_set("size", "Y2O3", 40)
    for number in (100, 301, -3):
        with pytest.raises(ConfigError, match=f"no action {number}"):
            action_numbered(number)


def test_every_action_has_a_number_and_a_colour_of_its_own():
    actions = ACTIONS + EXTENSIONS
    assert len({action.number for action in actions}) == len(actions)
    assert len({action.colour for action in actions}) == len(actions)
    assert {action.number for action in actions if action.own} == {action.number for action in EXTENSIONS}
