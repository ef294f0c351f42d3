"""Basin hopping over modular structures, an agent choosing the action (RL-CSP).

    population of random structures, relaxed; start from the lowest
    each step:  the agent picks an action for the current structure
                build a trial, check it, relax it
                accept if lower, else with probability exp(−ΔE/kT)
                reward the agent

A search yields one record for each relaxation and neither saves nor draws.  All chance comes from one generator, drawn
from in a fixed order, so that equal configurations give equal records; the population is drawn before the agent's first
choice, so that equal seeds give every algorithm the same start.

Where a set holds actions on free atoms too, the search stands on two grounds: the current structure, and the last one
in modules, from which the actions on modules go on.  A trial in modules is compared with both, one of free atoms with
the current structure alone.  With the published actions both are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from rlcsp_core.actions import Action, Ground, Problem, Structure, action_set, prior_preferences
from rlcsp_core.agents import Agent, Learner, agent_named
from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.generate import smallest_limit
from rlcsp_core.errors import ConfigError, RLCSPError
from rlcsp_core.records import (
    BoolArray,
    Crystal,
    Decision,
    Observation,
    PopulationRecord,
    SearchRecord,
    StepRecord,
    StopRecord,
    Transition,
)
from rlcsp_core.relax import relaxer_named
from rlcsp_core.search.acceptance import after_step, before_step, climb
from rlcsp_core.search.checkpoint import State, pack, start, unpack, upgraded
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.history import SAME_ENERGY, EnergyHistory
from rlcsp_core.search.resumption import check_state, check_taken_up, refusal
from rlcsp_core.search.reward import N_FEATURES, EnergyScale, energy_scale, features, reward
from rlcsp_core.search.trials import Relaxed, Workshop

AT_TARGET = 2e-5  # eV/atom


def check_config(config: SearchConfig) -> None:
    """Everything a run needs, asked before it exists; raises ConfigError or FormulaError with the way out."""
    composition = composition_of(config.composition)
    least = smallest_limit(composition)
    if config.max_atoms < least:
        raise ConfigError(
            f"an atom limit of {config.max_atoms} is too small for {composition.formula}: one formula unit has "
            f"{composition.n_atoms} atoms and the smallest cell holds {least}; raise it to {least} or more"
        )
    agent_of(config)
    relaxer_named(config.calculator)


def agent_of(config: SearchConfig) -> Agent:
    """The agent as the search begins; one that learns starts from the prior preferences of its actions."""
    prior = prior_preferences(config.actions)
    agent = agent_named(
        config.algorithm,
        baseline=config.baseline,
        settings=config.settings,
        n_actions=len(prior),
        n_features=N_FEATURES,
    )
    if isinstance(agent, Learner):
        agent.theta = np.column_stack([prior, np.zeros((len(prior), N_FEATURES - 1))])
    return agent


class Trial(NamedTuple):
    """What the agent's choice led to before relaxing."""

    structure: Structure | None  # None where no action gave a sound trial
    observation: Observation  # of the decision that counted
    decision: Decision
    attempts: int


