"""Where a search stands between two records, and where each record takes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rlcsp_core.actions import Action, SearchPoint
from rlcsp_core.records import SAME_ENERGY, TARGET_TOLERANCE
from rlcsp_core.scale import EnergyScale, energy_scale
from rlcsp_core.search.acceptance import Temperature, cold
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.trials import Relaxed


@dataclass(frozen=True, eq=False)
class State:
    """Where a search stands; the agent and the random generator keep their own state."""

    temperature: Temperature
    population: tuple[float, ...] = ()  # eV/atom of the members made so far, NaN where the relaxation failed
    scale: EnergyScale | None = None  # None until the population is complete
    current: SearchPoint | None = None
    modular: SearchPoint | None = (
        None  # the last in modules; the current one where there are no other actions
    )
    best_energy: float = np.inf  # eV/atom
    step: int = 0
    since_best: int = 0  # steps since the last new best
    target_step: int | None = None  # 0: in the initial population
    elapsed: float = 0.0  # s, wall clock over all sessions of the run
    cpu: float = 0.0  # s, CPU time of the process, likewise
    failed: str | None = None  # why the search cannot go on


def start(config: SearchConfig) -> State:
    return State(cold(config))


def with_member(state: State, member: Relaxed, config: SearchConfig) -> State:
    """With one more member of the population; one without an energy leaves a gap."""
    energy = member.energy
    population = (*state.population, np.nan if energy is None else energy)
    state = replace(state, population=population)
    if energy is not None:
        if member.structure is not None and (state.current is None or energy < state.current.energy):
            point = SearchPoint(member.structure, energy, 0)
            state = replace(state, current=point, modular=point, best_energy=energy)
        if at_target(energy, config):
            state = replace(state, target_step=0)
    if member.before is None:
        return replace(state, failed="no sound structure")
    if len(population) == config.population:
        if state.current is None:
            return replace(state, failed="no relaxed structure")
        state = replace(state, scale=energy_scale(np.array(population)))
    return state


def after(
    state: State, found: Relaxed, action: Action, config: SearchConfig, *, accepted: bool, kept: bool
) -> State:
    """After one more step; kept: actions on modules go on from the trial."""
    energy = found.energy
    state = replace(state, step=state.step + 1, since_best=state.since_best + 1)
    if energy is None or found.structure is None:
        return state
    point = SearchPoint(found.structure, energy, state.step)
    if accepted:
        state = replace(state, current=point)
    if kept and action.modular:
        state = replace(state, modular=point)
    if energy < state.best_energy:
        improved = energy < state.best_energy - SAME_ENERGY  # less would be noise of the relaxation
        state = replace(state, best_energy=energy, since_best=0 if improved else state.since_best)
    if state.target_step is None and at_target(energy, config):
        state = replace(state, target_step=state.step)
    return state


def at_target(energy: float, config: SearchConfig) -> bool:
    return config.target is not None and energy <= config.target + TARGET_TOLERANCE
