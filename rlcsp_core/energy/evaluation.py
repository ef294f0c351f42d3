"""Energy, gradient and strain gradient of a crystal.

Units: eV, Å.  The gradient is dE/dr (minus the force); the strain gradient is dE/dε for r → (1 + ε) r of atoms and
lattice vectors alike, symmetric, so the stress is strain_gradient / volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rlcsp_core.energy.lattice_kernels import invert, reduce_cell, wrap
from rlcsp_core.energy.potential import Potential
from rlcsp_core.energy.real_kernels import Neighbours, list_neighbours
from rlcsp_core.energy.tables import Tables, tables_for
from rlcsp_core.energy.total_kernels import deepest_contact, lattice_energy
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Array, Crystal, IntArray

MIN_VOLUME = 1.0  # Å³ per atom; oxides have more than 8
MAX_VOLUME = 1e6  # Å³ per atom
NEUTRAL = 1e-9  # e
CONTACT = "two ions closer than the potential describes"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the potential says about one crystal."""

    energy: float  # eV, of the cell
    gradient: Array  # [N, 3] eV/Å
    strain_gradient: Array  # [3, 3] eV


class Prepared(NamedTuple):
    """A crystal as the kernels want it: sorted by species, in contiguous arrays."""

    order: IntArray  # [N] atom of the crystal at each place
    positions: Array  # [N, 3] Å, sorted
    cell: Array  # [3, 3] Å
    ions: tuple[int, ...]  # [B] ions present, as indices into those of the potential
    kinds: IntArray  # [B] their rows of the tables
    starts: IntArray  # [B + 1] first atom of each species


class Species(NamedTuple):
    """The atoms of a crystal by species; nothing in it is ever changed."""

    order: IntArray  # [N], as in Prepared
    ions: tuple[int, ...]  # [B]
    kinds: IntArray  # [B]
    starts: IntArray  # [B + 1]
    charge: float  # e, of all atoms


@lru_cache(maxsize=256)  # a search asks for the same atoms again and again
def _species(potential: Potential, numbers: bytes) -> Species:
    """numbers: [N] atomic numbers, 64 bit."""
    kinds = potential.kinds(np.frombuffer(numbers, dtype=np.int64))
    present, counts = np.unique(kinds, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    charge = float(potential.charges[kinds].sum())
    order = np.argsort(kinds, kind="stable")
    return Species(order, tuple(present.tolist()), np.arange(len(present)), starts, charge)


def prepare(crystal: Crystal, potential: Potential) -> Prepared:
    """Check a crystal and sort its atoms by species."""
    species = _species(potential, np.asarray(crystal.numbers, dtype=np.int64).tobytes())
    check(crystal, species.charge)
    positions = np.ascontiguousarray(np.asarray(crystal.positions, dtype=np.float64)[species.order])
    cell = np.array(crystal.cell, dtype=np.float64, order="C")
    return Prepared(species.order, positions, cell, species.ions, species.kinds, species.starts)


def check(crystal: Crystal, charge: float) -> None:
    """Refuse what has no energy: no atoms, numbers that are not finite, a flat cell, a charge of the cell [e]."""
    n = crystal.n_atoms
    if n == 0:
        raise StructureError("the structure has no atoms")
    if np.shape(crystal.positions) != (n, 3) or np.shape(crystal.cell) != (3, 3):
        raise StructureError(f"{n} atoms need positions of shape ({n}, 3) and a cell of shape (3, 3)")
    if not (np.isfinite(crystal.positions).all() and np.isfinite(crystal.cell).all()):
        raise StructureError("positions or cell contain numbers that are not finite")
    if not MIN_VOLUME <= crystal.volume / n <= MAX_VOLUME:
        raise StructureError(
            f"the cell has a volume of {crystal.volume:.3f} Å³ for {n} atoms; {MIN_VOLUME:.0f} to {MAX_VOLUME:.0f} Å³ "
            "per atom are accepted: check that the structure is periodic in all three directions"
        )
    if abs(charge) > NEUTRAL:
        raise StructureError(
            f"the cell carries a charge of {charge:+g} e; a lattice energy needs a neutral cell"
        )


def compact(positions: Array, cell: Array, starts: IntArray, reach: float) -> tuple[Array, Array, Neighbours]:
    """The same crystal with a reduced cell and all atoms in it, as the sums want it, and the pairs within `reach`."""
    x, cell, inverse = positions.copy(), cell.copy(), np.empty((3, 3))
    reduce_cell(cell)
    invert(cell, inverse)
    wrap(x, cell, inverse)
    return x, cell, list_neighbours(x, cell, starts, reach)


def evaluate(crystal: Crystal, potential: Potential, tables: Tables | None = None) -> Evaluation:
    """Energy and its derivatives; any choice of cell gives the same."""
    ready = prepare(crystal, potential)
    tables = tables_for(potential, ready.ions, crystal.n_atoms) if tables is None else tables
    x, cell, neighbours = compact(ready.positions, ready.cell, ready.starts, tables.r_cut)
    gradient, strain = np.empty_like(x), np.empty((3, 3))
    energy = lattice_energy(x, cell, ready.kinds, ready.starts, tables, neighbours, gradient, strain)
    unsorted = np.empty_like(gradient)
    unsorted[ready.order] = gradient
    return Evaluation(energy, unsorted, strain)


def refuse_contacts(crystal: Crystal, potential: Potential) -> None:
    """StructureError where two ions stand within the guard radius of their pair: the energy is not the potential's."""
    ready = prepare(crystal, potential)
    if in_contact(ready, ready.positions, ready.cell, potential):
        raise StructureError(f"{CONTACT}: look for atoms that are listed twice, or for a wrong cell")


def in_contact(ready: Prepared, positions: Array, cell: Array, potential: Potential) -> bool:
    """The same for the atoms of `ready` at other positions [N, 3] and in another cell [3, 3], Å."""
    guards = np.array([[pair.guard for pair in row] for row in potential.pairs(ready.ions)])
    x, cell, neighbours = compact(positions, cell, ready.starts, guards.max())
    return bool(deepest_contact(x, cell, ready.kinds, ready.starts, neighbours, guards) > 0)
