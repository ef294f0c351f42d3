"""The structures that searches found: read from the store, duplicates merged, kept as plain data between reruns.

Comparing takes longer than a reader waits: a `Comparison` goes on for a moment at a time, the lowest first, and belongs
to all who look at the same structures.  What was compared once is remembered by its coordinates.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import streamlit as st

from pages.components.crystal_view import CrystalKey
from rlcsp_core.crystal.identity import add_to_groups, are_duplicates
from rlcsp_core.crystal.symmetry import space_group
from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import Array, Crystal, IntArray
from rlcsp_core.runs.curves import Reader
from rlcsp_core.store import Finding, RunInfo, Source

COMPARED = (
    250  # lowest structures that are looked at; more take long to compare and nobody scrolls through them
)
ADDRESS = re.compile(r"(step|member)-(\d{1,9})")
WORDS = {Source.STEP: "step", Source.POPULATION: "member"}
SOURCES = {word: source for source, word in WORDS.items()}


class Found(Finding):
    """A relaxed structure in the store, as a page calls it."""

    __slots__ = ()

    @property
    def address(self) -> str:
        """ "step-12": in the URL."""
        return f"{WORDS[self.source]}-{self.number}"

    @property
    def words(self) -> str:
        return (
            f"step {self.number}" if self.source == Source.STEP else f"member {self.number} of the population"
        )


class Group(NamedTuple):
    """One distinct structure: its lowest finding, and how often it was found."""

    best: Found
    times: int
    space_group: str


def found_at(store: Reader, run: str, address: str) -> Found:
    """The structure that an address names."""
    match = ADDRESS.fullmatch(address)
    if match is None:
        raise NotFoundError("the address names no structure: it must read like step-12 or member-3")
    info = store.kept(run, int(match[2]), SOURCES[match[1]])
    if info.energy is None:
        raise NotFoundError(f"the structure of {match[1]} {info.number} of run {run} has no energy")
    return Found(run, info.source, info.number, info.energy, info.n_atoms)


def lowest(store: Reader, runs: Sequence[RunInfo], limit: int) -> list[Found]:
    """The lowest structures of these runs."""
    return [Found(*finding) for finding in store.lowest([run.id for run in runs], limit)]


def relaxed_structures(store: Reader, run: RunInfo) -> list[Found]:
    """What a run has kept with an energy."""
    rows = _kept(store.url, run.id, run.n_steps + run.n_population, store)
    return [_found(run.id, row) for row in rows]


Row = tuple[str, int, float, int]  # a Found without its run, as plain data


def _found(run: str, row: Row) -> Found:
    source, number, energy, n_atoms = row
    return Found(run, Source(source), number, energy, n_atoms)


@st.cache_data(max_entries=256, show_spinner=False)
def _kept(url: str, run: str, length: int, _store: Reader) -> list[Row]:  # noqa: ARG001 - the key of the cache
    kept = (info for info in _store.structures(run) if info.relaxed and info.energy is not None)
    return [
        (str(info.source), info.number, info.energy, info.n_atoms) for info in kept if info.energy is not None
    ]


class Comparison:
    """Which of some structures are the same; computed bit by bit by whoever looks, one visitor at a time."""

    # of all comparisons: several at once would take turns, and the clicks of others wait for each
    _at_work = threading.Lock()

    def __init__(self, store: Reader, found: Sequence[Found]) -> None:
        self.found = found
        self._store = store
        self._crystals: list[Crystal] = []  # of the structures compared so far
        self._groups: list[list[int]] = []

    @property
    def compared(self) -> int:
        return len(self._crystals)

    @property
    def done(self) -> bool:
        return self.compared == len(self.found)

    @property
    def groups(self) -> list[Group]:
        """Distinct structures among those compared so far, the lowest first."""
        return [
            Group(self.found[first], 1 + len(others), _symbol(CrystalKey(self._crystals[first])))
            for first, *others in self._groups
        ]

    def go_on(self, seconds: float) -> None:
        """Compare one and others for about so long; none while another visitor compares."""
        if not self._at_work.acquire(blocking=False):
            return
        try:
            end = time.monotonic() + seconds
            energies = [each.energy for each in self.found]
            while not self.done:
                crystals = [*self._crystals, load(self._store, self.found[self.compared])]
                groups = [[*group] for group in self._groups]
                add_to_groups(groups, self.compared, crystals, energies, _same)
                if len(groups) > len(self._groups):
                    _symbol(CrystalKey(crystals[-1]))
                self._crystals = crystals  # first: another visitor may read the groups at any moment
                self._groups = groups
                if time.monotonic() > end:
                    break
        finally:
            self._at_work.release()


def comparison(store: Reader, runs: Sequence[RunInfo]) -> Comparison:
    """Of the lowest structures of these runs, which are of one composition."""
    return _comparison(store.url, tuple(lowest(store, runs, COMPARED)), store)


@st.cache_resource(max_entries=32, show_spinner=False)
def _comparison(url: str, found: tuple[Found, ...], _store: Reader) -> Comparison:  # noqa: ARG001
    return Comparison(_store, found)


def _same(first: Crystal, second: Crystal) -> bool:
    return _same_by_key(CrystalKey(first), CrystalKey(second))


@lru_cache(maxsize=4096)
def _same_by_key(first: CrystalKey, second: CrystalKey) -> bool:
    return are_duplicates(first.crystal, second.crystal)


@lru_cache(maxsize=4096)
def _symbol(key: CrystalKey) -> str:
    known = space_group(key.crystal)
    return f"{known.symbol} ({known.number})" if known else "unknown"


def load(store: Reader, found: Found, *, relaxed: bool = True) -> Crystal:
    return Crystal(*_arrays(store.url, found.run_id, str(found.source), found.number, relaxed, store))


def stored(store: Reader, found: Found, *, relaxed: bool) -> Crystal | None:
    try:
        return load(store, found, relaxed=relaxed)
    except NotFoundError:
        return None


@st.cache_data(max_entries=2000, show_spinner=False)
def _arrays(
    url: str,  # noqa: ARG001 - part of the key of the cache
    run: str,
    source: str,
    number: int,
    relaxed: bool,
    _store: Reader,
) -> tuple[IntArray, Array, Array]:
    crystal = _store.structure(run, number, source=Source(source), relaxed=relaxed)
    return crystal.numbers, crystal.positions, crystal.cell
