"""Ready-made runs: as published, and as fast as we know how."""

from __future__ import annotations

from rlcsp_core.crystal.composition import Preset
from rlcsp_core.search.config import SearchConfig

FAST_STEPS = 100_000
FAST_POPULATION = 20  # enough for the scale of energies; the search itself samples widely

# Nats; of 14 actions at most 2.6.  A policy that narrows further gives up what finds most minima, symmetric crystals,
# since they are seldom accepted: one of 96 searches had learned to choose a modular action 70 times of 100.
FAST_ENTROPY_FLOOR = 2.0


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
        settings={"entropy_floor": FAST_ENTROPY_FLOOR},
    )
