"""The model of the Hessian: its factors solve it, and it is the Hessian of its own springs."""

from __future__ import annotations

import numpy as np
import pytest

from rlcsp_core.energy import load_potential
from rlcsp_core.energy.evaluation import prepare
from rlcsp_core.energy.lattice_kernels import invert, reduce_cell, wrap
from rlcsp_core.energy.real_kernels import list_neighbours
from rlcsp_core.energy.tables import tables_for
from rlcsp_core.relax.stiffness_kernels import CEILING, FLOOR, REACH, factorise, solve, springs
from tests import naive
from tests.energy.gulp import structure

SIGMA = 7.0  # Å


@pytest.mark.parametrize("size", [1, 2, 7, 8, 33, 90])
def test_factors_solve_the_equations(size, rng):
    root = rng.normal(size=(size, size))
    matrix = root @ root.T + size * np.eye(size)
    factors = matrix.astype(np.float32)
    right = rng.normal(size=size)
    x = right.copy()
    assert factorise(factors)
    solve(factors, x, np.empty(size, dtype=np.float32))
    assert np.allclose(matrix @ x, right, atol=2e-4)


def test_a_matrix_that_is_not_positive_is_noticed():
    assert not factorise(np.diag([1.0, -1.0, 2.0]).astype(np.float32))


def test_springs_are_the_plain_sum_over_pairs():
    crystal, potential = structure("TiO2_rutile_skew"), load_potential()
    ready = prepare(crystal, potential)
    tables = tables_for(potential, ready.ions, crystal.n_atoms)
    x, cell, inverse = ready.positions.copy(), ready.cell.copy(), np.empty((3, 3))
    reduce_cell(cell)
    invert(cell, inverse)
    wrap(x, cell, inverse)
    n = len(x)
    fast = np.empty((3 * n + 9, 3 * n + 9), dtype=np.float32)
    neighbours = list_neighbours(x, cell, ready.starts, tables.r_cut)
    springs(x, cell, ready.kinds, ready.starts, tables, neighbours, SIGMA, fast)
    kinds = np.repeat(ready.kinds, np.diff(ready.starts))
    plain = FLOOR * np.eye(3 * n + 9)
    for i, j, d in zip(*naive.pairs(x, cell, REACH), strict=True):
        table = tables.real[kinds[i] * len(ready.kinds) + kinds[j]]
        r2, h = d @ d, 1e-4
        low, mid, high = (naive.table_value(table, tables.real_scale, r2 + s * h) for s in (-1, 0, 1))
        slope, curve = (high - low) / (2 * h), (high - 2 * mid + low) / h**2
        parallel, across = (min(max(k, 0), CEILING) for k in (2 * slope + 4 * r2 * curve, 2 * slope))
        unit = np.outer(d, d) / r2
        J = np.zeros((3, 3 * n + 9))
        J[:, 3 * i : 3 * i + 3] -= np.eye(3)
        J[:, 3 * j : 3 * j + 3] += np.eye(3)
        for c in range(3):
            J[:, 3 * n + 3 * c : 3 * n + 3 * c + 3] = np.eye(3) * d[c] / SIGMA
        plain += 0.5 * J.T @ (parallel * unit + across * (np.eye(3) - unit)) @ J
    assert np.allclose(np.tril(fast), np.tril(plain), atol=1e-3 * np.abs(plain).max())
