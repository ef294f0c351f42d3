"""What an agent sees of the search: feature sets by name.  The first feature is always the constant 1.

    published    1 and z = (E − μ)/σ, all that RL-CSP shows its agent
    structure    those, and of the current structure and the search, each of the order of 1:
                   size            atoms over the atom limit
                   stagnation      steps without a new best over those until melting, at most 1
                   cubic, tetragonal, hexagonal, orthorhombic, monoclinic, free
                                   1 for the lattice kind of its modules, or atoms put down freely; 0 else
                   coordination    mean distance of the cations' coordination numbers from their usual range
                   bond valence    root of the mean square of V_i − |q_i|, the global instability index
                   symmetry        ln(order of the point group)/ln 48

The policy stays linear in them.  Shapes: F features.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import NamedTuple

import numpy as np

from rlcsp_core.actions import SearchPoint
from rlcsp_core.crystal.bonds import Bonds, bond_valence_sums, coordination, find_bonds
from rlcsp_core.crystal.ions import ions_in
from rlcsp_core.crystal.modular import Modular
from rlcsp_core.crystal.symmetry import point_group_order
from rlcsp_core.records import Array, Crystal
from rlcsp_core.scale import EnergyScale
from rlcsp_core.search.reward import features
from rlcsp_core.settings import entry

LATTICES = ("cubic", "tetragonal", "hexagonal", "orthorhombic", "monoclinic")  # triclinic: none of them
LARGEST_POINT_GROUP = 48
MOST_UNSTABLE = 3.0  # valence units; a crystal can be made as bad as one likes


class Outlook(NamedTuple):
    """The present moment of a search."""

    current: SearchPoint
    scale: EnergyScale
    max_atoms: int
    stagnation: float  # steps without a new best over those until melting


class FeatureSet(NamedTuple):
    """Names of its features and how they come about."""

    label: str
    names: tuple[str, ...]
    moment: Callable[[Outlook], Array]  # what every step may change
    structure: Callable[[SearchPoint], Array]  # what stays while the structure does

    def at(self, outlook: Outlook, structure: Array) -> Array:
        """[F]; `structure` is what `self.structure` says of the outlook's current structure."""
        return np.concatenate([self.moment(outlook), structure])


def _energy(outlook: Outlook) -> Array:
    return features(outlook.current.energy, outlook.scale)


def _search(outlook: Outlook) -> Array:
    size = outlook.current.structure.relaxed.n_atoms / outlook.max_atoms
    return np.concatenate([_energy(outlook), [size, min(outlook.stagnation, 1.0)]])


def _nothing(_: SearchPoint) -> Array:
    return np.zeros(0)


def _described(point: SearchPoint) -> Array:
    """Lattice kind, coordination, bond valence, symmetry."""
    structure, crystal = point.structure
    kind = structure.assembly.kind if isinstance(structure, Modular) else "free"
    bonds = find_bonds(crystal)
    return np.array(
        [
            *(float(kind == name) for name in (*LATTICES, "free")),
            coordination_distance(crystal, bonds),
            min(instability(crystal, bonds), MOST_UNSTABLE),
            log(point_group_order(crystal)) / log(LARGEST_POINT_GROUP),
        ]
    )


def coordination_distance(crystal: Crystal, bonds: Bonds) -> float:
    """Mean over the cations of how far their coordination number lies outside of its usual range."""
    ions = ions_in(crystal.numbers).values()
    ranges = {ion.number: ion.coordination for ion in ions if ion.coordination is not None}
    counts = coordination(crystal, bonds)
    outside = [
        max(low - n, n - high, 0)
        for number, n in zip(crystal.numbers.tolist(), counts.tolist(), strict=True)
        if number in ranges
        for low, high in (ranges[number],)
    ]
    return float(np.mean(outside))


def instability(crystal: Crystal, bonds: Bonds) -> float:
    """Global instability index [valence units]: root mean square of bond-valence sum minus formal charge,
    over the atoms whose bonds have parameters."""
    ions = ions_in(crystal.numbers)
    formal = np.array([abs(ions[number].charge) for number in crystal.numbers.tolist()])
    deviation = bond_valence_sums(crystal, bonds) - formal
    known = deviation[~np.isnan(deviation)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else 0.0


FEATURE_SETS: dict[str, FeatureSet] = {
    "published": FeatureSet("energy only (published)", ("the constant", "the energy z"), _energy, _nothing),
    "structure": FeatureSet(
        "energy, size, lattice, coordination and symmetry",
        (
            "the constant",
            "the energy z",
            "size",
            "stagnation",
            *LATTICES,
            "free",
            "coordination",
            "bond valence",
            "symmetry",
        ),
        _search,
        _described,
    ),
}


def feature_set(name: str) -> FeatureSet:
    """The features an agent is shown."""
    return entry(FEATURE_SETS, name, "set of features")
