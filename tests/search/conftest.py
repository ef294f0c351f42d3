"""A relaxer whose energies are a fixed function of the trial, so that the loop is tested without physics."""

from __future__ import annotations

import numpy as np
import pytest

from rlcsp_core.records import Crystal, Relaxation
from rlcsp_core.search import parts

FAILS_BELOW = 0.05  # of the made-up height


def made_up(crystal: Crystal, _: float | None = None) -> Relaxation:
    """Energies spread over 1 eV/atom; some trials fail."""
    height = float(abs(np.sin(crystal.positions.sum())))
    failed = height < FAILS_BELOW
    return Relaxation(
        crystal=crystal,
        energy=None if failed else -27.0 + height,
        reason="step limit" if failed else None,
        evaluations=10,
        seconds=0.0,
        max_force=0.0,
        max_stress=0.0,
    )


@pytest.fixture
def fast_relaxer(monkeypatch):
    monkeypatch.setattr(parts, "relaxer_named", lambda *_: made_up)
