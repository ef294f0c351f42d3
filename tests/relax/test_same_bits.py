"""The process that compiles the kernels and one that loads them from disk compute the same to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

RELAX = """
import numpy as np
from rlcsp_core.records import Crystal
from rlcsp_core.relax import relaxer_named
relax, rng = relaxer_named("builtin"), np.random.default_rng(5)
for cells in (4, 8, 15):  # of Y2O3
    numbers = np.repeat([39, 8], [2 * cells, 3 * cells])
    side = (14.0 * len(numbers)) ** (1 / 3)
    result = relax(Crystal(numbers, rng.uniform(0, side, (len(numbers), 3)), side * np.eye(3)))
    print(result.evaluations, result.energy, result.crystal.positions.tobytes().hex())
"""


def _relaxed(cache: Path) -> str:
    environment = {**os.environ, "RLCSP_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", RELAX], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.long
def test_compiling_and_loading_give_the_same_bits(tmp_path: Path) -> None:
    compiled = _relaxed(tmp_path)
    assert len(compiled.splitlines()) == 3
    assert list(tmp_path.glob("kernels-*/*.nbc"))
    assert _relaxed(tmp_path) == compiled
