"""Which of some structures are the same, found out a moment at a time: comparing takes longer than a reader waits.

Relaxed duplicates agree in energy, so structures further apart than ENERGY_WINDOW are never compared: matching is slow.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from rlcsp_core.analysis.lineage import History
from rlcsp_core.analysis.structure_map import StructureMap, accepted_edges
from rlcsp_core.crystal.identity import are_duplicates
from rlcsp_core.crystal.symmetry import space_group_label
from rlcsp_core.records import Crystal
from rlcsp_core.store import Finding, Source

ENERGY_WINDOW = 1e-4  # eV/atom; two relaxations of one structure agree far better
F = TypeVar("F", bound=Finding)


class Group(NamedTuple, Generic[F]):
    """One distinct structure."""

    members: tuple[F, ...]  # its findings, the lowest first
    space_group: str
    volume: float  # Å³/atom, of the lowest

    @property
    def best(self) -> F:
        return self.members[0]


def structure_map(groups: Sequence[Group[F]], history: History | None = None) -> StructureMap:
    """Of one run and its history, with edges; of several runs, without."""
    energy = np.array([group.best.energy for group in groups])
    edges = np.empty((0, 2), dtype=np.int64)
    if history is not None:
        places = {
            source: {
                each.number: g
                for g, group in enumerate(groups)
                for each in group.members
                if each.source == source
            }
            for source in Source
        }
        edges = accepted_edges(places[Source.STEP], places[Source.POPULATION], history)
    return StructureMap(
        volume=np.array([group.volume for group in groups]),
        above=1000 * (energy - energy.min(initial=np.inf)),
        n_atoms=np.array([group.best.n_atoms for group in groups], dtype=np.int64),
        space_group=tuple(group.space_group for group in groups),
        edges=edges,
    )


class DistinctStructures(Generic[F]):
    """The groups among findings of rising energy; several readers may look, one at a time compares."""

    # of all comparisons: several at once would take turns, and the clicks of others wait for each
    _at_work = threading.Lock()

    def __init__(
        self,
        found: Sequence[F],
        load: Callable[[F], Crystal],
        same: Callable[[Crystal, Crystal], bool] = are_duplicates,
        label: Callable[[Crystal], str] = space_group_label,
    ) -> None:
        """`load` reads a structure; `same` and `label` may remember their answers."""
        self.found = found
        self._load, self._same, self._label = load, same, label
        self.compared = 0
        self.groups: list[Group[F]] = []  # among those compared, the lowest first
        self._best: list[Crystal] = []  # of each group

    @property
    def done(self) -> bool:
        return self.compared == len(self.found)

    def go_on(self, seconds: float) -> None:
        """Compare one and others for about so long; none while another reader compares."""
        if not self._at_work.acquire(blocking=False):
            return
        try:
            end = time.monotonic() + seconds
            while not self.done:
                self._compare_next()
                if time.monotonic() > end:
                    break
        finally:
            self._at_work.release()

    def _compare_next(self) -> None:
        found = self.found[self.compared]
        crystal = self._load(found)
        place = self._place(found, crystal)
        if place is None:
            self._best.append(crystal)
            self.groups = [
                *self.groups,
                Group((found,), self._label(crystal), crystal.volume / crystal.n_atoms),
            ]
        else:  # in a new list, at once: another reader may look at any moment
            group = self.groups[place]
            grown = group._replace(members=(*group.members, found))
            self.groups = [*self.groups[:place], grown, *self.groups[place + 1 :]]
        self.compared += 1

    def _place(self, found: F, crystal: Crystal) -> int | None:
        """The group that it belongs to; None where it is the first of its kind."""
        for place in reversed(range(len(self.groups))):
            if found.energy - self.groups[place].best.energy > ENERGY_WINDOW:
                return None
            if self._same(self._best[place], crystal):
                return place
        return None
