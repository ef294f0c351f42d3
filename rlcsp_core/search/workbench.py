"""The steps of a trial by hand: build a structure in modules, change it by an action, make it ready to be relaxed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rlcsp_core.actions import Action, CurrentStructure, Problem, action_mask
from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.modular import Modular, build
from rlcsp_core.records import BoolArray, Crystal
from rlcsp_core.relax import relaxer_named
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.trials import TrialBuilder

DEFAULTS = SearchConfig()


class Attempt(NamedTuple):
    """What building came to."""

    sound: bool
    attempts: int


@dataclass
class Workbench:
    """What lies on the bench of one reader, and how it came there."""

    formula: str
    max_atoms: int
    seed: int = 1
    clicks: int = 0
    structure: Modular | None = None
    history: list[Modular] = field(default_factory=list)  # what the actions started from

    def renew(self) -> Attempt:
        """Another random structure, if one is sound."""
        found, attempts = self._builder.random_trial(self._rng())
        self.history.clear()
        if isinstance(found, Modular):
            self.structure = found
        return Attempt(isinstance(found, Modular), attempts)

    def mask(self) -> BoolArray:
        """Which of the published actions can be taken."""
        return action_mask(self._current, self._builder.problem)

    def act(self, action: Action) -> Attempt:
        """Change the structure, if a sound trial comes of it."""
        trial, attempts = self._builder.attempt(action, self._current, self._rng())
        if not isinstance(trial, Modular):
            return Attempt(False, attempts)
        self.history.append(self._current.modular)
        self.structure = trial
        return Attempt(True, attempts)

    def undo(self) -> None:
        """Back to what the last action started from."""
        self.structure = self.history.pop()

    @property
    def before(self) -> Modular | None:
        """What the last action started from."""
        return self.history[-1] if self.history else None

    def rattled(self) -> Crystal:
        """The structure as it goes to the relaxation."""
        crystal = self._builder.prepared(self.structure, self._rng())
        assert crystal is not None
        return crystal

    def crystal(self, structure: Modular) -> Crystal:
        return build(structure, composition_of(self.formula))

    @property
    def _current(self) -> CurrentStructure:
        assert self.structure is not None
        return CurrentStructure(self.structure, self.crystal(self.structure))

    @property
    def _builder(self) -> TrialBuilder:
        problem = Problem(composition_of(self.formula), self.max_atoms)
        return TrialBuilder(
            problem, DEFAULTS.min_distance, DEFAULTS.rattle, relaxer_named(DEFAULTS.calculator)
        )

    def _rng(self) -> np.random.Generator:
        """A generator of its own for each click, so that a reader's way can be repeated."""
        self.clicks += 1
        return np.random.default_rng([self.seed, self.clicks])
