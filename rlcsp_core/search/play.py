"""A search in which the choices come from outside: from a person or a program, in place of the agent.

Everything else is the search itself: the same population for the same seed, the same trials, relaxations, acceptance
and rewards.  Where the chosen action gives no sound trial, the search goes on as it does for an agent: with another
action, drawn uniformly from those that are left.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rlcsp_core.agents.agent import draw
from rlcsp_core.agents.fixed import Unlearning
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import (
    Decision,
    Observation,
    PopulationRecord,
    SearchRecord,
    StepRecord,
)
from rlcsp_core.scale import EnergyScale
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.loop import Search


class ByHand(Unlearning):
    """An agent that does what it is told, and learns nothing."""

    def __init__(self) -> None:
        self.choice: int | None = None  # index into the table of actions

    def act(self, observation: Observation, rng: np.random.Generator) -> Decision:
        """The choice where it is possible, else one of the others."""
        if self.choice is not None and observation.mask[self.choice]:
            certain = np.zeros(len(observation.mask))
            certain[self.choice] = 1.0
            return Decision(self.choice, certain)
        return draw(observation.mask / observation.mask.sum(), rng)


class Play(Search):
    """A search to be stepped by hand: `begin` makes the population, `step` takes one chosen action."""

    def __init__(self, config: SearchConfig) -> None:
        self._hand = ByHand()
        super().__init__(config, self._hand)
        self._records: Iterator[SearchRecord] = iter(self)
        self._numbers = [action.number for action in self._actions]

    def begin(self) -> list[PopulationRecord]:
        """The initial population; the search starts from its lowest member, or has ended where that is the target."""
        members: list[PopulationRecord] = []
        while len(members) < self.config.population and self.ended != "target":
            record = next(self._records)
            if not isinstance(record, PopulationRecord):
                raise ConfigError(f"{self.config.composition} gave no sound structure: raise the atom limit")
            members.append(record)
        return members

    @property
    def ended(self) -> str | None:
        """Why the search has ended, as a StopRecord says; None while it goes on."""
        return self._reason_to_stop()

    @property
    def observation(self) -> Observation:
        """What an agent sees before the next step."""
        point = self._state.current
        assert point is not None
        return Observation(self._seen(point), self.available)

    @property
    def scale(self) -> EnergyScale:
        """Mean and deviation of the energies of the initial population [eV/atom]; it must be complete."""
        assert self._state.scale is not None
        return self._state.scale

    def step(self, number: int) -> StepRecord | None:
        """Take the action with that published number; None where the search has ended."""
        if number not in self._numbers:
            raise ConfigError(
                f"there is no action {number}; choose from {', '.join(map(str, self._numbers))}"
            )
        self._hand.choice = self._numbers.index(number)
        record = next(self._records, None)
        return record if isinstance(record, StepRecord) else None


def play_out(config: SearchConfig) -> list[StepRecord]:
    """The steps that the agent of a configuration takes."""
    return [record for record in Search(config) if isinstance(record, StepRecord)]
