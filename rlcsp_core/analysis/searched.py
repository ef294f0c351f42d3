"""What a finished search teaches: uses and hits of its actions, and its steps as experience of a policy.

The credit of a hit goes to the step that found the target, and in part to the steps that made what it started from:
d to its parent, d² to that one's parent, … back to a structure that was made anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rlcsp_core.actions import Family, action_numbered
from rlcsp_core.agents.across import Searched
from rlcsp_core.analysis.lineage import History, lineage
from rlcsp_core.records import Array, BoolArray, IntArray
from rlcsp_core.scale import energy_scale
from rlcsp_core.search.reward import features
from rlcsp_core.store import Reader, RunInfo, StepTable

ANEW = (Family.SYMMETRIC, Family.NEW)  # owe nothing to what they started from
LEAST = 1e-3  # credit below which nothing is shared any more


def credits_of(table: StepTable, run: RunInfo, population: Array, decay: float) -> dict[int, float]:
    """{step: credit} of what led to the target; empty where it was not reached, or in the population.

    table: all steps of the run, or where decay is 0 that of the hit alone."""
    found = run.target_step
    if not found:
        return {}
    history = History(
        table.step, table.action, table.energy, table.accepted, table.parent, table.n_atoms, population
    )
    shares: dict[int, float] = {}
    share = 1.0
    for link in lineage(found, history) if decay else ():
        if link.step is None or link.action is None or share < LEAST:
            break
        shares[link.step] = share
        share *= decay
        if action_numbered(link.action).family in ANEW:
            break
    return shares or {found: 1.0}


def uses_and_hits(store: Reader, run: RunInfo, decay: float) -> dict[int, tuple[float, int]]:
    """{action: (hits, uses)}, by number."""
    found = run.target_step or 0
    table = store.steps(run.id, 0 if decay else max(found - 1, 0), found)
    population = store.population(run.id).energy if decay else np.zeros(0)
    by_step = dict(zip(table.step.tolist(), table.action.tolist(), strict=True))
    hits = dict.fromkeys(run.tally, 0.0)
    for step, share in credits_of(table, run, population, decay).items():
        hits[by_step[step]] += share
    return {action: (hits[action], tally.total) for action, tally in run.tally.items()}


def searched(store: Reader, run: RunInfo, rows: Mapping[int, int], n_rows: int, decay: float) -> Searched:
    """The steps of a run of the published features; rows: of θ, for the number of each action, in order."""
    table, population = store.steps(run.id), store.population(run.id).energy
    scale = energy_scale(population)
    energies = np.concatenate([[np.nanmin(population)], table.current_energy])
    allowed = table.probabilities > 0 if len(table) else np.zeros((0, len(rows)), dtype=bool)
    return Searched(
        problem=run.composition,
        states=np.array([features(float(energy), scale) for energy in energies]),
        masks=_together(allowed, list(rows.values()), n_rows),
        actions=np.array([rows[number] for number in table.action.tolist()], dtype=np.int64),
        rewards=table.reward,
        found={step - 1: share for step, share in credits_of(table, run, population, decay).items()},
        limit=int(run.config["steps"]),
    )


def _together(allowed: BoolArray, rows: Sequence[int], n_rows: int) -> IntArray:
    """How many unmasked actions each row stands for [T, R]; allowed [T, A], rows [A]."""
    member = np.eye(n_rows, dtype=np.int64)[list(rows)]  # [A, R]
    return np.asarray(allowed.astype(np.int64) @ member)
