"""Rigid-ion potentials: what is in data/potentials/*.toml, as arrays.

    u_ab(r) = k_e q_a q_b / r + A_ab exp(-r/ρ_ab) - C_ab / r⁶

Below the guard radius of a pair, u_ab goes on as a parabola with the same value and slope, so that no pair of ions can
fall into the poles of Coulomb and -C/r⁶.  Shapes: S elements.  Units: eV, Å, e.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from rlcsp_core.errors import ConfigError, FormulaError
from rlcsp_core.paths import DATA
from rlcsp_core.records import Array, IntArray

FOLDER = DATA / "potentials"
ATOMIC_NUMBERS = {"O": 8, "Ti": 22, "Sr": 38, "Y": 39}


@dataclass(frozen=True, eq=False)
class Potential:
    """A rigid-ion potential; matrices are symmetric."""

    name: str
    elements: tuple[str, ...]
    numbers: IntArray  # [S] atomic numbers
    charges: Array  # [S] e
    A: Array  # [S, S] eV
    rho: Array  # [S, S] Å; 1 where A is 0
    C: Array  # [S, S] eV Å⁶
    guard_radius: Array  # [S, S] Å
    guard_curvature: float  # eV/Å²
    coulomb_constant: float  # eV Å e⁻²

    def kinds(self, numbers: IntArray) -> IntArray:
        """Index into `elements` of every atom, [N]."""
        known = {int(z): kind for kind, z in enumerate(self.numbers)}
        try:
            return np.array([known[int(z)] for z in numbers], dtype=np.int64)
        except KeyError as missing:
            from ase.data import chemical_symbols

            raise FormulaError(
                f"the potential {self.name!r} does not cover {chemical_symbols[missing.args[0]]}; "
                f"it knows {', '.join(self.elements)}"
            ) from None

    def covers(self, elements: Sequence[str]) -> bool:
        return set(elements) <= set(self.elements)


def pair_energy(potential: Potential, a: int, b: int, r: Array) -> tuple[Array, Array]:
    """u_ab(r) with its guard, and du_ab/dr; r is [K] Å, may contain 0."""
    r_guard = potential.guard_radius[a, b]
    outer = np.maximum(r, r_guard)
    value, slope = _bare_pair_energy(potential, a, b, outer)
    inside = np.minimum(r - r_guard, 0.0)  # 0 outside of the guard
    kappa = potential.guard_curvature
    return value + slope * inside + 0.5 * kappa * inside**2, slope + kappa * inside


def _bare_pair_energy(potential: Potential, a: int, b: int, r: Array) -> tuple[Array, Array]:
    coulomb = potential.coulomb_constant * potential.charges[a] * potential.charges[b] / r
    repulsion = potential.A[a, b] * np.exp(-r / potential.rho[a, b])
    dispersion = -potential.C[a, b] / r**6
    slope = -coulomb / r - repulsion / potential.rho[a, b] - 6 * dispersion / r
    return coulomb + repulsion + dispersion, slope


def potential_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load_potential(name: str = "ysrtio") -> Potential:
    """The potential of data/potentials/<name>.toml."""
    if name not in potential_names():
        raise ConfigError(f"unknown potential {name!r}; choose from {', '.join(potential_names())}")
    with open(FOLDER / f"{name}.toml", "rb") as file:
        return _from_table(tomllib.load(file))


def _from_table(table: dict[str, Any]) -> Potential:
    elements = tuple(table["charges"])
    index = {element: i for i, element in enumerate(elements)}
    shape = (len(elements), len(elements))
    matrices = {
        "A": np.zeros(shape),
        "rho": np.ones(shape),
        "C": np.zeros(shape),
        "guard": np.full(shape, float(table["guard"]["radius"])),
    }
    for pair in table["pairs"]:
        a, b = (index[element] for element in pair["elements"])
        for key, matrix in matrices.items():
            matrix[a, b] = matrix[b, a] = pair[key]
    return Potential(
        name=table["name"],
        elements=elements,
        numbers=np.array([ATOMIC_NUMBERS[element] for element in elements]),
        charges=np.array([float(table["charges"][element]) for element in elements]),
        A=matrices["A"],
        rho=matrices["rho"],
        C=matrices["C"],
        guard_radius=matrices["guard"],
        guard_curvature=float(table["guard"]["curvature"]),
        coulomb_constant=float(table["coulomb_constant"]),
    )
