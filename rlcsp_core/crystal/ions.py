"""The ions we know: charge, radius, usual coordination and mass, read once from `data/ions.toml`.

A structure stores ions as small integer codes: 0 is a vacancy, code i is `IONS[i - 1]`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

import numpy as np

from rlcsp_core.paths import DATA
from rlcsp_core.records import IntArray

VACANCY = 0


@dataclass(frozen=True)
class Ion:
    """One ion of the field; see data/ions.toml for the sources."""

    element: str
    number: int  # atomic number
    charge: int  # e
    radius: float  # Å
    mass: float  # u
    coordination: tuple[int, int] | None  # usual range; None for anions

    @property
    def is_cation(self) -> bool:
        return self.charge > 0


@cache
def all_ions() -> tuple[Ion, ...]:
    """In the order of the file, which fixes the codes."""
    table = tomllib.loads((DATA / "ions.toml").read_text(encoding="utf-8"))
    return tuple(_ion(element, row) for element, row in table.items())


def _ion(element: str, row: dict) -> Ion:
    return Ion(
        element=element,
        number=row["number"],
        charge=row["charge"],
        radius=row["radius"],
        mass=row["mass"],
        coordination=tuple(row["coordination"]) if "coordination" in row else None,
    )


@cache
def code_of(element: str) -> int:
    """Code of an ion in the `sites` of a structure."""
    return [ion.element for ion in all_ions()].index(element) + 1


@cache
def codes_by_number() -> IntArray:
    """[119] code of the ion with that atomic number; 0 where there is none."""
    codes = np.zeros(119, dtype=np.int64)
    for code, ion in enumerate(all_ions(), 1):
        codes[ion.number] = code
    return codes
