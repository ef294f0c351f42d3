"""Shared by the tests of the analysis."""

import numpy as np
import pytest

from rlcsp_core.analysis.curves import RunCurve


@pytest.fixture
def rng():
    return np.random.default_rng(2024)


@pytest.fixture
def make_curve():
    """A run from its energies; a step takes a second, the initial population ten."""

    def made(energies, initial=(0.0,), **fields):
        n = len(energies)
        defaults = {
            "run_id": "run",
            "label": "experiment",
            "attempts": np.ones(n, dtype=np.int64),
            "elapsed": 10.0 + np.arange(1, n + 1),
            "initial_elapsed": 10.0,
        }
        return RunCurve(
            energies=np.array(energies, dtype=np.float64),
            initial_energies=np.array(initial, dtype=np.float64),
            **(defaults | fields),
        )

    return made
