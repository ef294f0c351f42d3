"""Records as a search would yield them, with numbers that say nothing."""

import numpy as np

from rlcsp_core.records import Crystal, PopulationRecord, StepRecord, Update

CONFIG = {"composition": "Y2O3", "algorithm": "rlcsp", "seed": 1, "steps": 100, "settings": {}}
N_ACTIONS = 9


def crystal(rng, n=10):
    numbers = rng.choice([39, 8], size=n)
    return Crystal(numbers.astype(np.int64), rng.normal(size=(n, 3)) * 5, rng.normal(size=(3, 3)) * 6)


def member(index, rng, energy=-26.0):
    reason = "step limit" if energy is None else None
    after = None if energy is None else crystal(rng)
    return PopulationRecord(index, 3, energy, reason, 120, 0.02, crystal(rng), after)


def step(number, rng, energy=-26.5, accepted=False, learns=False):
    update = Update(rng.normal(size=(N_ACTIONS, 2)), 0.1 * number, 2.1, 0.003) if learns else None
    return StepRecord(
        step=number,
        action=(1, 2, 3, 4, 5, 6, 7, 9, 10)[number % N_ACTIONS],
        attempts=int(rng.integers(1, 60)),
        energy=energy,
        reason="cell collapse" if energy is None else None,
        accepted=accepted,
        current_energy=float(rng.normal()),
        best_energy=float(rng.normal()),
        reward=float(rng.normal()),
        probabilities=rng.dirichlet(np.ones(N_ACTIONS)),
        kT=0.02 + float(rng.random()) / 7,
        n_atoms=10,
        evaluations=130,
        relax_seconds=float(rng.random()),
        elapsed=0.03 * number,
        update=update,
        before=crystal(rng),
        after=None if energy is None else crystal(rng),
        parent=number // 2,
        kept=accepted,
        cpu_seconds=0.025 * number,
    )
