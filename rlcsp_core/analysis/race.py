"""Two searches side by side, step by step: who reaches the known minimum first?

A lane is what one of them did.  The race on Home was recorded (`benchmarks/record_race.py`): of some pairs of searches
with equal seeds the one nearest to the medians of the shipped outcomes, by

    d = |ln(a / m_a)| + |ln(b / m_b)|        a, b: steps of the two searches; m: medians over seeds

Shapes: T steps, P members of the initial population, A actions, F families of
actions, in the order of `Family`.  Energies in eV/atom.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import log
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rlcsp_core.actions import Action, Family
from rlcsp_core.paths import DATA
from rlcsp_core.records import SAME_ENERGY, Array, IntArray
from rlcsp_core.tables import PopulationTable, StepTable

RECORDED = DATA / "race.json"
FAMILIES = tuple(Family)
UNTRAINED = "Uniform"  # label in the shipped outcomes


class Lane(NamedTuple):
    """One search."""

    members: Array  # [P] initial population, NaN where there is no energy
    action: IntArray  # [T] numbers
    energy: Array  # [T] of the trials, NaN where there is none
    families: Array  # [T, F] probability of each family when the action was chosen
    arrived: int | None  # the step that reached the target; 0: in the initial population
    ended: bool

    @property
    def start(self) -> float:
        """Lowest energy of the initial population."""
        return float(np.nanmin(self.members))

    @property
    def drops(self) -> list[int]:
        """Steps that found a new lowest energy; a repeat within SAME_ENERGY is none."""
        before = np.fmin.accumulate(np.concatenate([[self.start], self.energy]))[:-1]
        return (np.flatnonzero(before - self.energy > SAME_ENERGY) + 1).tolist()


class Recorded(NamedTuple):
    """The race that is shipped."""

    composition: str
    target: float
    seed: int
    steps: Mapping[int, tuple[int, int]]  # of both searches, by the seeds of all pairs it was chosen from
    policy: str  # of the second lane
    lanes: tuple[Lane, ...]


class Pairs(NamedTuple):
    """What stored searches of one compound with equal seeds say of two ways to search."""

    n: int
    fewer: int  # pairs in which the second way took fewer steps
    medians: tuple[float, float]  # steps


def lane_of(
    population: PopulationTable, steps: StepTable, actions: Sequence[Action], arrived: int | None, ended: bool
) -> Lane | None:
    """None as long as no member of the population has an energy."""
    if not np.isfinite(population.energy).any():
        return None
    families = by_family(steps.probabilities, actions)
    return Lane(population.energy, steps.action, steps.energy, families, arrived, ended)


def by_family(probabilities: Array, actions: Sequence[Action]) -> Array:
    """[T, F] from [T, A]."""
    belongs = np.array([[action.family is family for family in FAMILIES] for action in actions], dtype=float)
    return probabilities.reshape(-1, len(actions)) @ belongs


def arrival(target_step: int | None, n_steps: int) -> tuple[bool, int]:
    """Sorts searches: who arrived by its steps; behind them who did not, however little it spent."""
    return target_step is None, n_steps if target_step is None else target_step


def pairs(table: pd.DataFrame, composition: str, first: str, second: str) -> Pairs:
    """table: outcomes; first and second: labels."""
    mine = table[table["composition"] == composition]
    wide = mine.pivot_table("steps", "seed", "label")[[first, second]].dropna()
    return pairs_of(wide.to_numpy())


def pairs_of(steps: Array) -> Pairs:
    """steps: [N, 2] of both searches of each pair; a search given up counts with what it spent."""
    first, second = np.median(steps, axis=0)
    return Pairs(len(steps), int((steps[:, 1] < steps[:, 0]).sum()), (float(first), float(second)))


def most_typical(steps: Mapping[int, tuple[int, int]], medians: tuple[float, float]) -> int:
    """The seed of the least d; steps: of both searches of each seed."""
    return min(
        steps,
        key=lambda seed: sum(abs(log(max(n, 1) / m)) for n, m in zip(steps[seed], medians, strict=True)),
    )


def as_table(race: Recorded) -> dict[str, Any]:
    """As it is shipped: energies to 1e-6 eV/atom, probabilities to 0.001."""
    return race._asdict() | {
        "steps": {str(seed): list(both) for seed, both in race.steps.items()},
        "lanes": [
            {
                "members": _rounded(lane.members),
                "action": lane.action.tolist(),
                "energy": _rounded(lane.energy),
                "families": np.round(1000 * lane.families).astype(int).tolist(),
                "arrived": lane.arrived,
            }
            for lane in race.lanes
        ],
    }


def _rounded(energies: Array) -> list[float | None]:
    return [None if np.isnan(energy) else round(energy, 6) for energy in energies.tolist()]


@cache
def recorded_race(path: Path = RECORDED) -> Recorded:
    table = json.loads(path.read_text(encoding="utf-8"))
    lanes = tuple(
        Lane(
            np.array(lane["members"], dtype=float),
            np.array(lane["action"]),
            np.array(lane["energy"], dtype=float),
            np.array(lane["families"]) / 1000,
            lane["arrived"],
            ended=True,
        )
        for lane in table["lanes"]
    )
    steps = {int(seed): (first, second) for seed, (first, second) in table["steps"].items()}
    return Recorded(**table | {"steps": steps, "lanes": lanes})


def recorded_pairs() -> Pairs:
    """What the pairs say that the race was chosen from."""
    return pairs_of(np.array(list(recorded_race().steps.values()), dtype=float))
