"""Structures of a run for other programs: extended XYZ and ASE's own database.

Each structure carries where it comes from (`source`, `number`), whether it is `relaxed`, and, if so, by whom
(`relaxed_by`: "ions", or a second model) and its energy [eV]: as `energy_per_atom`, and in the database also as the
energy of the cell on the scale of who relaxed it, as is the custom there.  What a second model has relaxed again stands
in both forms; both carry its energy too, as `energy_per_atom_diep`, say, whose zero is another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rlcsp_core.crystal.formats.frames import Frame
from rlcsp_core.records import Crystal
from rlcsp_core.store.records import Refinement, StructureInfo

IONS = "ions"


class StoredStructure(NamedTuple):
    """A structure with what is known of it."""

    info: StructureInfo
    crystal: Crystal
    again: Sequence[Refinement] = ()  # of it


def energies(energy: float | None, again: Sequence[Refinement]) -> dict[str, str | float]:
    """Of one structure by all who have one [eV/atom]; names are fit for files."""
    found = {"energy_per_atom": energy}
    for each in again:
        found["energy_per_atom_" + re.sub(r"\W", "_", each.model)] = each.energy
    return {name: value for name, value in found.items() if value is not None}


def frames(structures: Iterable[StoredStructure]) -> Iterator[Frame]:
    """In a database rows are found by `relaxed=1,source=step`, say."""
    for info, crystal, again in structures:
        values = {"source": info.source.value, "number": info.number, "relaxed": info.relaxed}
        if not info.relaxed:
            yield Frame(crystal, values)
            continue
        known = energies(info.energy, again)
        yield Frame(crystal, {**values, "relaxed_by": IONS, **known}, info.energy)
        for each in again:
            if each.crystal is not None:
                yield Frame(each.crystal, {**values, "relaxed_by": each.model, **known}, each.energy)
