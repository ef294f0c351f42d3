"""Where a structure comes from: the chain of accepted steps back to the initial population.

A step changes a structure the search stands on: that of an earlier step, which is recorded as its parent, or at first
the lowest member of the population.  Runs of older versions recorded no parents; theirs are the last accepted steps.

Shapes: T steps, P members.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from rlcsp_core.records import SAME_ENERGY, Array, BoolArray, IntArray


class Ancestor(NamedTuple):
    """One link of the chain."""

    step: int | None  # None: a member of the initial population
    member: int | None  # None: a step
    action: int | None  # that made it from its parent; None for a member
    energy: float  # eV/atom
    n_atoms: int | None  # None for a member


class Folded(NamedTuple):
    """Neighbouring links of a chain: one that changed something, or all between two such."""

    links: tuple[Ancestor, ...]
    changed: bool


class History(NamedTuple):
    """Steps of a run in order, all that kept their structure at least, and its initial population."""

    step: IntArray  # [T] rising
    action: IntArray  # [T]
    energy: Array  # [T] eV/atom
    accepted: BoolArray  # [T]
    parent: Array  # [T] steps, 0: the population; NaN where it was not recorded
    n_atoms: IntArray  # [T]
    population: Array  # [P] eV/atom, NaN where failed


def lineage(number: int, history: History) -> list[Ancestor]:
    """The structure of step `number` and its ancestors, itself first, the initial population last."""
    links, at = [], number
    while at > 0:
        row = int(np.searchsorted(history.step, at))
        made = int(history.action[row]), float(history.energy[row]), int(history.n_atoms[row])
        links.append(Ancestor(at, None, *made))
        at = _parent(row, history)
    if np.isfinite(history.population).any():
        start = int(np.nanargmin(history.population))
        links.append(Ancestor(None, start, None, float(history.population[start]), None))
    return links


def accepted_moves(history: History) -> list[tuple[int, int]]:
    """Parent and number of every accepted step; parent 0 is the population."""
    rows = np.flatnonzero(history.accepted)
    return [(_parent(int(row), history), int(history.step[row])) for row in rows]


def changes(chain: Sequence[Ancestor]) -> list[float | None]:
    """meV/atom of each link against its parent; None for the last, which has none."""
    return [1000 * (link.energy - parent.energy) for link, parent in pairwise(chain)] + [None] * bool(chain)


def folded(chain: Sequence[Ancestor]) -> list[Folded]:
    """A chain with the links put together that have the energy and the atoms of their parents.

    The structure itself and the member of the population always stand alone."""
    parts: list[Folded] = []
    for k, link in enumerate(chain):
        changed = k == 0 or k + 1 == len(chain) or _changed(link, chain[k + 1])
        if changed or not parts or parts[-1].changed:
            parts.append(Folded((link,), changed))
        else:
            parts[-1] = Folded((*parts[-1].links, link), changed)
    return parts


def _changed(link: Ancestor, parent: Ancestor) -> bool:
    """A member's number of atoms is not known here: it counts as unchanged."""
    resized = parent.n_atoms is not None and link.n_atoms != parent.n_atoms
    return resized or abs(link.energy - parent.energy) > SAME_ENERGY


def _parent(row: int, history: History) -> int:
    """The step that made what the step in this row changed; 0: the population."""
    recorded = history.parent[row]
    if np.isfinite(recorded):
        return int(recorded)
    before = np.flatnonzero(history.accepted[:row])
    return int(history.step[before[-1]]) if len(before) else 0
