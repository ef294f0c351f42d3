"""Where a structure comes from: the chain of accepted steps back to the initial population.

A step changes the structure that is current before it: that of the last accepted step, or at first the lowest member
of the population.  So the ancestors of step k are the accepted steps before it, and then that member.

Shapes: T steps, P members.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rlcsp_core.records import Array, BoolArray, IntArray


class Ancestor(NamedTuple):
    """One link of the chain."""

    step: int | None  # None: a member of the initial population
    member: int | None  # None: a step
    action: int | None  # that made it from its parent; None for a member
    energy: float  # eV/atom


def lineage(
    number: int, step: IntArray, action: IntArray, energy: Array, accepted: BoolArray, population: Array
) -> list[Ancestor]:
    """The structure of step `number` and its ancestors, itself first, the initial population last.

    step, action, energy, accepted: [T], all steps up to `number` at least; population: [P] energies, NaN where failed.
    """
    chain = np.flatnonzero((step == number) | (accepted & (step < number)))[::-1]
    links = [Ancestor(int(step[k]), None, int(action[k]), float(energy[k])) for k in chain]
    if np.isfinite(population).any():
        start = int(np.nanargmin(population))
        links.append(Ancestor(None, start, None, float(population[start])))
    return links