class Search:
    """One run.  Iterate over it for its records; the last one is a StopRecord."""

    def __init__(self, config: SearchConfig, agent: Agent | None = None) -> None:
        """agent: in place of the one that the configuration names."""
        check_config(config)
        self.config = config
        self._workshop = Workshop(
            Problem(composition_of(config.composition), config.max_atoms),
            config.min_distance,
            config.rattle,
            relaxer_named(config.calculator),
        )
        self._actions = action_set(config.actions)
        self._agent = agent_of(config) if agent is None else agent
        self._rng = np.random.default_rng(config.seed)
        self._history = EnergyHistory()
        self._state = start(config)
        self._requested_stop: str | None = None

    @classmethod
    def resume(
        cls,
        config: SearchConfig,
        checkpoint: dict[str, Any],
        energies: Sequence[float],
        agent: Agent | None = None,
    ) -> Search:
        """Take up a run after the record at which `checkpoint` was taken.

        energies: eV/atom of all trials so far, population first, NaN where there is none."""
        search = cls(config, agent)
        try:
            checkpoint = {**checkpoint, "state": upgraded(checkpoint["state"])}
            search._state = unpack(checkpoint["state"])
            check_state(search._state, config, search._workshop.problem.composition, len(energies))
            search._rng.bit_generator.state = checkpoint["generator"]
            search._agent.restore(checkpoint["agent"])
            check_taken_up(checkpoint, search.checkpoint())
        except RLCSPError:
            raise
        except Exception as error:  # whatever a damaged one trips over
            raise refusal(f"{type(error).__name__}: {error}") from None
        search._history = EnergyHistory(energies)
        return search

    def checkpoint(self) -> dict[str, Any]:
        """JSON-able state between two records; with the energies so far it is all `resume` needs."""
        return {
            "state": pack(self._state),
            "generator": self._rng.bit_generator.state,
            "agent": self._agent.snapshot(),
        }

    def stop(self, reason: str = "stopped") -> None:
        """End the run at the next record."""
        self._requested_stop = reason

    @property
    def available(self) -> BoolArray:
        """[A] actions that can be applied to the current structure; there must be one."""
        problem = self._workshop.problem
        return np.array([a.applies(self._ground(a).here, problem) for a in self._actions])

    @property
    def current(self) -> tuple[Crystal, float]:
        """The current structure, relaxed, and its energy [eV/atom]; there must be one."""
        assert self._state.current is not None
        return self._state.current.here.relaxed, self._state.current.energy

    def _ground(self, action: Action) -> Ground:
        """What an action starts from."""
        ground = self._state.modular if action.modular else self._state.current
        assert ground is not None
        return ground

    def __iter__(self) -> Iterator[SearchRecord]:
        clock = Clock(self._state)
        while (reason := self._reason_to_stop()) is None:
            record = self._next_member() if self._state.scale is None else self._next_step(clock)
            self._state = replace(self._state, elapsed=clock.elapsed, cpu=clock.cpu)
            yield record
        yield StopRecord(reason, self._state.step, self._state.target_step)

    def _reason_to_stop(self) -> str | None:
        state, config = self._state, self.config
        if self._requested_stop:
            return self._requested_stop
        if state.failed is not None:
            return state.failed
        checks = (
            ("target", state.target_step is not None),
            ("steps", state.step >= config.steps),
            ("time", state.elapsed >= config.time_limit),
            ("stalled", config.patience is not None and state.since_best >= config.patience),
        )
        return next((reason for reason, holds in checks if holds), None)

    # the initial population ------------------------------------------------------------------------------------------

    def _next_member(self) -> PopulationRecord:
        began = time.monotonic()
        structure, attempts = self._workshop.random_trial(self._rng)
        trial = self._workshop.relaxed(structure, self._rng)
        record = PopulationRecord(
            index=len(self._state.population),
            attempts=attempts,
            energy=trial.energy,
            reason=trial.reason,
            evaluations=trial.evaluations,
            seconds=time.monotonic() - began,
            before=trial.before,
            after=trial.after,
        )
        self._state = self._with_member(trial)
        return record

    def _with_member(self, member: Relaxed) -> State:
        """The state with one more member; one without an energy leaves a gap."""
        state, energy = self._state, member.energy
        population = (*state.population, np.nan if energy is None else energy)
        state = replace(state, population=population)
        if energy is not None:
            self._history.add(energy)
            if member.here is not None and (state.current is None or energy < state.current.energy):
                ground = Ground(member.here, energy, 0)
                state = replace(state, current=ground, modular=ground, best_energy=energy)
            if self._at_target(energy):
                state = replace(state, target_step=0)
        if member.before is None:
            return replace(state, failed="no sound structure")
        if len(population) == self.config.population:
            if state.current is None:
                return replace(state, failed="no relaxed structure")
            state = replace(state, scale=energy_scale(np.array(population)))
        return state

    def _at_target(self, energy: float) -> bool:
        return self.config.target is not None and energy <= self.config.target + AT_TARGET

    # one step --------------------------------------------------------------------------------------------------------

    def _next_step(self, clock: Clock) -> StepRecord:
        state, config, rng = self._state, self.config, self._rng
        assert state.scale is not None
        assert state.current is not None
        scale, before = state.scale, state.current
        temperature = before_step(state.temperature, config, rng)
        trial = self._choose(before, scale, temperature.melting)
        action = self._actions[trial.decision.action]
        ground = self._ground(action)
        found = self._workshop.relaxed(trial.structure, rng)
        energy = found.energy

        accepted, kept = self._accept(found, ground, temperature.kT)
        gained = reward(before.energy, energy, scale, self._history, config.penalty)
        if energy is not None:
            self._history.add(energy)
        delta = None if energy is None else energy - before.energy
        state = self._after(found, action, accepted, kept)
        self._state = state = replace(state, temperature=after_step(temperature, delta, config))
        current = before if state.current is None else state.current
        update = self._agent.learn(
            Transition(trial.observation, trial.decision.action, gained, features(current.energy, scale))
        )
        return StepRecord(
            step=state.step,
            action=action.number,
            attempts=trial.attempts,
            energy=energy,
            reason=found.reason,
            accepted=accepted,
            current_energy=current.energy,
            best_energy=state.best_energy,
            reward=gained,
            probabilities=trial.decision.probabilities,
            kT=temperature.kT,
            n_atoms=ground.here.relaxed.n_atoms if found.before is None else found.before.n_atoms,
            evaluations=found.evaluations,
            relax_seconds=found.seconds,
            elapsed=clock.elapsed,
            update=update,
            before=found.before,
            after=found.after,
            parent=ground.step,
            kept=accepted or kept,
            cpu_seconds=np.nan if clock.cpu is None else clock.cpu,
        )

    def _accept(self, found: Relaxed, ground: Ground, kT: float) -> tuple[bool, bool]:
        """Whether a trial becomes the current structure, and whether its ground moves to it."""
        assert self._state.current is not None
        if found.energy is None:
            return False, False
        delta, apart = found.energy - self._state.current.energy, found.energy - ground.energy
        highest = climb(kT, [delta, apart], self._rng)
        return delta <= highest, apart <= highest

    def _choose(self, current: Ground, scale: EnergyScale, melting: bool) -> Trial:
        """Let the agent choose until an action gives a sound trial; one that gives none is masked for this step."""
        phi = features(current.energy, scale)
        mask = self.available
        attempts = 0
        while True:
            observation = Observation(phi, mask, melting)
            decision = self._agent.act(observation, self._rng)
            action = self._actions[decision.action]
            structure, tried = self._workshop.attempt(action, self._ground(action).here, self._rng)
            attempts += tried
            remaining = mask.copy()
            remaining[decision.action] = False
            if structure is not None or not remaining.any():
                return Trial(structure, observation, decision, attempts)
            mask = remaining

    def _after(self, found: Relaxed, action: Action, accepted: bool, kept: bool) -> State:
        """The state after one more step."""
        state, energy = self._state, found.energy
        state = replace(state, step=state.step + 1, since_best=state.since_best + 1)
        if energy is None or found.here is None:
            return state
        ground = Ground(found.here, energy, state.step)
        if accepted:
            state = replace(state, current=ground)
        if kept and action.modular:
            state = replace(state, modular=ground)
        if energy < state.best_energy:
            improved = energy < state.best_energy - SAME_ENERGY  # less would be noise of the relaxation
            state = replace(state, best_energy=energy, since_best=0 if improved else state.since_best)
        if state.target_step is None and self._at_target(energy):
            state = replace(state, target_step=state.step)
        return state


class Clock:
    """Wall clock and CPU time of a run, over all its sessions."""

    def __init__(self, state: State) -> None:
        self._wall = time.monotonic() - state.elapsed
        self._cpu = None if state.cpu is None else time.process_time() - state.cpu

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._wall

    @property
    def cpu(self) -> float | None:
        return None if self._cpu is None else time.process_time() - self._cpu
