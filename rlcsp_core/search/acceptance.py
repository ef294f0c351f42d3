"""Basin hopping's acceptance, and the melting that leaves a basin.

    accept with probability min(1, exp(−ΔE/kT)),  ΔE in eV/atom against the current structure

After `melt_after` steps without a trial lower than the current structure, kT grows at each step by a uniform random
amount of up to `melt_step`, until a trial is lower; then it falls back to its start.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rlcsp_core.records import SAME_ENERGY
from rlcsp_core.search.config import SearchConfig


class Temperature(NamedTuple):
    """How ready the search is to go uphill."""

    kT: float  # eV
    since_lower: int  # steps since a trial was lower than the structure it came from
    melting: bool


def cold(config: SearchConfig) -> Temperature:
    return Temperature(config.kT, 0, False)


def before_step(temperature: Temperature, config: SearchConfig, rng: np.random.Generator) -> Temperature:
    """The temperature of the coming step: raised where the last lower trial is long ago."""
    if temperature.since_lower < config.melt_after:
        return temperature
    raised = temperature.kT + rng.uniform(0.0, config.melt_step)
    return temperature._replace(kT=raised, melting=True)


def after_step(temperature: Temperature, delta_e: float | None, config: SearchConfig) -> Temperature:
    """delta_e: trial minus current [eV/atom], None where there was no energy."""
    if delta_e is not None and delta_e < -SAME_ENERGY:  # less would be noise of the relaxation
        return cold(config)
    return temperature._replace(since_lower=temperature.since_lower + 1)


def climb(kT: float, deltas: list[float], rng: np.random.Generator) -> float:
    """The highest ΔE [eV] that is accepted this time: −kT ln u, u drawn only if one of `deltas` goes uphill."""
    if all(delta <= 0 for delta in deltas):
        return 0.0
    u = rng.random()
    return -kT * math.log(u) if u > 0 else math.inf
