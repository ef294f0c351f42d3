"""Every compiled kernel of the energy against its naive twin, in cells that are cubic, skewed, flat and long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlcsp_core.energy import evaluate, load_potential
from rlcsp_core.energy.evaluation import compact, prepare
from rlcsp_core.energy.tables import LARGE_CELLS, SMALL_CELLS, build_tables
from rlcsp_core.energy.total_kernels import deepest_contact
from rlcsp_core.records import Crystal
from tests import naive

SHAPES = {
    "cubic": np.eye(3),
    "skewed": np.array([[1, 0, 0], [2.3, 1, 0], [-1.6, 1.9, 1]]),
    "flat": np.diag([2.0, 2.0, 0.25]),
    "long": np.diag([0.6, 0.6, 2.8]),
}
FORMULAS = ([39, 39, 8, 8, 8], [38, 22, 8, 8, 8], [39, 39, 38, 22, 8, 8, 8, 8, 8, 8])
EXACT = 1e-9  # relative, of sums over the same table
every_shape = given(seed=st.integers(0, 10**6), shape=st.sampled_from(sorted(SHAPES)))
few = settings(max_examples=12, deadline=None, derandomize=True)


def crystal_in(shape: str, seed: int, closest: float = 1.6) -> Crystal:
    """Ions at random in a cell of that shape, no two closer than `closest` [Å]."""
    rng = np.random.default_rng(seed)
    numbers = np.array(FORMULAS[rng.integers(len(FORMULAS))])
    cell = SHAPES[shape] + 0.05 * rng.normal(size=(3, 3))
    cell *= (22.0 * len(numbers) / abs(np.linalg.det(cell))) ** (1 / 3)
    placed: list[np.ndarray] = []
    while len(placed) < len(numbers):
        trial = rng.random(3) @ cell
        if len(naive.pairs(np.array([*placed, trial]), cell, closest)[0]) == 0:
            placed.append(trial)
        elif rng.random() < 0.01:
            cell, placed = cell * 1.05, []
    return Crystal(numbers, np.array(placed), cell)


@few
@every_shape
def test_the_energy_is_that_of_the_plain_lattice_sums(seed, shape):
    crystal, potential = crystal_in(shape, seed), load_potential()
    fast = evaluate(crystal, potential).energy
    assert abs(fast - naive.lattice_energy(crystal, potential)) < 1e-6 * crystal.n_atoms


@pytest.mark.parametrize("split", [SMALL_CELLS, LARGE_CELLS], ids=str)
@few
@every_shape
def test_both_parts_sum_their_tables_exactly(split, seed, shape):
    crystal, potential = crystal_in(shape, seed), load_potential()
    tables = build_tables(potential, prepare(crystal, potential).ions, split)
    plain = naive.real_part(crystal, potential, tables) + naive.reciprocal_part(crystal, potential, tables)
    assert evaluate(crystal, potential, tables).energy == pytest.approx(plain, rel=EXACT)


@few
@every_shape
def test_the_neighbour_list_holds_every_pair_once(seed, shape):
    crystal = crystal_in(shape, seed)
    ready = prepare(crystal, load_potential())
    x, cell, near = compact(ready.positions, ready.cell, ready.starts, 6.0)
    species = len(ready.kinds)
    listed = []
    for i in range(len(x)):
        for p in range(near.first[i * species], near.first[(i + 1) * species]):
            g = near.ghost[p]
            listed.append(np.linalg.norm(x[near.atom[g]] + near.image[g] @ cell - x[i]))
    _, _, vectors = naive.pairs(crystal.positions, crystal.cell, 6.0)
    assert np.allclose(np.repeat(np.sort(listed), 2), np.sort(np.linalg.norm(vectors, axis=1)), atol=1e-9)


@few
@every_shape
def test_the_deepest_contact_is_that_of_the_closest_pairs(seed, shape):
    crystal, potential = crystal_in(shape, seed, closest=0.7), load_potential()
    ready = prepare(crystal, potential)
    guards = np.array([[pair.guard for pair in row] for row in potential.pairs(ready.ions)])
    x, cell, near = compact(ready.positions, ready.cell, ready.starts, guards.max())
    _, _, species = naive.species_of(crystal, potential)
    i, j, vectors = naive.pairs(crystal.positions, crystal.cell, guards.max())
    plain = max([0.0, *(guards[species[i], species[j]] - np.linalg.norm(vectors, axis=1))])
    fast = deepest_contact(x, cell, ready.kinds, ready.starts, near, guards)
    assert fast == pytest.approx(plain, abs=1e-12)
