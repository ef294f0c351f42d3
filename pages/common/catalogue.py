"""The structures that searches found: read from the store, duplicates merged, kept between reruns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from pages.common.cache import cached
from pages.common.crystals import label_of_group, same_structure
from rlcsp_core.analysis.distinct import DistinctStructures
from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import Crystal
from rlcsp_core.store import Finding, Reader, RunInfo, Source, StructureKey

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
        return address_of(self.key)

    @property
    def words(self) -> str:
        return (
            f"step {self.number}" if self.source == Source.STEP else f"member {self.number} of the population"
        )


Comparison = DistinctStructures[Found]


def address_of(key: StructureKey) -> str:
    """ "step-12": in the URL."""
    return f"{WORDS[key.source]}-{key.number}"


def found_at(store: Reader, run: str, address: str) -> Found:
    """The structure that an address names."""
    match = ADDRESS.fullmatch(address)
    if match is None:
        raise NotFoundError("invalid structure in the URL: it must read like step-12 or member-3")
    info = store.kept(run, int(match[2]), SOURCES[match[1]])
    if info.energy is None:
        raise NotFoundError(f"the structure of {match[1]} {info.number} of run {run} has no energy")
    return Found(run, info.source, info.number, info.energy, info.n_atoms)


def lowest(store: Reader, runs: Sequence[RunInfo], limit: int) -> list[Found]:
    """The lowest structures of these runs."""
    return [Found(*finding) for finding in store.lowest([run.id for run in runs], limit)]


@cached(256)
def relaxed_structures(store: Reader, run: RunInfo) -> list[Found]:
    """What a run has kept with an energy."""
    return [
        Found(run.id, info.source, info.number, info.energy, info.n_atoms)
        for info in store.structures(run.id)
        if info.relaxed and info.energy is not None
    ]


def comparison(store: Reader, runs: Sequence[RunInfo]) -> Comparison:
    """Of the lowest structures of these runs, which are of one composition."""
    return compare(store, lowest(store, runs, COMPARED))


@cached(32)
def compare(store: Reader, found: Sequence[Found]) -> Comparison:
    return DistinctStructures(found, partial(load, store), same_structure, label_of_group)


@cached(2000)
def load(store: Reader, found: Found, *, relaxed: bool = True) -> Crystal:
    return store.structure(found.run_id, found.number, source=found.source, relaxed=relaxed)


def stored(store: Reader, found: Found, *, relaxed: bool) -> Crystal | None:
    try:
        return load(store, found, relaxed=relaxed)
    except NotFoundError:
        return None
