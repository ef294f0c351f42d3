"""Known crystals relaxed in a potential: lattice constants against experiment, space group kept or lost, energy.

Each starts from the coordinates of experiment in a primitive cell and keeps at least their symmetry on the way, so a
saddle stays one: what is lost is lost to a group of higher symmetry, or falls apart.  Å, eV/atom, %.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.known import Reference, references
from rlcsp_core.crystal.symmetry import SpaceGroup, symmetry
from rlcsp_core.energy.choice import MEASURED, composition_in, lacks
from rlcsp_core.energy.potential import Potential
from rlcsp_core.records import Crystal
from rlcsp_core.relax.relaxer import RelaxConfig, relax

BROKEN = 0.3  # relative change of an axis after which a crystal of the same group is another one
TIGHT = RelaxConfig(force=1e-3, stress=1e-5)  # eV/Å, eV/Å³
SYMPREC = 0.02  # Å, within which symmetry is looked for in published coordinates and relaxed ones
# of each crystal system, the axes that are free: a, b, c as 0, 1, 2
FREE_AXES = ((1, (0, 1, 2)), (75, (0, 2)), (195, (0,)))
COLUMNS = (
    "potential", "formula", "crystal", "ions", "group", "axes", "relaxed_group", "relaxed_axes", "kept",
    "errors_percent", "volume_percent", "energy",
)  # fmt: skip


class Outcome(NamedTuple):
    """What became of one known crystal in one potential."""

    potential: str
    reference: Reference
    ions: tuple[str, ...]  # symbols
    group: SpaceGroup
    axes: tuple[float, ...]  # Å, the free ones, of experiment
    relaxed_group: SpaceGroup
    relaxed_axes: tuple[float, ...]  # Å
    volume_change: float  # %
    energy: float  # eV/atom

    @property
    def kept(self) -> bool:
        same = self.group.number == self.relaxed_group.number
        return same and all(
            abs(a / b - 1) < BROKEN for a, b in zip(self.relaxed_axes, self.axes, strict=True)
        )

    @property
    def errors(self) -> tuple[float, ...]:
        """% of each free axis; empty where the crystal is lost."""
        if not self.kept:
            return ()
        return tuple(100 * (a / b - 1) for a, b in zip(self.relaxed_axes, self.axes, strict=True))


def validate(reference: Reference, potential: Potential) -> Outcome | str:
    """Relax one crystal; a sentence where that does not converge."""
    start = symmetry(reference.crystal, SYMPREC)
    result = relax(start.primitive, potential, TIGHT)
    if result.energy is None:
        return f"{reference.formula} {reference.name} in {potential.name}: {result.reason}"
    end = symmetry(result.crystal, SYMPREC)
    before, after = (volume_per_atom(crystal) for crystal in (start.primitive, result.crystal))
    return Outcome(
        potential=potential.name,
        reference=reference,
        ions=tuple(ion.symbol for ion in composition_in(reference.formula, potential).ions),
        group=start.group,
        axes=free_axes(start.conventional, start.group),
        relaxed_group=end.group,
        relaxed_axes=free_axes(end.conventional, end.group),
        volume_change=100 * (after / before - 1),
        energy=result.energy,
    )


def volume_per_atom(crystal: Crystal) -> float:
    return crystal.volume / crystal.n_atoms


def free_axes(conventional: Crystal, group: SpaceGroup) -> tuple[float, ...]:
    """Lengths of the axes that the crystal system leaves free [Å]."""
    lengths = np.linalg.norm(conventional.cell, axis=1)
    [chosen] = [axes for least, axes in FREE_AXES if group.number >= least][-1:]
    return tuple(float(lengths[axis]) for axis in chosen)


def covered(potentials: Iterable[Potential]) -> Iterator[tuple[Reference, Potential]]:
    """Each crystal of experiment with each potential that covers it."""
    for reference in references():
        for potential in potentials:
            if reference.experimental and not lacks(composition_of(reference.formula), potential):
                yield reference, potential


def write_measurements(outcomes: Iterable[Outcome], path: Path = MEASURED) -> None:
    """The table that the choice of potentials and verdicts read."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for o in outcomes:
            numbers = [" ".join(f"{x:.4f}" for x in axes) for axes in (o.axes, o.relaxed_axes)]
            writer.writerow([
                o.potential, o.reference.formula, o.reference.name, " ".join(o.ions), o.group.symbol, numbers[0],
                o.relaxed_group.symbol, numbers[1], "yes" if o.kept else "no",
                " ".join(f"{x:+.2f}" for x in o.errors), f"{o.volume_change:+.2f}", f"{o.energy:.6f}",
            ])  # fmt: skip
