"""Trials: made from the current structure, checked, rattled, relaxed.

An action is tried until a trial is sound, at most MAX_ATTEMPTS times; every try is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from rlcsp_core.actions import Action, CurrentStructure, Problem, Structure
from rlcsp_core.crystal.generate import random_sound_structure
from rlcsp_core.crystal.modular import Modular, build
from rlcsp_core.crystal.soundness import crystal_unsound_because, unsound_because
from rlcsp_core.records import NO_TRIAL, Crystal
from rlcsp_core.relax import Relaxer

MAX_ATTEMPTS = 500  # trials of one action until it is masked for the rest of the step


class Relaxed(NamedTuple):
    """A trial and what the relaxation made of it."""

    before: Crystal | None  # None where there was no sound trial
    structure: CurrentStructure | None  # where the search would go on from; None where there is no energy
    energy: float | None  # eV/atom
    reason: str | None  # why there is no energy
    evaluations: int
    seconds: float  # of the relaxation

    @property
    def after(self) -> Crystal | None:
        return None if self.structure is None else self.structure.relaxed


@dataclass(frozen=True)
class TrialBuilder:
    """Makes trials: what is searched, what a sound trial is, and who relaxes."""

    problem: Problem
    min_distance: float  # Å
    rattle: float  # Å
    relaxer: Relaxer

    def random_trial(self, rng: np.random.Generator) -> tuple[Structure | None, int]:
        """A sound random structure in modules and how many were drawn."""
        return random_sound_structure(
            self.problem.composition, self.problem.max_atoms, self.min_distance, rng
        )

    def attempt(
        self, action: Action, current: CurrentStructure, rng: np.random.Generator
    ) -> tuple[Structure | None, int]:
        """The first sound trial of an action and how many were drawn; None where none of MAX_ATTEMPTS was sound."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            trial = action.change(current, self.problem, rng)
            if trial is not None and self._broken_rule(trial) is None:
                return trial, attempt
        return None, MAX_ATTEMPTS

    def prepared(self, structure: Structure | None, rng: np.random.Generator) -> Crystal | None:
        """The trial as it goes to the relaxation."""
        return None if structure is None else self._put_together(structure, rng)

    def relaxed(self, structure: Structure | None, before: Crystal | None) -> Relaxed:
        """What becomes of a trial; no chance is in this."""
        if structure is None or before is None:
            return Relaxed(None, None, None, NO_TRIAL, 0, 0.0)
        outcome = self.relaxer(before)
        end = None if outcome.energy is None else CurrentStructure(structure, outcome.crystal)
        return Relaxed(before, end, outcome.energy, outcome.reason, outcome.evaluations, outcome.seconds)

    def _broken_rule(self, trial: Structure) -> str | None:
        if isinstance(trial, Modular):
            return unsound_because(trial, self.problem.composition, self.min_distance)
        return crystal_unsound_because(trial, self.problem.composition, self.min_distance)

    def _put_together(self, structure: Structure, rng: np.random.Generator) -> Crystal:
        """Atoms as they go to the relaxation: modules are built and rattled, free atoms stand where they are."""
        if not isinstance(structure, Modular):
            return structure
        crystal = build(structure, self.problem.composition)
        shifts = rng.normal(scale=self.rattle, size=crystal.positions.shape)
        return replace(crystal, positions=crystal.positions + shifts)
