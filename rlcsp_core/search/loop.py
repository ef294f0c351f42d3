"""Basin hopping over modular structures, an agent choosing the action (RL-CSP).

    population of random structures, relaxed; start from the lowest
    each step:  the agent picks an action for the current structure
                build a trial, check it, relax it
                accept if lower, else with probability exp(−ΔE/kT)
                reward the agent

A search yields one record for each relaxation and neither saves nor draws.  All chance comes from one generator, drawn
from in a fixed order, so that equal configurations give equal records; the population is drawn before the agent's first
choice, so that equal seeds give every algorithm the same start.

Where a set holds actions on free atoms too, the search keeps two structures: the current one, and the last one
in modules, from which the actions on modules go on.  A trial in modules is compared with both, one of free atoms with
the current structure alone.  With the published actions both are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rlcsp_core.actions import Action, SearchPoint
from rlcsp_core.agents import Agent
from rlcsp_core.errors import RLCSPError
from rlcsp_core.records import (
    Array,
    BoolArray,
    Crystal,
    Observation,
    PopulationRecord,
    SearchRecord,
    StepRecord,
    StopRecord,
    Transition,
)
from rlcsp_core.search.acceptance import Temperature, after_step, before_step, climb
from rlcsp_core.search.checkpoint import pack, unpack
from rlcsp_core.search.clock import Clock
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.features import Outlook
from rlcsp_core.search.history import EnergyHistory
from rlcsp_core.search.parts import check_config
from rlcsp_core.search.resumption import check_state, check_taken_up, records_out, refusal
from rlcsp_core.search.reward import reward
from rlcsp_core.search.rounds import Made, Relaxing, Round, Trial, side_by_side
from rlcsp_core.search.state import after, start, with_member
from rlcsp_core.search.trials import Relaxed, TrialBuilder
from rlcsp_core.threads import one_blas_thread


class Search:
    """One run.  Iterate over it for its records; the last one is a StopRecord."""

    def __init__(
        self, config: SearchConfig, agent: Agent | None = None, relaxing: Relaxing | None = None
    ) -> None:
        """agent, relaxing: in place of those that the configuration names."""
        parts = check_config(config)
        self.config = config
        self._builder = TrialBuilder(parts.problem, config.min_distance, config.rattle, parts.relaxer)
        self._actions = parts.actions
        self._agent = parts.agent if agent is None else agent
        self._relaxing = side_by_side(self._builder.relaxed) if relaxing is None else relaxing
        self._rng = np.random.default_rng(config.seed)
        self._history = EnergyHistory()
        self._state = start(config)
        self._features = parts.features
        self._described: tuple[SearchPoint, Array] | None = None  # the current structure, for the agent
        self._round: Round | None = None  # of which some records are out
        self._skip = 0  # records of the first round that were out before the run was taken up
        self._requested_stop: str | None = None

    @classmethod
    def resume(
        cls,
        config: SearchConfig,
        checkpoint: dict[str, Any],
        energies: Sequence[float],
        agent: Agent | None = None,
        relaxing: Relaxing | None = None,
    ) -> Search:
        """Take up a run after the record at which `checkpoint` was taken.

        energies: eV/atom of all trials so far, population first, NaN where there is none."""
        search = cls(config, agent, relaxing)
        try:
            search._state = unpack(checkpoint["state"])
            search._skip = records_out(checkpoint, config, len(energies))
            energies = energies[: len(energies) - search._skip]
            check_state(search._state, config, search._builder.problem.composition, len(energies))
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
        """JSON-able state between two records; with the energies so far it is all `resume` needs.

        Within a round it is that before the round, and how many of its records are out."""
        if self._round is not None:
            return {**self._round.checkpoint, "out": self._round.settled}
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
        problem = self._builder.problem
        return np.array([a.applies(self._origin(a).structure, problem) for a in self._actions])

    @property
    def current(self) -> tuple[Crystal, float]:
        """The current structure, relaxed, and its energy [eV/atom]; there must be one."""
        assert self._state.current is not None
        return self._state.current.structure.relaxed, self._state.current.energy

    def _origin(self, action: Action) -> SearchPoint:
        """What an action starts from."""
        origin = self._state.modular if action.modular else self._state.current
        assert origin is not None
        return origin

    def __iter__(self) -> Iterator[SearchRecord]:
        clock = Clock(self._state)
        while (reason := self._reason_to_stop()) is None:
            with one_blas_thread():
                record = self._next_member() if self._state.scale is None else self._next_step(clock)
            self._state = replace(self._state, elapsed=clock.elapsed, cpu=clock.cpu)
            if self._skip and isinstance(record, StepRecord):
                self._skip -= 1
                continue
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
        structure, attempts = self._builder.random_trial(self._rng)
        index = len(self._state.population)
        (trial,) = self._relaxing(index, [Made(structure, self._builder.prepared(structure, self._rng))])
        record = PopulationRecord(
            index=index,
            attempts=attempts,
            energy=trial.energy,
            reason=trial.reason,
            evaluations=trial.evaluations,
            seconds=time.monotonic() - began,
            before=trial.before,
            after=trial.after,
        )
        if trial.energy is not None:
            self._history.add(trial.energy)
        self._state = with_member(self._state, trial, self.config)
        return record

    # one step --------------------------------------------------------------------------------------------------------

    def _next_step(self, clock: Clock) -> StepRecord:
        n = min(self.config.parallel, self.config.steps - self._state.step)
        checkpoint = self.checkpoint() if n > 1 and self._round is None else {}  # before anything is drawn
        temperature = before_step(self._state.temperature, self.config, self._rng)
        if self._round is None:
            trials = [self._choose(temperature.melting) for _ in range(n)]
            number = len(self._state.population) + self._state.step
            outcomes = self._relaxing(number, [Made(trial.structure, trial.before) for trial in trials])
            self._round = Round(trials, outcomes, checkpoint, 0)
        trials, outcomes, _, k = self._round
        record = self._settle(trials[k], outcomes[k], temperature, clock)
        self._round = self._round._replace(settled=k + 1) if k + 1 < len(trials) else None
        return record

    def _settle(self, trial: Trial, found: Relaxed, temperature: Temperature, clock: Clock) -> StepRecord:
        """Accept or reject, reward, learn."""
        state, config = self._state, self.config
        assert state.scale is not None
        assert state.current is not None
        scale, before, origin = state.scale, state.current, trial.origin
        action = self._actions[trial.decision.action]
        energy = found.energy

        accepted, kept = self._accept(found, action, temperature.kT)
        gained = reward(trial.current.energy, energy, scale, self._history, config.penalty)
        is_lowest = energy is not None and self._history.would_be_lowest(energy)
        if energy is not None:
            self._history.add(energy)
        delta = None if energy is None else energy - before.energy
        state = after(state, found, action, config, accepted=accepted, kept=kept)
        self._state = state = replace(state, temperature=after_step(temperature, delta, config))
        current = before if state.current is None else state.current
        update = self._agent.learn(
            Transition(trial.observation, trial.decision.action, gained, self._seen(current), is_lowest)
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
            n_atoms=origin.structure.relaxed.n_atoms if found.before is None else found.before.n_atoms,
            evaluations=found.evaluations,
            relax_seconds=found.seconds,
            elapsed=clock.elapsed,
            update=update,
            before=found.before,
            after=found.after,
            parent=origin.step,
            kept=accepted or kept,
            cpu_seconds=clock.cpu,
        )

    def _accept(self, found: Relaxed, action: Action, kT: float) -> tuple[bool, bool]:
        """Whether a trial becomes the current structure, and whether actions on modules go on from it."""
        assert self._state.current is not None
        if found.energy is None:
            return False, False
        delta = found.energy - self._state.current.energy
        apart = found.energy - self._origin(action).energy
        highest = climb(kT, [delta, apart], self._rng)
        return delta <= highest, apart <= highest

    def _seen(self, current: SearchPoint) -> Array:
        """[F] what the agent sees."""
        state, config = self._state, self.config
        assert state.scale is not None
        if self._described is None or self._described[0] is not current:
            self._described = (current, self._features.structure(current))
        outlook = Outlook(current, state.scale, config.max_atoms, state.since_best / config.melt_after)
        return self._features.at(outlook, self._described[1])

    def _choose(self, melting: bool) -> Trial:
        """Let the agent choose until an action gives a sound trial; one that gives none is masked for this step."""
        current = self._state.current
        assert current is not None
        phi, mask = self._seen(current), self.available
        attempts = 0
        while True:
            observation = Observation(phi, mask, melting)
            decision = self._agent.act(observation, self._rng)
            action = self._actions[decision.action]
            origin = self._origin(action)
            structure, tried = self._builder.attempt(action, origin.structure, self._rng)
            attempts += tried
            remaining = mask.copy()
            remaining[decision.action] = False
            if structure is not None or not remaining.any():
                before = self._builder.prepared(structure, self._rng)
                return Trial(structure, observation, decision, attempts, current, origin, before)
            mask = remaining
