"""Laws of the lattice energy: published numbers, derivatives, invariances, agreement with plain sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlcsp_core.energy import evaluate, load_potential
from rlcsp_core.energy.evaluation import prepare
from rlcsp_core.energy.potential import pair_energy
from rlcsp_core.energy.tables import LARGE_CELLS, SMALL_CELLS, build_tables
from rlcsp_core.errors import ConfigError, FormulaError, StructureError
from rlcsp_core.records import Crystal
from tests import naive
from tests.energy.gulp import REFERENCE, crystal_of

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
SPLITS = (SMALL_CELLS, LARGE_CELLS)
EXACT = 1e-9  # relative, of sums over the same table


def random_crystal(seed: int, skew: float, formula=(39, 39, 8, 8, 8), volume=20.0) -> Crystal:
    """Ions at random, no two closer than 1.6 Å, in a cell that is skewed, flat or long."""
    rng = np.random.default_rng(seed)
    numbers = np.array(formula * int(rng.integers(1, 3)))
    cell = np.eye(3) + skew * rng.normal(size=(3, 3))
    while abs(np.linalg.det(cell)) < 0.05:
        cell = np.eye(3) + skew * rng.normal(size=(3, 3))
    cell *= (volume * len(numbers) / abs(np.linalg.det(cell))) ** (1 / 3)
    placed: list[np.ndarray] = []
    while len(placed) < len(numbers):
        trial = rng.random(3) @ cell
        if len(naive.pairs(np.array([*placed, trial]), cell, 1.6)[0]) == 0:
            placed.append(trial)
        elif rng.random() < 0.01:
            cell, placed = cell * 1.05, []
    return Crystal(numbers, np.array(placed), cell)


@pytest.mark.parametrize("split", SPLITS, ids=str)
@pytest.mark.parametrize("entry", REFERENCE, ids=lambda entry: entry["name"])
def test_energy_and_gradients_are_those_of_gulp(entry, split, potential):
    crystal = crystal_of(entry)
    result = evaluate(crystal, potential, build_tables(potential, prepare(crystal, potential).ions, split))
    assert abs(result.energy / entry["n_atoms"] - entry["energy_per_atom"]) < 1e-6
    assert np.abs(result.gradient - entry["energy_gradient"]).max() < 1e-4
    strain = np.array([result.strain_gradient[ab] for ab in VOIGT])
    assert np.abs(strain - entry["strain_gradient"]).max() < 1e-3


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), skew=st.sampled_from([0.0, 0.3, 1.0]))
def test_agrees_with_plain_sums_in_any_cell(seed, skew):
    potential = load_potential()
    crystal = random_crystal(seed, skew)
    fast = evaluate(crystal, potential).energy
    assert abs(fast - naive.lattice_energy(crystal, potential)) < 1e-6 * crystal.n_atoms


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), skew=st.sampled_from([0.0, 0.3, 1.0]))
def test_kernels_sum_their_tables_exactly(seed, skew):
    potential = load_potential()
    crystal = random_crystal(seed, skew, formula=(38, 22, 8, 8, 8))
    tables = build_tables(potential, prepare(crystal, potential).ions, SMALL_CELLS)
    plain = naive.real_part(crystal, potential, tables) + naive.reciprocal_part(crystal, potential, tables)
    assert evaluate(crystal, potential, tables).energy == pytest.approx(plain, rel=EXACT)


def test_gradient_is_the_central_difference(pyrochlore, potential, rng):
    h = 1e-5  # Å
    gradient = evaluate(pyrochlore, potential).gradient
    for _ in range(6):
        i, axis = rng.integers(pyrochlore.n_atoms), rng.integers(3)
        ends = []
        for sign in (1, -1):
            x = pyrochlore.positions.copy()
            x[i, axis] += sign * h
            ends.append(evaluate(Crystal(pyrochlore.numbers, x, pyrochlore.cell), potential).energy)
        assert abs((ends[0] - ends[1]) / (2 * h) - gradient[i, axis]) < 1e-6


def test_strain_gradient_is_the_central_difference(rutile, potential):
    h = 2e-6
    strain = evaluate(rutile, potential).strain_gradient
    for a, b in VOIGT:
        ends = []
        for sign in (1, -1):
            deform = np.eye(3)
            deform[a, b] += sign * h
            moved = Crystal(rutile.numbers, rutile.positions @ deform, rutile.cell @ deform)
            ends.append(evaluate(moved, potential).energy)
        assert abs((ends[0] - ends[1]) / (2 * h) - strain[a, b]) < 1e-4
    assert np.array_equal(strain, strain.T)


def test_energy_is_the_integral_of_the_force_along_a_path(rutile, potential, rng):
    direction = rng.normal(size=rutile.positions.shape) * 0.2
    t, weights = np.polynomial.legendre.leggauss(24)

    def at(s):
        return evaluate(Crystal(rutile.numbers, rutile.positions + s * direction, rutile.cell), potential)

    work = sum(w / 2 * np.sum(at((s + 1) / 2).gradient * direction) for s, w in zip(t, weights, strict=True))
    assert abs(work - (at(1.0).energy - at(0.0).energy)) < 1e-6


def test_forces_add_up_to_nothing(pyrochlore, potential):
    assert np.abs(evaluate(pyrochlore, potential).gradient.sum(axis=0)).max() < 1e-9


def test_translation_and_other_images_change_nothing(pyrochlore, potential, rng):
    base = evaluate(pyrochlore, potential)
    cells = rng.integers(-3, 4, size=(pyrochlore.n_atoms, 3))
    moved = Crystal(
        pyrochlore.numbers, pyrochlore.positions + [0.3, 1.7, -2.9] + cells @ pyrochlore.cell, pyrochlore.cell
    )
    result = evaluate(moved, potential)
    assert result.energy == pytest.approx(base.energy, abs=1e-8)
    assert np.allclose(result.gradient, base.gradient, atol=1e-8)


def test_relabelling_permutes_the_gradient(pyrochlore, potential, rng):
    order = rng.permutation(pyrochlore.n_atoms)
    base = evaluate(pyrochlore, potential)
    shuffled = Crystal(pyrochlore.numbers[order], pyrochlore.positions[order], pyrochlore.cell)
    result = evaluate(shuffled, potential)
    assert result.energy == pytest.approx(base.energy, abs=1e-9)
    assert np.allclose(result.gradient, base.gradient[order], atol=1e-9)


@pytest.mark.parametrize("matrix", [
    [[1, 1, 0], [0, 1, 0], [0, 0, 1]], [[1, 0, 0], [4, 1, 0], [-7, 3, 1]], [[0, 1, 0], [1, 0, 0], [0, 0, 1]],
])  # fmt: skip
def test_choice_of_cell_changes_nothing(matrix, rutile, potential):
    base = evaluate(rutile, potential)
    result = evaluate(Crystal(rutile.numbers, rutile.positions, np.array(matrix) @ rutile.cell), potential)
    assert result.energy == pytest.approx(base.energy, abs=1e-8)
    assert np.allclose(result.gradient, base.gradient, atol=1e-8)
    assert np.allclose(result.strain_gradient, base.strain_gradient, atol=1e-7)


@pytest.mark.parametrize("repeat", [(2, 1, 1), (1, 3, 2), (3, 3, 3)])
def test_a_supercell_has_the_energy_of_its_cells(repeat, rutile, potential):
    shifts = np.array(list(np.ndindex(*repeat)))
    positions = (rutile.positions[None] + (shifts @ rutile.cell)[:, None]).reshape(-1, 3)
    large = Crystal(np.tile(rutile.numbers, len(shifts)), positions, np.diag(repeat) @ rutile.cell)
    base, result = evaluate(rutile, potential), evaluate(large, potential)
    assert abs(result.energy / large.n_atoms - base.energy / rutile.n_atoms) < 1e-6
    assert np.abs(result.gradient - np.tile(base.gradient, (len(shifts), 1))).max() < 1e-4


def test_the_same_call_gives_the_same_bits(pyrochlore, potential):
    first, second = evaluate(pyrochlore, potential), evaluate(pyrochlore, potential)
    assert first.energy == second.energy
    assert np.array_equal(first.gradient, second.gradient)


@pytest.mark.parametrize("pair", ["OO", "OSr", "OTi", "OY", "YY"])
def test_pair_energy_matches_its_formula_inside_and_outside_of_the_guard(pair, potential):
    a, b = (potential.elements.index(e) for e in (pair[0], pair[1:]))
    of_two = potential.pairs((0, 1, 2, 3))[a][b]
    r = np.array([0.0, 0.3, 0.8, 0.94, 1.2, 1.45, 1.47, 2.0, 5.0])
    plain = [naive.guarded_pair_energy(of_two, value) for value in r]
    assert np.allclose(pair_energy(of_two, r)[0], plain, rtol=1e-12)


@pytest.mark.parametrize("pair", ["OO", "OSr", "OTi", "OY", "YY", "SrTi"])
def test_every_pair_repels_inside_of_its_guard(pair, potential):
    split = 2 if pair.startswith("Sr") else 1
    a, b = (potential.elements.index(e) for e in (pair[:split], pair[split:]))
    of_two = potential.pairs((0, 1, 2, 3))[a][b]
    assert (pair_energy(of_two, np.linspace(0, of_two.guard, 50))[1] < 0).all()


@pytest.mark.parametrize("contact", [0.3, 0.6, 1.0])
def test_contacts_inside_of_the_guard_have_finite_consistent_forces(contact, rutile, potential):
    x = rutile.positions.copy()
    x[-1] = x[-2] + [contact, 0, 0]
    h = 1e-6
    ends = []
    for sign in (1, -1):
        moved = x.copy()
        moved[-1, 0] += sign * h
        ends.append(evaluate(Crystal(rutile.numbers, moved, rutile.cell), potential).energy)
    gradient = evaluate(Crystal(rutile.numbers, x, rutile.cell), potential).gradient[-1, 0]
    assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(gradient, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(("change", "error", "words"), [
    ({"numbers": [22, 8, 26]}, FormulaError, "it knows Y, Sr, Ti, O"),
    ({"numbers": [22, 8, 22]}, StructureError, "neutral"),
    ({"numbers": []}, StructureError, "no atoms"),
    ({"positions": np.full((3, 3), np.nan)}, StructureError, "not finite"),
    ({"cell": np.diag([4.0, 4.0, np.inf])}, StructureError, "not finite"),
    ({"cell": np.diag([4.0, 4.0, 0.0])}, StructureError, "volume"),
    ({"positions": np.zeros((2, 3))}, StructureError, "shape"),
])  # fmt: skip
def test_what_has_no_energy_is_refused_with_a_sentence(change, error, words, potential):
    parts = {"numbers": [22, 8, 8], "positions": np.eye(3), "cell": 4.0 * np.eye(3)} | change
    crystal = Crystal(np.array(parts["numbers"], dtype=int), parts["positions"], parts["cell"])
    with pytest.raises(error, match=words):
        evaluate(crystal, potential)


def test_a_single_atom_is_charged_and_refused(potential):
    with pytest.raises(StructureError, match="charge"):
        evaluate(Crystal(np.array([8]), np.zeros((1, 3)), 4 * np.eye(3)), potential)


def test_two_atoms_on_one_site_have_a_finite_energy(potential):
    crystal = Crystal(np.array([38, 8]), np.zeros((2, 3)), 4 * np.eye(3))
    assert np.isfinite(evaluate(crystal, potential).energy)


def test_an_unknown_potential_names_the_choices():
    with pytest.raises(ConfigError, match=r"choose from .*ysrtio"):
        load_potential("water")
