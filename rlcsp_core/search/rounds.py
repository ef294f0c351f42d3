"""Rounds: trials that are chosen together, relaxed side by side and settled one after the other.

A round has one trial unless a run asks for more.  How many it has decides the records of the run; on how many cores
they are relaxed does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from rlcsp_core.actions import SearchPoint, Structure
from rlcsp_core.records import Crystal, Decision, Observation
from rlcsp_core.search.trials import Relaxed


class Trial(NamedTuple):
    """What the agent's choice led to before relaxing."""

    structure: Structure | None  # None where no action gave a sound trial
    observation: Observation  # of the decision that counted
    decision: Decision
    attempts: int
    current: SearchPoint  # when it was chosen
    origin: SearchPoint  # what the action changed
    before: Crystal | None = None  # the structure as it goes to the relaxation


class Round(NamedTuple):
    """Trials that are chosen together, in the order in which they are settled."""

    trials: list[Trial]
    outcomes: list[Relaxed]
    checkpoint: dict[str, Any]  # before it
    settled: int  # so many of them


class Made(NamedTuple):
    """A trial that is to be relaxed."""

    structure: Structure | None  # None where no action gave a sound trial
    before: Crystal | None  # as it goes to the relaxation


# what becomes of trials that were made together; the number is that of the run's records before them
Relaxing = Callable[[int, Sequence[Made]], list[Relaxed]]


def side_by_side(relax: Callable[[Structure | None, Crystal | None], Relaxed]) -> Relaxing:
    """Outcomes in the order of the trials; no chance is in a relaxation, so the number of cores does not matter."""

    def outcomes(_number: int, trials: Sequence[Made]) -> list[Relaxed]:
        if len(trials) == 1:
            return [relax(*trials[0])]
        with ThreadPoolExecutor(min(len(trials), os.cpu_count() or 1)) as pool:
            return list(pool.map(lambda made: relax(*made), trials))

    return outcomes
