"""Ready-made runs: as published, and as fast as we know how."""

from __future__ import annotations

from rlcsp_core.crystal.composition import Preset
from rlcsp_core.search.config import SearchConfig

FAST_STEPS = 100_000
FAST_POPULATION = 20  # enough for the scale of energies; the search itself samples widely

# At the published rate, 5e-4, a policy has drifted away, after five thousand steps, from symmetric crystals: seldom
# accepted, they are what finds most minima.  At this one it stays near the prior odds of the actions.
FAST_LEARNING_RATE = 1e-5


def fast(preset: Preset, seed: int = 1) -> SearchConfig:
    """A search with all our actions, to the known minimum of a published composition at the published atom limit."""
    return SearchConfig(
        composition=preset.formula,
        actions="extended",
        seed=seed,
        steps=FAST_STEPS,
        max_atoms=preset.max_atoms,
        population=FAST_POPULATION,
        target=preset.target,
        settings={"learning_rate": FAST_LEARNING_RATE},
    )
