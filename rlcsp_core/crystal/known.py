"""Known crystals from the literature: data/references/*.cif and the compact table data/crystals.toml.

A row of the table gives the space group, the cell and one atom of each orbit; symmetry makes the others (gemmi).
Å, degrees.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.formats import read_crystals
from rlcsp_core.crystal.formats.sites import Site, cell_of, expand
from rlcsp_core.paths import DATA
from rlcsp_core.records import Crystal

REFERENCES = DATA / "references"
# of the files: minima of the shipped potential and types that the compound does not take
HYPOTHETICAL = (
    "Sr4Ti3O10_intergrowth",
    "SrY2O4_spinel",
    "Y2O3_corundum_type",
    "Y2TiO5_ground_state",
    "Y2O3_A_type",
)
PROPER = {"ruddlesden popper": "Ruddlesden–Popper"}  # names that are not written small
ALSO = "also"  # between the coordinates of two orbits of one element

Sites = Mapping[str, Sequence[Sequence[float]]]  # fractional coordinates of the orbits of each element


@dataclass(frozen=True, eq=False)
class Reference:
    """A phase from the literature."""

    name: str  # "bixbyite"
    formula: str  # "Y2O3"
    source: str  # citation
    made_from: Any  # of a file, its path; of the table, group, cell and sites
    experimental: bool = True

    @property
    def title(self) -> str:
        """The name as it is written."""
        return PROPER.get(self.name, self.name)

    @cached_property
    def crystal(self) -> Crystal:
        """In its conventional cell."""
        if isinstance(self.made_from, tuple):
            return _crystal(*self.made_from)
        [crystal] = read_crystals(self.made_from)
        return crystal


@cache
def references() -> tuple[Reference, ...]:
    """All known phases, by formula and name."""
    found = [*map(_from_file, sorted(REFERENCES.glob("*.cif"))), *_from_table()]
    return tuple(sorted(found, key=lambda reference: (reference.formula, reference.name)))


def experiment(formula: str) -> Reference | None:
    """The crystal that a compound has under ambient conditions, where it is among the known ones."""
    mine = [r for r in references() if r.formula == formula and r.experimental]
    stable = [r for r in mine if f"{r.formula} {r.name}" in _table()["stable"]]
    return next(iter(stable or mine), None)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((DATA / "crystals.toml").read_text(encoding="utf-8"))


def _from_file(path: Any) -> Reference:
    """A file is called formula_name.cif and begins with what it is and where it is from."""
    formula, _, name = path.stem.partition("_")
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line[1:].strip() for line in lines if line[:1] == "#"]
    return Reference(
        name.replace("_", " "), formula, " ".join(comments[1:]), path, path.stem not in HYPOTHETICAL
    )


def _from_table() -> Iterator[Reference]:
    table = _table()
    for row in table["crystals"]:
        source = table["sources"].get(row["source"], row["source"])
        if "formula" in row:
            yield Reference(row["name"], row["formula"], source, (row["group"], row["cell"], row["sites"]))
            continue
        kind = table["types"][row["type"]]
        for formula, name, cell, *free in row["members"]:
            elements = [ion.element for ion in composition_of(formula).ions]
            sites = {
                element: list(_orbits(site, free[0] if free else {}))
                for element, site in zip(elements, kind["sites"], strict=True)
            }
            lengths = cell if isinstance(cell, list) else [cell]
            yield Reference(name, formula, source, (kind["group"], lengths, sites))
    for row in table["minima"]:
        source = f"the lowest minimum of the potential {row['potential']} that searches have found"
        made_from = row["group"], row["cell"], row["sites"]
        yield Reference(row["name"], row["formula"], source, made_from, experimental=False)


def _orbits(site: Sequence[float | str], free: Mapping[str, float]) -> Iterator[list[float]]:
    """Coordinates of one orbit or several, free ones put in by name."""
    values = [free[x] if isinstance(x, str) and x != ALSO else x for x in site]
    while values:
        yield [float(x) for x in values[:3]]
        values = values[4:]


def _crystal(group: str, cell: Sequence[float], sites: Sites) -> Crystal:
    import gemmi
    from ase.data import atomic_numbers

    space_group = gemmi.SpaceGroup(group)
    vectors = cell_of(_parameters(space_group.crystal_system_str(), cell))
    listed = [
        Site(element, atomic_numbers[element], np.array(orbit))
        for element, orbits in sites.items()
        for orbit in orbits
    ]
    return expand(listed, list(space_group.operations()), vectors)


def _parameters(system: str, cell: Sequence[float]) -> tuple[float, ...]:
    """Lengths and angles of a conventional cell of which only the free numbers are given."""
    a, b, c = {1: (0, 0, 0), 2: (0, 0, 1)}.get(len(cell), (0, 1, 2))
    beta = cell[3] if len(cell) > 3 else 90.0
    gamma = 120.0 if system in ("trigonal", "hexagonal") else 90.0
    return cell[a], cell[b], cell[c], 90.0, beta, gamma
