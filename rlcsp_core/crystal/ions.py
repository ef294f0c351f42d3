"""The ions we know: charge, radius and usual coordination, read once from `data/ions.toml`.

A structure stores ions as small integer codes: 0 is a vacancy, code i is `all_ions()[i - 1]`.  An element may have
several ions; in one compound it has one, and which is decided by neutrality.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import product
from types import MappingProxyType

import numpy as np

from rlcsp_core.paths import DATA
from rlcsp_core.records import IntArray

VACANCY = 0
SYMBOL = re.compile(r"([A-Z][a-z]?)([1-9]?)([+-])")  # "Fe3+", "F-"


@dataclass(frozen=True)
class Ion:
    """One ion; see data/ions.toml for the sources."""

    element: str
    number: int  # atomic number
    charge: int  # e, formal
    radius: float  # Å
    coordination: tuple[int, int] | None  # usual range; None for anions

    @property
    def is_cation(self) -> bool:
        return self.charge > 0

    @cached_property
    def symbol(self) -> str:
        """Fe3+"""
        size = abs(self.charge)
        return f"{self.element}{size if size > 1 else ''}{'+' if self.is_cation else '-'}"


@cache
def all_ions() -> tuple[Ion, ...]:
    """In the order of the file, which fixes the codes; of one element the most common comes first."""
    table = tomllib.loads((DATA / "ions.toml").read_text(encoding="utf-8"))
    return tuple(_ion(symbol, **row) for symbol, row in table.items())


def _ion(symbol: str, number: int, radius: float, coordination: Sequence[int] = ()) -> Ion:
    element, charge = split_symbol(symbol)
    low_high = (coordination[0], coordination[1]) if coordination else None
    return Ion(element, number, charge, radius, low_high)


def split_symbol(symbol: str) -> tuple[str, int]:
    """("Fe", 3) for "Fe3+"; ValueError for what is no ion."""
    match = SYMBOL.fullmatch(symbol)
    if match is None:
        raise ValueError(symbol)
    element, size, sign = match.groups()
    return element, int(sign + (size or "1"))


@cache
def ions_by_name() -> Mapping[str, Ion]:
    """By symbol ("Fe3+") and by element, which stands for its most common ion."""
    first = {ion.element: ion for ion in reversed(all_ions())}
    return MappingProxyType(first | {ion.symbol: ion for ion in all_ions()})


@cache
def code_of(name: str) -> int:
    """Code of an ion ("Fe3+", or "Fe" for the most common one) in the `sites` of a structure."""
    return all_ions().index(ions_by_name()[name]) + 1


def neutral_choices(counts: Mapping[int, int], ions: Sequence[Ion]) -> list[tuple[Ion, ...]]:
    """Choices of one ion for each atomic number of `counts` that make its atoms neutral, the most common ions first.

    Empty where an element has no ion among `ions`."""
    options = [[ion for ion in ions if ion.number == number] for number in counts]
    numbers = list(counts.values())
    choices = [
        choice
        for choice in product(*options)
        if sum(ion.charge * n for ion, n in zip(choice, numbers, strict=True)) == 0
    ]
    rank = {ion: place for option in options for place, ion in enumerate(option)}
    return sorted(choices, key=lambda choice: sum(rank[ion] for ion in choice))


def ions_in(numbers: IntArray) -> Mapping[int, Ion]:
    """The ion of each element of a crystal, by atomic number [N]: those that make it neutral, else the most common.

    Elements without an ion are left out."""
    present, counts = np.unique(np.asarray(numbers), return_counts=True)
    divisor = int(np.gcd.reduce(counts)) if len(counts) else 1
    return _ions_in(tuple(present.tolist()), tuple((counts // divisor).tolist()))


@lru_cache(maxsize=256)
def _ions_in(present: tuple[int, ...], counts: tuple[int, ...]) -> Mapping[int, Ion]:
    choices = neutral_choices(dict(zip(present, counts, strict=True)), all_ions())
    if choices:
        return MappingProxyType({ion.number: ion for ion in choices[0]})
    return MappingProxyType({ion.number: ion for ion in reversed(all_ions()) if ion.number in present})
