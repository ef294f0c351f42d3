"""Trials: made from the current structure, checked, rattled, relaxed.

An action is tried until a trial is sound, at most MAX_ATTEMPTS times; every try is counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from rlcsp_core.actions import Action, Here, Problem, Structure
from rlcsp_core.crystal.generate import random_sound_structure
from rlcsp_core.crystal.modular import Modular, build
from rlcsp_core.crystal.soundness import crystal_unsound_because, unsound_because
from rlcsp_core.records import Crystal
from rlcsp_core.relax import Relaxer

MAX_ATTEMPTS = 500  # trials of one action until it is masked for the rest of the step
NO_TRIAL = "no sound trial"
FINGERPRINT_BYTES = 6  # JSON readers keep whole numbers up to 2⁵³


class Relaxed(NamedTuple):
    """A trial and what the relaxation made of it."""

    before: Crystal | None  # None where there was no sound trial
    here: Here | None  # where the search would stand; None where there is no energy
    energy: float | None  # eV/atom
    reason: str | None  # why there is no energy
    evaluations: int
    seconds: float  # of the relaxation

    @property
    def after(self) -> Crystal | None:
        return None if self.here is None else self.here.relaxed


def fingerprint(structure: Structure | None) -> int | None:
    """Of a structure in modules, equal for equal ones; atoms put down freely never repeat."""
    if not isinstance(structure, Modular):
        return None
    assembly = structure.assembly  # its kind is only a name: the same modules may be stacked under two
    text = repr((assembly.shape, assembly.angles, assembly.shifts)).encode() + structure.sites.tobytes()
    return int.from_bytes(hashlib.blake2b(text, digest_size=FINGERPRINT_BYTES).digest(), "big")


@dataclass(frozen=True)
class Workshop:
    """Where trials are made: what is searched, what a sound trial is, and who relaxes."""

    problem: Problem
    min_distance: float  # Å
    rattle: float  # Å
    relaxer: Relaxer
    settler: Relaxer | None = None  # relaxes modules a little as they stand, before they are rattled

    def random_trial(self, rng: np.random.Generator) -> tuple[Structure | None, int]:
        """A sound random structure in modules and how many were drawn."""
        return random_sound_structure(
            self.problem.composition, self.problem.max_atoms, self.min_distance, rng
        )

    def attempt(
        self, action: Action, here: Here, rng: np.random.Generator, known: Collection[int] = ()
    ) -> tuple[Structure | None, int]:
        """The first sound trial of an action and how many were drawn; None where none of MAX_ATTEMPTS was sound.

        known: fingerprints of trials that are not to be made again."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            trial = action.change(here, self.problem, rng)
            if trial is None or self._broken_rule(trial) is not None:
                continue
            if not known or fingerprint(trial) not in known:
                return trial, attempt
        return None, MAX_ATTEMPTS

    def prepared(self, structure: Structure | None, rng: np.random.Generator) -> Crystal | None:
        """The trial as it goes to the relaxation."""
        return None if structure is None else self._put_together(structure, rng)

    def relaxed(
        self, structure: Structure | None, before: Crystal | None, ceiling: float | None = None
    ) -> Relaxed:
        """What becomes of a trial; no chance is in this.  ceiling: eV/atom above which it may be given up."""
        if structure is None or before is None:
            return Relaxed(None, None, None, NO_TRIAL, 0, 0.0)
        start, spent, seconds = self._settled(structure, before)
        outcome = self.relaxer(start, ceiling)
        here = None if outcome.energy is None else Here(structure, outcome.crystal)
        return Relaxed(
            before,
            here,
            outcome.energy,
            outcome.reason,
            outcome.evaluations + spent,
            outcome.seconds + seconds,
        )

    def _settled(self, structure: Structure, before: Crystal) -> tuple[Crystal, int, float]:
        """Where the relaxation starts, and the evaluations and seconds it took to get there.

        The displacements of `before` are put on the settled modules; if these do not settle, it starts at `before`."""
        if self.settler is None or not isinstance(structure, Modular):
            return before, 0, 0.0
        built = build(structure, self.problem.composition)
        first = self.settler(built)
        if not first.converged:
            return before, first.evaluations, first.seconds
        shifted = first.crystal.positions + (before.positions - built.positions)
        return replace(first.crystal, positions=shifted), first.evaluations, first.seconds

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
