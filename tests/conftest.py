"""What all tests share: a seeded generator and sound structures of every composition."""

from __future__ import annotations

import numpy as np
import pytest

SEED = 20241122


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(SEED)
