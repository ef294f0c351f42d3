"""From distinct sites and symmetry operators to all atoms of a cell.

Images of one site within MERGED of each other are one atom: it stands on a symmetry element and was written with
few digits (thirds as 0.333).  It is put onto the element, at the mean of its images there.

Units: Å; positions are fractional.  Shapes: G operators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import gemmi
import numpy as np

from rlcsp_core.crystal.formats.atoms import DISORDER
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Array, Crystal

MERGED = 0.4  # Å; no two atoms of a crystal are as near
LISTED_TWICE = 0.1  # Å, between two sites of one element that are the same atom, but for digits


class Site(NamedTuple):
    """One atom as listed."""

    label: str
    number: int  # atomic number
    position: Array  # [3] fractional


def cell_of(parameters: Sequence[float]) -> Array:
    """[3, 3] lattice vectors in rows, from lengths [Å] and angles [degrees]; a along x, b in the xy plane."""
    lengths, angles = parameters[:3], parameters[3:]
    if min(lengths) > 0 and all(0 < angle < 180 for angle in angles):
        cell = np.array(gemmi.UnitCell(*parameters).orth.mat.tolist()).T
        if np.isfinite(cell).all():
            return cell
    raise StructureError(
        f"a cell with lengths {_row(lengths)} Å and angles {_row(angles)}° does not exist: correct them"
    )


def _row(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def orbit(position: Array, operators: Sequence[gemmi.Op], cell: Array) -> Array:
    """[n, 3] the images of a site, each once, in [0, 1)."""
    rotations = np.array([op.rot for op in operators]) / gemmi.Op.DEN  # [G, 3, 3]
    shifts = np.array([op.tran for op in operators]) / gemmi.Op.DEN  # [G, 3]
    for _ in range(2):  # the mean may lie on an element that the site itself was just too far from
        images = rotations @ position + shifts
        away = images - position
        away -= np.round(away)
        position = position + away[np.linalg.norm(away @ cell, axis=1) < MERGED].mean(axis=0)
    images = rotations @ position + shifts
    first = _near(images, images, cell).argmax(axis=1)
    distinct = images[first == np.arange(len(images))] % 1.0
    distinct[distinct == 1.0] = 0.0  # -1e-17 % 1
    return distinct


def expand(sites: Sequence[Site], operators: Sequence[gemmi.Op], cell: Array) -> Crystal:
    """All atoms of the cell; StructureError where two elements share a site."""
    owners: list[Site] = []
    atoms = np.empty((0, 3))
    for site in sites:
        images = orbit(site.position, operators, cell)
        # where one image stands on an atom all do: one is enough to look at
        near = _near(images[:1], atoms, cell)[0]
        for other in (owners[i] for i in np.flatnonzero(near)):
            if other.number != site.number:
                raise StructureError(f"{other.label} and {site.label} share a site, or nearly so: {DISORDER}")
        if not _near(images[:1], atoms, cell, LISTED_TWICE).any():
            owners += [site] * len(images)
            atoms = np.concatenate([atoms, images])
    return Crystal(np.array([owner.number for owner in owners], dtype=np.int64), atoms @ cell, cell)


def _near(first: Array, second: Array, cell: Array, reach: float = MERGED) -> Array:
    """[n, m] are two positions, or images of them in other cells, nearer than `reach`?"""
    away = first[:, None] - second[None]
    away -= np.round(away)
    return np.asarray(np.linalg.norm(away @ cell, axis=2) < reach)
