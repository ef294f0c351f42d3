"""Known minima: each is reached from a crystal that is stored, and no stored one lies below it."""

from __future__ import annotations

import pytest

from rlcsp_core.crystal.composition import presets
from rlcsp_core.crystal.known import references
from rlcsp_core.crystal.symmetry import symmetry
from rlcsp_core.energy.choice import best_for
from rlcsp_core.relax import relax
from rlcsp_core.relax.validation import SYMPREC, TIGHT, volume_per_atom


@pytest.mark.parametrize("formula", presets())
def test_the_lowest_stored_crystal_is_the_known_minimum(formula):
    preset, potential = presets()[formula], best_for(formula).potential
    assert potential.name == preset.potential
    starts = [symmetry(r.crystal, SYMPREC).primitive for r in references() if r.formula == formula]
    results = [relax(start, potential, TIGHT) for start in starts]
    lowest = min((r for r in results if r.energy is not None), key=lambda r: r.energy or 0.0)
    assert lowest.energy == pytest.approx(preset.target, abs=5e-6)
    assert volume_per_atom(lowest.crystal) == pytest.approx(preset.volume, rel=1e-3)
    found = symmetry(lowest.crystal, SYMPREC)
    assert found.group == (preset.space_group, preset.symbol)
    assert found.primitive.n_atoms == preset.cell
