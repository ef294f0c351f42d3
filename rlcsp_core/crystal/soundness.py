"""Which trials are worth relaxing (RL-CSP, FUSE).

    0.4 ≤ ρ / ρ_ions ≤ 1       ρ_ions: mass of the ions over the summed volumes of their spheres
    shortest distance > 1.2 Å
    at least 75 % of the cations have a coordination number within ±1 of their usual range,
    counting anions within 1.25 (r_cation + r_anion)

A trial comes in as fractional coordinates and ion codes.  Shapes: N atoms.  Å.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np

from rlcsp_core.crystal.bonds import BOND_STRETCH
from rlcsp_core.crystal.composition import Composition
from rlcsp_core.crystal.contact_kernels import count_contacts
from rlcsp_core.crystal.ions import all_ions
from rlcsp_core.crystal.modular import Modular, cell_of, site_frame
from rlcsp_core.records import Array, Crystal, IntArray

DENSITY_RANGE = (0.4, 1.0)  # of the density of the ions' spheres
COORDINATED = 0.75  # fraction of cations that must be well coordinated
COORDINATION_SLACK = 1  # on either side of the usual range
SLACK = 1e-9  # relative; so that an exact limit does not hang on rounding


@dataclass(frozen=True, eq=False)
class _Rules:
    """Tables of the contact rules by ion code; code 0 is never used."""

    reach: Array  # [codes, codes] Å, below which an anion is a neighbour of a cation; 0 for other pairs
    lowest: Array  # [codes] smallest allowed coordination number
    highest: Array  # [codes]


@cache
def _rules() -> _Rules:
    ions = all_ions()
    n = len(ions) + 1
    reach = np.zeros((n, n))
    lowest, highest = np.zeros(n), np.zeros(n)
    for i, ion in enumerate(ions, 1):
        if ion.coordination is None:
            continue
        lowest[i] = ion.coordination[0] - COORDINATION_SLACK
        highest[i] = ion.coordination[1] + COORDINATION_SLACK
        for j, other in enumerate(ions, 1):
            if not other.is_cation:
                reach[i, j] = BOND_STRETCH * (ion.radius + other.radius)
    return _Rules(reach, lowest, highest)


def density_is_sound(n_formula: float, volume: float, composition: Composition) -> bool:
    """The masses cancel: only the volumes of n_formula formula units and of the cell [Å³] matter."""
    ratio = n_formula * composition.ion_volume / volume
    return DENSITY_RANGE[0] * (1 - SLACK) <= ratio <= DENSITY_RANGE[1] * (1 + SLACK)


def unsound_because(trial: Modular, composition: Composition, min_distance: float) -> str | None:
    """None for a sound trial in modules, else the rule it breaks."""
    assembly = trial.assembly
    volume = prod(assembly.shape) * assembly.volume_factor * composition.block_length**3 / 2
    if not density_is_sound(trial.n_atoms / composition.n_atoms, volume, composition):
        return "density"
    codes = trial.sites.reshape(-1)
    occupied = np.flatnonzero(codes)
    cell = cell_of(assembly, composition.block_length)
    return _bad_contacts(site_frame(assembly)[occupied], codes[occupied], cell, min_distance)


def crystal_unsound_because(trial: Crystal, composition: Composition, min_distance: float) -> str | None:
    """The same for atoms put down freely."""
    if not density_is_sound(trial.n_atoms / composition.n_atoms, trial.volume, composition):
        return "density"
    frame = np.ascontiguousarray(trial.positions @ np.linalg.inv(trial.cell))
    return _bad_contacts(
        frame, composition.codes_by_number[trial.numbers], np.ascontiguousarray(trial.cell), min_distance
    )


def _bad_contacts(frame: Array, codes: IntArray, cell: Array, min_distance: float) -> str | None:
    rules = _rules()
    shortest, good, cations = count_contacts(frame, codes, cell, rules.reach, rules.lowest, rules.highest)
    if shortest <= min_distance:
        return "distance"
    return None if good >= COORDINATED * cations else "coordination"
