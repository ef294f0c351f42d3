"""Random trials of several compounds, in modules and symmetric, relax without failure in their potentials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rlcsp_core.crystal.generate import random_sound_structure
from rlcsp_core.crystal.modular import build
from rlcsp_core.crystal.soundness import crystal_unsound_because
from rlcsp_core.crystal.symmetric import random_symmetric_crystal
from rlcsp_core.energy import load_potential
from rlcsp_core.energy.choice import composition_in
from rlcsp_core.relax import limits_of, relax

TRIALS = 12  # of each kind
CLOSEST = 1.2  # Å
# (potential, formula, atom limit); zns is left out: S–S within its guard ends 5 of 2000 relaxations
COMPOUNDS = [
    ("pmmcs", "MgO", 16), ("pmmcs", "Al2O3", 20), ("pmmcs", "SiO2", 18), ("pmmcs", "CaTiO3", 20), ("pmmcs", "P2O5", 14),
    ("lewis-catlow", "Y2O3", 20), ("lewis-catlow", "LaAlO3", 20), ("bush", "La2O3", 20), ("tosi-fumi", "CsI", 16),
    ("tosi-fumi", "LiI", 16), ("fluoride", "CaF2", 18), ("fluoride", "LaF3", 24),
]  # fmt: skip


@pytest.mark.parametrize(("name", "formula", "limit"), COMPOUNDS)
def test_random_trials_relax(name, formula, limit, rng):
    potential = load_potential(name)
    composition = composition_in(formula, potential)
    trials = []
    while len(trials) < TRIALS:
        modular, _ = random_sound_structure(composition, limit, CLOSEST, rng)
        crystal = build(modular, composition)
        trials.append(
            replace(
                crystal, positions=crystal.positions + rng.normal(scale=0.05, size=crystal.positions.shape)
            )
        )
    while len(trials) < 2 * TRIALS:
        units = int(rng.integers(1, limit // composition.n_atoms + 1))
        crystal = random_symmetric_crystal(composition, units, rng)
        if crystal is not None and crystal_unsound_because(crystal, composition, CLOSEST) is None:
            trials.append(crystal)
    results = [relax(trial, potential, limits_of("builtin")) for trial in trials]
    assert [result.reason for result in results] == [None] * 2 * TRIALS
    assert np.isfinite([result.energy for result in results]).all()
