"""Where a structure comes from: the chain of accepted steps back to the initial population.

A step changes a structure the search stands on: that of an earlier step, which is recorded as its parent, or at first
the lowest member of the population.  Runs of older versions recorded no parents; theirs are the last accepted steps.

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


class History(NamedTuple):
    """Steps of a run in order, all that kept their structure at least, and its initial population."""

    step: IntArray  # [T] rising
    action: IntArray  # [T]
    energy: Array  # [T] eV/atom
    accepted: BoolArray  # [T]
    parent: Array  # [T] steps, 0: the population; NaN where it was not recorded
    population: Array  # [P] eV/atom, NaN where failed


def lineage(number: int, history: History) -> list[Ancestor]:
    """The structure of step `number` and its ancestors, itself first, the initial population last."""
    links, at = [], number
    while at > 0:
        row = int(np.searchsorted(history.step, at))
        links.append(Ancestor(at, None, int(history.action[row]), float(history.energy[row])))
        at = _parent(row, history)
    if np.isfinite(history.population).any():
        start = int(np.nanargmin(history.population))
        links.append(Ancestor(None, start, None, float(history.population[start])))
    return links


def _parent(row: int, history: History) -> int:
    """The step that made what the step in this row changed; 0: the population."""
    recorded = history.parent[row]
    if np.isfinite(recorded):
        return int(recorded)
    before = np.flatnonzero(history.accepted[:row])
    return int(history.step[before[-1]]) if len(before) else 0
