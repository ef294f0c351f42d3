"""The structures that searches found: read from the store, duplicates merged, kept as plain data between reruns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from rlcsp_core.crystal.identity import group_duplicates
from rlcsp_core.crystal.symmetry import space_group
from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import Array, Crystal, IntArray
from rlcsp_core.runs.curves import Reader
from rlcsp_core.store import RunInfo, Source

COMPARED = (
    250  # lowest structures that are looked at; more take long to compare and nobody scrolls through them
)
ADDRESS = re.compile(r"(step|member)-(\d{1,9})")
WORDS = {Source.STEP: "step", Source.POPULATION: "member"}
SOURCES = {word: source for source, word in WORDS.items()}


class Found(NamedTuple):
    """A relaxed structure in the store."""

    run: str
    source: Source
    number: int  # of the step, or of the member of the initial population
    energy: float  # eV/atom
    n_atoms: int

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
    source, number = SOURCES[match[1]], int(match[2])
    for found in relaxed_structures(store, store.run(run)):
        if (found.source, found.number) == (source, number):
            return found
    raise NotFoundError(
        f"run {run} kept no structure of {match[1]} {number}: only accepted steps and new bests are kept"
    )


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


def distinct(store: Reader, runs: Sequence[RunInfo]) -> list[Group]:
    """Distinct structures of these runs, which are of one composition; the lowest first."""
    state = tuple((run.id, run.n_steps + run.n_population) for run in runs)
    rows = _distinct(store.url, state, store, runs)
    return [Group(_found(run, row), times, symbol) for run, row, times, symbol in rows]


@st.cache_data(max_entries=32, show_spinner="Comparing structures …")
def _distinct(
    url: str,  # noqa: ARG001 - with the next, the key of the cache
    state: tuple[tuple[str, int], ...],  # noqa: ARG001
    _store: Reader,
    _runs: Sequence[RunInfo],
) -> list[tuple[str, Row, int, str]]:
    every = [found for run in _runs for found in relaxed_structures(_store, run)]
    found = sorted(every, key=lambda each: each.energy)[:COMPARED]
    crystals = [load(_store, each) for each in found]
    rows = []
    for group in group_duplicates(crystals, [each.energy for each in found]):
        best = found[group[0]]
        known = space_group(crystals[group[0]])
        symbol = f"{known.symbol} ({known.number})" if known else "unknown"
        rows.append(
            (best.run, (str(best.source), best.number, best.energy, best.n_atoms), len(group), symbol)
        )
    return rows


def load(store: Reader, found: Found, *, relaxed: bool = True) -> Crystal:
    return Crystal(*_arrays(store.url, found.run, str(found.source), found.number, relaxed, store))


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
