"""The tables do not depend on how many threads the linear algebra library uses."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from rlcsp_core.energy.potential_file import load_potential
from rlcsp_core.energy.tables import LARGE_CELLS, SMALL_CELLS, build_tables


@pytest.mark.parametrize("split", [SMALL_CELLS, LARGE_CELLS])
def test_tables_are_the_same_bits_under_one_thread_and_two(split):
    made = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            made.append(build_tables.__wrapped__(load_potential(), (0, 1, 2, 3), split))
    for one, two in zip(*made, strict=True):
        assert np.array_equal(one, two)
