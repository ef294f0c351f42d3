"""The bench: sound structures of the composition, the same for the same clicks."""

from __future__ import annotations

import numpy as np
import pytest

from rlcsp_core.actions import ACTIONS
from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.soundness import unsound_because
from rlcsp_core.search.workbench import DEFAULTS, Workbench


@pytest.fixture
def bench() -> Workbench:
    made = Workbench("Y2O3", 30)
    assert made.renew().sound
    return made


def test_every_possible_action_leaves_a_sound_structure(bench: Workbench) -> None:
    composition = composition_of("Y2O3")
    start = bench.structure
    done = 0
    for action in np.array(ACTIONS, dtype=object)[bench.mask()]:
        bench.structure = start
        if bench.act(action).sound:
            done += 1
            assert bench.before is start
            assert bench.structure is not None
            assert unsound_because(bench.structure, composition, DEFAULTS.min_distance) is None
    assert done > 2


def test_equal_clicks_lead_to_equal_structures(bench: Workbench) -> None:
    other = Workbench("Y2O3", 30)
    other.renew()
    np.testing.assert_array_equal(bench.rattled().positions, other.rattled().positions)
    assert not np.array_equal(bench.rattled().positions, other.crystal(other.structure).positions)
