"""Which of some structures are the same, found out a moment at a time: comparing takes longer than a reader waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from rlcsp_core.crystal.identity import add_to_groups, are_duplicates
from rlcsp_core.crystal.symmetry import space_group_label
from rlcsp_core.records import Crystal


class Finding(Protocol):
    """Anything that stands for a structure."""

    @property
    def energy(self) -> float: ...  # eV/atom


F = TypeVar("F", bound=Finding)


class Group(NamedTuple, Generic[F]):
    """One distinct structure."""

    members: tuple[F, ...]  # its findings, the lowest first
    space_group: str

    @property
    def best(self) -> F:
        return self.members[0]


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
        self._crystals: list[Crystal] = []  # of the structures compared so far
        self._groups: list[list[int]] = []
        self.groups: list[Group[F]] = []  # among them, the lowest first

    @property
    def compared(self) -> int:
        return len(self._crystals)

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
        self._crystals.append(self._load(self.found[self.compared]))
        energies = [each.energy for each in self.found]
        add_to_groups(self._groups, self.compared - 1, self._crystals, energies, self._same)
        labels = [group.space_group for group in self.groups]
        if len(self._groups) > len(labels):
            labels.append(self._label(self._crystals[-1]))
        members = [tuple(self.found[index] for index in group) for group in self._groups]
        # at once: another reader may look at any moment
        self.groups = [Group(*both) for both in zip(members, labels, strict=True)]
