"""Lattice kinds: which shapes, angles and shifts a stack of sub-modules may take.

    cubic         n × n × 2n   γ = 90°        orthorhombic  x × y × z, z even    γ = 90°
    tetragonal    x × x × z    z even, 90°    monoclinic    x × y × z            γ = 120°
    hexagonal     x × x × z    γ = 120°       triclinic     x × y × z            α, β of a list, γ = 90° or 120°

Stacks with γ = 90° have an even number of modules, so that the two shifts alternate around the period; with γ = 120°
they have at least two, since a single module would be its own neighbour.  Shapes are (n_a, n_b, n_c).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from rlcsp_core.crystal.modular import Assembly, volume_factor

Shape = tuple[int, int, int]
Angles = tuple[float, float, float]

TRICLINIC_ANGLES = (60.0, 75.0, 90.0, 105.0, 120.0, 150.0)  # degrees, of α and β
SHIFTS_90 = (0, 1)  # indices into modular.SHIFTS
SHIFTS_120 = (0, 2, 3)
RIGHT: Angles = (90.0, 90.0, 90.0)
HEXAGONAL: Angles = (90.0, 90.0, 120.0)
MIN_VOLUME_FACTOR = 0.2  # flatter cells (some 60°/150° combinations) close on themselves


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _double_cube(n: int) -> list[Shape]:
    return [(x, x, 2 * x) for x in _divisors(n) if 2 * x**3 == n]


def _square(n: int) -> list[Shape]:
    return [(x, x, n // x**2) for x in _divisors(n) if n % x**2 == 0]


def _free(n: int) -> list[Shape]:
    return [(x, y, n // (x * y)) for x, y in product(_divisors(n), repeat=2) if n % (x * y) == 0]


def _right(_: Shape) -> list[Angles]:
    return [RIGHT]


def _hexagonal(_: Shape) -> list[Angles]:
    return [HEXAGONAL]


@cache
def _oblique(gamma: float) -> list[Angles]:
    angles = [(a, b, gamma) for a, b in product(TRICLINIC_ANGLES, repeat=2)]
    return [triple for triple in angles if volume_factor(triple) > MIN_VOLUME_FACTOR]


def _triclinic(shape: Shape) -> list[Angles]:
    odd = shape[2] % 2
    return _oblique(120.0) if odd else _oblique(90.0) + _oblique(120.0)


@dataclass(frozen=True)
class Kind:
    """A lattice kind as two questions: which shapes for so many sub-modules, which angles for a shape."""

    shapes: Callable[[int], list[Shape]]
    angles: Callable[[Shape], list[Angles]]
    even: bool  # the number of modules must be even


KINDS: dict[str, Kind] = {
    "cubic": Kind(_double_cube, _right, even=True),
    "tetragonal": Kind(_square, _right, even=True),
    "hexagonal": Kind(_square, _hexagonal, even=False),
    "orthorhombic": Kind(_free, _right, even=True),
    "monoclinic": Kind(_free, _hexagonal, even=False),
    "triclinic": Kind(_free, _triclinic, even=False),
}


@cache
def shapes_of(kind: str, n_blocks: int) -> tuple[Shape, ...]:
    """All shapes of that kind with so many sub-modules; empty where there is none."""
    step = 2 if KINDS[kind].even else 1
    return tuple(s for s in KINDS[kind].shapes(n_blocks) if s[2] >= 2 and s[2] % step == 0)


@cache
def kinds_for(n_blocks: int) -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if shapes_of(kind, n_blocks))


def random_assembly(kind: str, n_blocks: int, rng: np.random.Generator) -> Assembly:
    """Shape, angles and shifts drawn evenly from what the kind allows; there must be a shape (`kinds_for`)."""
    shapes = shapes_of(kind, n_blocks)
    shape = shapes[rng.integers(len(shapes))]
    choices = KINDS[kind].angles(shape)
    angles = choices[rng.integers(len(choices))]
    return Assembly(kind, shape, angles, random_shifts(shape[2], angles[2], rng))


def random_shifts(n_c: int, gamma: float, rng: np.random.Generator) -> tuple[int, ...]:
    """Stacking sequence [n_c]; neighbours differ, also around the period."""
    if gamma == 90.0:
        return SHIFTS_90 * (n_c // 2)
    while True:  # a walk over three letters that never stays; it closes with probability of about 2/3
        steps = np.cumsum(rng.integers(1, 3, size=n_c - 1)) if n_c > 1 else np.empty(0, int)
        letters = np.concatenate([[0], steps]) % len(SHIFTS_120)
        if letters[-1] != letters[0]:
            return tuple(SHIFTS_120[i] for i in letters)


def kind_of(shape: Shape, angles: Angles) -> str:
    """The most symmetric kind that allows this shape and these angles."""
    n_blocks = shape[0] * shape[1] * shape[2]
    return next(k for k in KINDS if shape in shapes_of(k, n_blocks) and angles in KINDS[k].angles(shape))
