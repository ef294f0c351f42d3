"""What a run needs in order to be shown: the form in which results are shipped, a quarter of the whole.

    energies         to 2⁻²³ (1.2e-7) eV/atom: below 1e-6 two are the same, and that should not change
    elapsed          to 10 ms
    CPU              at the first step, the last, and that at the target; empty at the others
    probabilities    to 0.001, and no 0 where an action was allowed; empty: as at the step before
    reward           of 32 bits where it is a penalty; empty: R = z(s) − z(s′) of the energies, z as in `scale`
    kT, seconds      of 32 bits
    θ                where it has moved by 0.001 since it was last kept, at no more than MOMENTS updates, fewer where it
                     is large, of 15 bits; empty at the others
    structures       the lowest of each run, and those that a second model has relaxed, of 32 bits
    left out         evaluations, seconds of relaxations, KL, trials as built, checkpoints

A thinned run that is thinned again is the same.  Shapes: T steps, A actions, F features, U updates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from rlcsp_core.records import Array, IntArray
from rlcsp_core.scale import energy_scale
from rlcsp_core.store.histories import thinned
from rlcsp_core.store.records import RunInfo
from rlcsp_core.tables import PopulationTable, StepTable, Table, UpdateTable

LEFT_OUT: Mapping[type[Table], tuple[str, ...]] = {
    StepTable: ("evaluations", "relax_seconds"),
    PopulationTable: ("evaluations",),
    UpdateTable: ("kl",),
}
PER_EV = 2.0**23
PROBABILITY = 1000.0  # steps from 0 to 1
BITS = 15  # of 23 behind the point of a number of 32 bits
SAME_REWARD = 5e-5  # pages show four digits
MOMENTS = 30
NUMBERS = 4000  # of θ in a run
SAME_THETA = 1e-3  # by so little θ changes a probability by about a tenth of a percent at most


def thin_steps(table: StepTable, population: PopulationTable, run: RunInfo) -> StepTable:
    """population: thinned."""
    energies: dict[str, Any] = {
        name: on_grid(getattr(table, name)) for name in ("energy", "current_energy", "best_energy")
    }
    table = replace(table, **energies, kT=rounded(table.kT))
    follows = np.abs(differences(table, population, run) - table.reward) < SAME_REWARD
    p = table.probabilities
    p = rounded(np.where(p > 0, np.maximum(1.0, np.round(PROBABILITY * p)), 0.0) / PROBABILITY)
    again = np.zeros(len(p), dtype=bool)
    again[1:] = (p[1:] == p[:-1]).all(axis=1)
    return replace(
        table,
        reward=np.where(follows, np.nan, rounded(table.reward, BITS)),
        probabilities=np.where(again[:, None], np.nan, p),
        cpu_seconds=np.where(
            np.isin(table.step, (1, run.target_step or 1, run.n_steps)), table.cpu_seconds, np.nan
        ),
    )


def completed(table: StepTable, population: PopulationTable, run: RunInfo) -> StepTable:
    """All steps of a thinned run with the rewards and probabilities that were left empty."""
    reward = np.where(np.isnan(table.reward), differences(table, population, run), table.reward)
    given = ~np.isnan(table.probabilities).all(axis=1)
    latest = np.maximum.accumulate(np.where(given, np.arange(len(table)), 0))
    return replace(table, reward=reward, probabilities=table.probabilities[latest])


def differences(table: StepTable, population: PopulationTable, run: RunInfo) -> Array:
    """[T] z(s) − z(s′) of all steps of a run, s the structure that was current when a step's action was chosen.

    NaN where the trial has no energy."""
    if not np.isfinite(population.energy).any():
        return np.full(len(table), np.nan)
    current = np.concatenate([[np.nanmin(population.energy)], table.current_energy])
    at_once = int(run.config.get("parallel", 1))  # trials that were chosen together
    chosen = np.arange(len(table)) // at_once * at_once
    return np.asarray((current[chosen] - table.energy) / energy_scale(population.energy).deviation)


def thin_population(table: PopulationTable) -> PopulationTable:
    return replace(table, energy=on_grid(table.energy), seconds=rounded(table.seconds))


def thin_updates(table: UpdateTable) -> UpdateTable:
    """The first update and the last are among those that keep their θ."""
    known = np.flatnonzero(table.known)
    if not len(known):
        return table
    most = max(3, min(MOMENTS, NUMBERS // table.theta[0].size))
    if len(known) > most:
        known = known[np.unique([0, *(number - 1 for number in thinned(len(known), most - 2))])]
    theta = rounded(table.theta, BITS)
    known = moved(theta, known)
    return replace(
        table,
        theta=kept(theta, known),
        gradient_norm=kept(rounded(table.gradient_norm, BITS), known),
        entropy=kept(rounded(table.entropy, BITS), known),
    )


def moved(theta: Array, known: IntArray) -> IntArray:
    """The first and the last of these updates, and those between that moved θ [U, A, F] away from the one before."""
    latest: Iterable[int] = accumulate(
        known[:-1], lambda a, b: b if np.abs(theta[b] - theta[a]).max() > SAME_THETA else a
    )
    return np.unique([*latest, known[-1]])


def kept(values: Array, chosen: IntArray) -> Array:
    """NaN but in some rows."""
    found = np.full_like(values, np.nan)
    found[chosen] = values[chosen]
    return found


def on_grid(energies: Array) -> Array:
    return np.asarray(np.round(energies * PER_EV) / PER_EV)


def rounded(values: Array, bits: int = 23) -> Array:
    """To numbers of 32 bits with so many behind the point; what is not finite stays."""
    single = values.astype(np.float32)
    drop = np.uint32(23 - bits)
    half = np.uint32((1 << (23 - bits)) >> 1)
    whole = (single.view(np.uint32) + half) >> drop << drop
    return np.where(np.isfinite(single), whole.view(np.float32), single).astype(np.float64)
