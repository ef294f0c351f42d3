"""Trials on their way to the relaxation: in one stage, and settled before they are rattled."""

from dataclasses import replace

import numpy as np
import pytest

from rlcsp_core.actions import Problem
from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.modular import build
from rlcsp_core.records import Relaxation, StopRecord
from rlcsp_core.relax import descent_named, relaxer_named, settler_named
from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.search.trials import Workshop

PROBLEM = Problem(composition_of("Y2TiO5"), 50)
SAME = 2e-4  # eV/atom, of one minimum relaxed twice


def workshop(descent, rattle=0.05):
    relaxer = relaxer_named("builtin", descent_named(descent))
    return Workshop(PROBLEM, 1.2, rattle, relaxer, settler_named(descent))


def equal_ends(descent, n=25):
    """Of n modular structures that were rattled twice, the share that ended in one minimum."""
    rng, shop, same = np.random.default_rng(3), workshop(descent), 0
    for _ in range(n):
        structure, _ = shop.random_trial(rng)
        first, second = (shop.relaxed(structure, shop.prepared(structure, rng)).energy for _ in range(2))
        same += first is not None and second is not None and abs(first - second) < SAME
    return same / n


def test_modules_that_settle_first_mostly_end_alike_and_others_do_not():
    assert equal_ends("settled-first") > 0.7
    assert equal_ends("conditioned") < 0.4


def ended(crystal, converged, evaluations):
    return Relaxation(
        crystal, -30.0 if converged else None, None if converged else "stuck", evaluations, 0.5, 0, 0
    )


@pytest.mark.parametrize("settles", [True, False])
def test_the_displacements_are_put_on_the_settled_modules(settles, rng):
    starts = []

    def settler(crystal, _=None):
        return ended(replace(crystal, positions=crystal.positions + 1.0), settles, 7)

    def relaxer(crystal, _=None):
        starts.append(crystal)
        return ended(crystal, True, 20)

    shop = replace(workshop("conditioned"), relaxer=relaxer, settler=settler)
    structure, _ = shop.random_trial(rng)
    before = shop.prepared(structure, rng)
    found = shop.relaxed(structure, before)
    assert (found.evaluations, found.seconds, found.before) == (27, 1.0, before)
    shift = starts[0].positions - build(structure, PROBLEM.composition).positions
    expected = before.positions - build(structure, PROBLEM.composition).positions + (1.0 if settles else 0.0)
    np.testing.assert_allclose(shift, expected, rtol=0, atol=1e-12)
    shop.relaxed(before, before)  # atoms put down freely have no modules to settle
    assert starts[1] is before


def test_a_search_in_two_stages_repeats_itself_and_differs_from_one_stage():
    ends = []
    for descent in ("settled-first", "settled-first", "conditioned"):
        config = SearchConfig(
            composition="Y2TiO5", algorithm="uniform", steps=10, population=5, max_atoms=24, descent=descent
        )
        ends.append([record.energy for record in Search(config) if not isinstance(record, StopRecord)])
    assert ends[0] == ends[1] != ends[2]
