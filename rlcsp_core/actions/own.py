"""Actions beyond the published nine: on atoms instead of modules.

    11 a random symmetric crystal of any allowed size     12 one with as many atoms as the current structure
    13 distort the relaxed crystal: strain and rattle     14 relax again from a rattled supercell
    15 move an anion into a hole                          100 + k a random symmetric crystal of k formula units

They know the composition and the current structure, nothing of the answer.  None: the draw came to nothing.  Å.
"""

from __future__ import annotations

import colorsys
from dataclasses import replace
from functools import cache
from math import log

import numpy as np

from rlcsp_core.actions.action import Action, CurrentStructure, Family, Problem
from rlcsp_core.crystal.ions import all_ions
from rlcsp_core.crystal.symmetric import random_symmetric_crystal
from rlcsp_core.records import Array, Crystal

STRAIN = 0.08  # standard deviation of each strain component of a distortion
RATTLE = 0.25  # Å, standard deviation of a distortion's displacements
SUPERCELL_RATTLE = 0.1  # Å; enough to leave a saddle, too little to leave the basin
HOLE_TRIES = 40  # random points among which the widest hole is taken


def symmetric_any_size(_: CurrentStructure, problem: Problem, rng: np.random.Generator) -> Crystal | None:
    """Action 11."""
    most = problem.max_atoms // problem.composition.n_atoms
    return random_symmetric_crystal(problem.composition, int(rng.integers(1, most + 1)), rng)


def symmetric_this_size(
    current: CurrentStructure, problem: Problem, rng: np.random.Generator
) -> Crystal | None:
    """Action 12."""
    return random_symmetric_crystal(
        problem.composition, current.relaxed.n_atoms // problem.composition.n_atoms, rng
    )


def distort(current: CurrentStructure, _: Problem, rng: np.random.Generator) -> Crystal:
    """Action 13."""
    strain = rng.normal(scale=STRAIN, size=(3, 3))
    deformation = np.eye(3) + (strain + strain.T) / 2
    strained = replace(
        current.relaxed,
        positions=current.relaxed.positions @ deformation,
        cell=current.relaxed.cell @ deformation,
    )
    return _rattled(strained, RATTLE, rng)


def rattle_supercell(current: CurrentStructure, problem: Problem, rng: np.random.Generator) -> Crystal:
    """Action 14: twice the cell along one axis where the atom limit allows, the same cell where it does not."""
    fits = 2 * current.relaxed.n_atoms <= problem.max_atoms
    crystal = doubled(current.relaxed, int(rng.integers(3))) if fits else current.relaxed
    return _rattled(crystal, SUPERCELL_RATTLE, rng)


def doubled(crystal: Crystal, axis: int) -> Crystal:
    """Two cells side by side along one axis."""
    cell = crystal.cell.copy()
    cell[axis] *= 2
    positions = np.concatenate([crystal.positions, crystal.positions + crystal.cell[axis]])
    return Crystal(np.tile(crystal.numbers, 2), positions, cell)


def _rattled(crystal: Crystal, scale: float, rng: np.random.Generator) -> Crystal:
    return replace(
        crystal, positions=crystal.positions + rng.normal(scale=scale, size=crystal.positions.shape)
    )


def fill_hole(current: CurrentStructure, _: Problem, rng: np.random.Generator) -> Crystal:
    """Action 15: the point farthest from all atoms, of HOLE_TRIES drawn evenly, receives a random anion."""
    crystal = current.relaxed
    anions = [ion.number for ion in all_ions() if not ion.is_cation]
    moved = int(rng.choice(np.flatnonzero(np.isin(crystal.numbers, anions))))
    others = np.delete(crystal.positions, moved, axis=0)
    points = rng.random((HOLE_TRIES, 3)) @ crystal.cell
    positions = crystal.positions.copy()
    positions[moved] = points[np.argmax(_clearance(points, others, crystal.cell))]
    return replace(crystal, positions=positions)


def _clearance(points: Array, atoms: Array, cell: Array) -> Array:
    """[P] distance of each point to the nearest atom; the cell is reduced, so that its neighbours suffice."""
    images = np.indices((3, 3, 3)).reshape(3, -1).T - 1
    fractional = (points[:, None] - atoms[None]) @ np.linalg.inv(cell)
    wrapped = (fractional - np.rint(fractional)) @ cell
    offsets = wrapped[:, :, None] + images @ cell
    return np.sqrt((offsets**2).sum(axis=-1)).reshape(len(points), -1).min(axis=1)


# Charts hatch their areas, since so many colours cannot all be far apart; among themselves they are, as above.
EXTENSIONS: tuple[Action, ...] = (
    Action(number=11, name="Symmetric, any size", description="A new random crystal with a random space group.",
           family=Family.SYMMETRIC, colour="#a60019", change=symmetric_any_size),
    Action(number=12, name="Symmetric, this size",
           description="A new random symmetric crystal with as many atoms.",
           family=Family.SYMMETRIC, colour="#ebaa38", change=symmetric_this_size),
    Action(number=13, name="Distort", description="Strain the cell and rattle the atoms.",
           family=Family.ATOMS, colour="#afb99d", change=distort),
    Action(number=14, name="Supercell, rattled",
           description="Double the relaxed crystal, rattle it and relax again.",
           family=Family.ATOMS, colour="#2c5471", change=rattle_supercell),
    Action(number=15, name="Fill a hole", description="Move an anion into a hole between the atoms.",
           family=Family.ATOMS, colour="#02cffd", change=fill_hole),
)  # fmt: skip


SIZED = 100  # what the number of a sized action has beyond its formula units
MOST_UNITS = 200  # of an action; the largest atom limit of a search holds no more
LIGHTEST = 24  # formula units from which on the colour stays


@cache
def symmetric_of_units(k: int) -> Action:
    """Action 100 + k, for 1 ≤ k ≤ MOST_UNITS."""

    def change(_: CurrentStructure, problem: Problem, rng: np.random.Generator) -> Crystal | None:
        return random_symmetric_crystal(problem.composition, k, rng)

    units = f"{k} unit{'s' if k > 1 else ''}"
    return Action(
        number=SIZED + k,
        name=f"Symmetric, {units}",
        description=f"A new random crystal of {units.replace('unit', 'formula unit')} with a random space group.",
        family=Family.SYMMETRIC,
        colour=ramp(min(1.0, log(k) / log(LIGHTEST))),
        change=change,
    )


def ramp(part: float) -> str:
    """Hex colour from dark red at 0 to yellow at 1, lightness rising all the way."""
    hue, lightness = 0.95 + 0.19 * part, 0.28 + 0.24 * part
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, lightness, 0.9)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
