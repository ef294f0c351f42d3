"""A neighbour list that is said to hold has every pair within reach, however the crystal was deformed since."""

# mypy: disallow-untyped-defs=False
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from rlcsp_core.energy.real_kernels import list_neighbours
from rlcsp_core.records import Array
from rlcsp_core.relax.descent_kernels import _least_stretch, _list_holds

REACH, SKIN = 4.0, 1.2  # Å


@njit
def least_stretch(d):
    return _least_stretch(d)


@njit
def list_holds(x, cell, listed_x, inverse):
    return _list_holds(x, cell, listed_x, inverse, SKIN, REACH)


def pairs(x: Array, cell: Array, reach: float) -> set[tuple[int, int, tuple[int, ...]]]:
    """Atoms i, j and the image of j, of every pair within reach; each with its mirror."""
    starts = np.array([0, len(x)])
    found = list_neighbours(x, cell, starts, reach)
    listed = set()
    for i in range(len(x)):
        for g in found.ghost[found.first[i] : found.first[i + 1]]:
            j, image = int(found.atom[g]), found.image[g].astype(int)
            listed |= {(i, j, tuple(image)), (j, i, tuple(-image))}
    return listed


def near(x: Array, cell: Array, reach: float) -> set[tuple[int, int, tuple[int, ...]]]:
    """The same by looking at everything."""
    images = np.array([(p, q, r) for p in range(-3, 4) for q in range(-3, 4) for r in range(-3, 4)])
    found = set()
    for i in range(len(x)):
        for j in range(len(x)):
            far = np.linalg.norm(x[j] + images @ cell - x[i], axis=1)
            found |= {(i, j, tuple(map(int, n))) for n, d in zip(images, far, strict=True) if d < reach}
    return {(i, j, n) for i, j, n in found if i != j or any(n)}


def test_a_list_that_holds_misses_no_pair() -> None:
    held = []

    @given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.3), st.floats(0.0, 0.6))
    @settings(max_examples=60, deadline=None, derandomize=True)
    def check(seed: int, strain: float, move: float) -> None:
        rng = np.random.default_rng(seed)
        cell = 5.0 * np.eye(3) + rng.uniform(-0.5, 0.5, (3, 3))
        x = rng.uniform(0, 1, (4, 3)) @ cell
        deformation = np.eye(3) + strain * rng.normal(size=(3, 3))
        moved = x @ deformation + move * rng.uniform(-1, 1, x.shape)
        now = cell @ deformation
        held.append(bool(list_holds(moved, now, x, np.linalg.inv(cell))))
        if held[-1]:
            assert near(moved, now, REACH) <= pairs(x, cell, REACH + SKIN)

    check()
    assert 5 < sum(held) < len(held)  # both answers were given


def test_it_holds_where_nothing_moved_and_in_a_crystal_that_only_grew_or_turned() -> None:
    rng = np.random.default_rng(1)
    cell = 5.0 * np.eye(3)
    x = rng.uniform(0, 5, (4, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    for deformation in (np.eye(3), 1.3 * np.eye(3), turn):
        assert list_holds(x @ deformation, cell @ deformation, x, np.linalg.inv(cell))
    assert not list_holds(0.5 * x, 0.5 * cell, x, np.linalg.inv(cell))
    moved = x.copy()
    moved[0, 0] += 0.99 * SKIN
    assert list_holds(moved, cell, x, np.linalg.inv(cell))
    moved[1, 0] -= 0.99 * SKIN
    assert not list_holds(moved, cell, x, np.linalg.inv(cell))


@given(st.integers(0, 2**32 - 1), st.floats(-8, 0))
@settings(max_examples=100, deadline=None)
def test_least_stretch_is_the_smallest_singular_value(seed: int, exponent: float) -> None:
    d = np.eye(3) + 10.0**exponent * np.random.default_rng(seed).normal(size=(3, 3))
    # of a matrix all but singular half of the digits are lost, which is far below the skin
    assert abs(least_stretch(d) - np.linalg.svd(d, compute_uv=False)[-1]) < 1e-7 * max(1.0, np.abs(d).max())
