"""Ready-made runs: as published, and as fast as we know how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from rlcsp_core.crystal.composition import Preset, presets
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.policies import GENERAL, policy_names

FAST_STEPS = 20_000
GIVEN_UP = 3000  # steps of a search that has learned nothing, as in the experiment `learning-across`
FAST_POPULATION = 20  # enough for the scale of energies; the search itself samples widely


def fast(preset: Preset, seed: int = 1) -> SearchConfig:
    """A search with all our actions, to the known minimum of a composition at its atom limit.

    It starts from a policy that never saw this compound: the one trained without it, or on others only."""
    return SearchConfig(
        composition=preset.formula,
        algorithm="belief",
        actions="sized",
        policy=apart(preset.formula),
        seed=seed,
        steps=FAST_STEPS,
        max_atoms=preset.max_atoms,
        population=FAST_POPULATION,
        target=preset.target,
        potential=preset.potential,
    )


def apart(formula: str) -> str:
    """The shipped policy that never saw a compound."""
    without = f"without-{formula}"
    return without if without in policy_names() else GENERAL


def untrained(trained: SearchConfig) -> SearchConfig:
    """The same search by an agent that has learned nothing: every action is as probable as any other.

    Its actions are those of `learning-across`, with one symmetric action for all sizes."""
    return replace(trained, algorithm="uniform", actions="extended", policy=None, steps=GIVEN_UP)


def demo(earlier: Iterable[Mapping[str, Any]] = ()) -> SearchConfig:
    """To the ground state of Y2O3, which takes seconds; a seed again would be the same run again."""
    return with_next_seed(fast(presets()["Y2O3"]), earlier)


def with_next_seed(config: SearchConfig, earlier: Iterable[Mapping[str, Any]]) -> SearchConfig:
    """The search with the first seed from its own on that no equal one of the `earlier` configurations has had."""
    mine = config.as_dict()
    taken = {other["seed"] for other in earlier if {**other, "seed": 0} == {**mine, "seed": 0}}
    return replace(config, seed=next(seed for seed in count(config.seed) if seed not in taken))
