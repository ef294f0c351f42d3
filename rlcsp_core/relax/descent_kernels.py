"""Compiled descent to the nearest minimum: L-BFGS over atoms and cell at once.

Coordinates are u = (X, σF): X [N, 3] Å the atoms in the frame of a fixed reference lattice, F [3, 3] the deformation
that takes this frame to the present one, σ = √N d Å (d the mean distance between atoms) so that both weigh alike:

    x = X F,  cell = cell₀ F,  dE/dX = (dE/dx) Fᵀ,  dE/dF = F⁻ᵀ dE/dε

Another choice of lattice vectors changes cell₀ only, so cells are kept reduced on the way without disturbing the
optimiser.  Direction: two-loop recursion (Nocedal & Wright, Numerical Optimization, alg. 7.4); steps are capped, then
shortened until the energy falls enough (Armijo).  The neighbour list is kept while no pair can have entered r_c.

Shapes: N atoms, D = 3N + 9 coordinates, H steps remembered.  Units: Å, eV.
"""

# mypy: disallow-untyped-defs=False
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit, types

from rlcsp_core.energy.lattice_kernels import invert, reduce_cell, volume_of, wrap
from rlcsp_core.energy.signatures import (
    INDICES,
    MATRIX,
    TABLES,
    VECTOR,
    lattice_energy_at,
    list_neighbours_at,
)
from rlcsp_core.kernel_cache import FAST_PART, PART, kernel
from rlcsp_core.records import Array, IntArray
from rlcsp_core.relax.stiffness_kernels import factorise, solve, springs

# how a descent ended, or that it goes on
RUNNING, CONVERGED, NOT_FINITE, COLLAPSED, STUCK = 0, 1, 2, 3, 4

ARMIJO = 1e-4  # share of the predicted fall that is asked for
NOISE = 1e-9  # eV per atom that an energy may rise without being called a rise
CURVATURE = 1e-8  # cosine between step and change of gradient below which a pair is not remembered
MAX_CUTS = 25  # shortenings of one step
SHORTEST_CUT, LONGEST_CUT = 0.1, 0.5
FIRST_STIFFNESS = 30.0  # eV/Å², of an unknown direction
ROUNDING = 1e-6  # Å, of the test whether a list still holds
MIN_VOLUME = 2.0  # Å³ per atom: below, the cell has collapsed


class Limits(NamedTuple):
    """What a descent must reach and may do."""

    force: float  # eV/Å
    stress: float  # eV/Å³
    step: float  # Å, longest move of an atom
    strain: float  # longest change of a component of F
    skin: float  # Å of the neighbour list
    refresh: int  # steps between two models of the Hessian


class State(NamedTuple):
    """A descent between two calls; all arrays are changed in place."""

    u: Array  # [D]
    g: Array  # [D] eV/Å, dE/du
    cell0: Array  # [3, 3] Å
    steps: Array  # [H, D] remembered u differences
    changes: Array  # [H, D] and gradient differences
    inverse_curvature: Array  # [H]
    numbers: Array  # [4]: energy eV, max force eV/Å, max stress eV/Å³, σ Å
    counts: IntArray  # [3]: evaluations, pairs remembered, place of the newest pair


@njit(**PART)
def _deform(u, cell0, sigma, x, cell, deformation):
    """x = X F and cell = cell₀ F."""
    n = x.shape[0]
    for a in range(3):
        for b in range(3):
            deformation[a, b] = u[3 * n + 3 * a + b] / sigma
    f = deformation
    for i in range(n):
        for b in range(3):
            x[i, b] = u[3 * i] * f[0, b] + u[3 * i + 1] * f[1, b] + u[3 * i + 2] * f[2, b]
    for i in range(3):
        for b in range(3):
            cell[i, b] = cell0[i, 0] * f[0, b] + cell0[i, 1] * f[1, b] + cell0[i, 2] * f[2, b]


@njit(**PART)
def _undeform(cell, deformation, cell0):
    """cell₀ = cell F⁻¹, after other lattice vectors were chosen."""
    back = np.empty((3, 3))
    invert(deformation, back)
    for i in range(3):
        for b in range(3):
            cell0[i, b] = cell[i, 0] * back[0, b] + cell[i, 1] * back[1, b] + cell[i, 2] * back[2, b]


@njit(**PART)
def _pull_back(gradient, strain, deformation, sigma, g):
    """dE/du from dE/dx and dE/dε."""
    n = gradient.shape[0]
    f = deformation
    for i in range(n):
        for a in range(3):
            g[3 * i + a] = gradient[i, 0] * f[a, 0] + gradient[i, 1] * f[a, 1] + gradient[i, 2] * f[a, 2]
    inverse = np.empty((3, 3))
    invert(f, inverse)
    for a in range(3):
        for b in range(3):
            total = inverse[0, a] * strain[0, b] + inverse[1, a] * strain[1, b] + inverse[2, a] * strain[2, b]
            g[3 * n + 3 * a + b] = total / sigma


@njit(**PART)
def _copy(source, target):
    """A slice assignment would do, and take seconds to compile."""
    for i in range(source.shape[0]):
        for a in range(3):
            target[i, a] = source[i, a]


@njit(**PART)
def _least_stretch(d):
    """Smallest singular value of d [3, 3]: no vector v is made shorter than this times |v| by v d."""
    m = np.empty((3, 3))
    for a in range(3):
        for b in range(3):
            m[a, b] = d[0, a] * d[0, b] + d[1, a] * d[1, b] + d[2, a] * d[2, b]
    mean = (m[0, 0] + m[1, 1] + m[2, 2]) / 3.0
    p, q, r = m[0, 0] - mean, m[1, 1] - mean, m[2, 2] - mean
    off = m[0, 1] ** 2 + m[0, 2] ** 2 + m[1, 2] ** 2
    width = math.sqrt((p * p + q * q + r * r + 2.0 * off) / 6.0)
    if not width > 1e-8 * mean:
        return math.sqrt(mean)
    # trigonometric solution of the cubic for the eigenvalues of a symmetric matrix
    determinant = (
        p * (q * r - m[1, 2] ** 2)
        - m[0, 1] * (m[0, 1] * r - m[1, 2] * m[0, 2])
        + m[0, 2] * (m[0, 1] * m[1, 2] - q * m[0, 2])
    )
    angle = math.acos(min(1.0, max(-1.0, 0.5 * determinant / width**3))) / 3.0
    return math.sqrt(max(0.0, mean + 2.0 * width * math.cos(angle + 2.0 * math.pi / 3.0)))


@njit(**PART)
def _list_holds(x, cell, listed_x, listed_inverse, skin, reach):
    """Has no pair that was not listed come within reach since the list was made?

    Pairs of the list's time are deformed by D = cell_then⁻¹ cell_now and moved by the rest of each displacement: those
    farther than reach + skin are now farther than σ_min(D) (reach + skin) less the two longest of these moves.
    """
    d = np.empty((3, 3))
    for a in range(3):
        for b in range(3):
            d[a, b] = (
                listed_inverse[a, 0] * cell[0, b]
                + listed_inverse[a, 1] * cell[1, b]
                + listed_inverse[a, 2] * cell[2, b]
            )
    farthest, second = 0.0, 0.0
    for i in range(x.shape[0]):
        moved = 0.0
        for b in range(3):
            then = listed_x[i, 0] * d[0, b] + listed_x[i, 1] * d[1, b] + listed_x[i, 2] * d[2, b]
            moved += (x[i, b] - then) ** 2
        if moved > farthest:
            farthest, second = moved, farthest
        elif moved > second:
            second = moved
    return _least_stretch(d) * (reach + skin) > reach + math.sqrt(farthest) + math.sqrt(second) + ROUNDING


@njit(**FAST_PART)
def _inner(a, b):
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@njit(**FAST_PART)
def _add(a, factor, b):
    for i in range(a.shape[0]):
        a[i] += factor * b[i]


@njit(**PART)
def _direction(state, d, stiffness, work, conditioned):
    """d = -H g by the two-loop recursion, around the model of the Hessian where there is one."""
    history, remembered, newest = state.steps.shape[0], state.counts[1], state.counts[2]
    weights = np.empty(history)
    for i in range(d.shape[0]):
        d[i] = -state.g[i]
    for age in range(remembered):
        j = (newest - age) % history
        weights[j] = state.inverse_curvature[j] * _inner(state.steps[j], d)
        _add(d, -weights[j], state.changes[j])
    scale = 1.0
    if conditioned:
        solve(stiffness, d, work)
    elif remembered > 0:
        y = state.changes[newest]
        scale = 1.0 / (state.inverse_curvature[newest] * _inner(y, y))
    else:
        scale = 1.0 / FIRST_STIFFNESS
    for i in range(d.shape[0]):
        d[i] *= scale
    for age in range(remembered - 1, -1, -1):
        j = (newest - age) % history
        weight = weights[j] - state.inverse_curvature[j] * _inner(state.changes[j], d)
        _add(d, weight, state.steps[j])


@njit(**PART)
def _cap(d, n, sigma, limits):
    """Largest factor ≤ 1 that keeps every atom and strain within its longest step."""
    farthest = 0.0
    for i in range(n):
        farthest = max(farthest, d[3 * i] ** 2 + d[3 * i + 1] ** 2 + d[3 * i + 2] ** 2)
    strain = 0.0
    for i in range(3 * n, 3 * n + 9):
        strain = max(strain, abs(d[i]) / sigma)
    return 1.0 / max(1.0, math.sqrt(farthest) / limits.step, strain / limits.strain)


@njit(**PART)
def _remember(state, d, length, g_new):
    """Keep the last step and change of gradient if the energy curves upwards along it."""
    j = (state.counts[2] + 1) % state.steps.shape[0]
    s, y = state.steps[j], state.changes[j]
    for i in range(d.shape[0]):
        s[i] = length * d[i]
        y[i] = g_new[i] - state.g[i]
    sy = _inner(s, y)
    if sy > CURVATURE * math.sqrt(_inner(s, s) * _inner(y, y)):
        state.inverse_curvature[j] = 1.0 / sy
        state.counts[2] = j
        state.counts[1] = min(state.counts[1] + 1, state.steps.shape[0])


@njit(**PART)
def _transform(v, right, left):
    """Atoms of v times `right`, cell block from the left by `left`; both [3, 3]."""
    cell = v.shape[0] - 9
    t = np.empty(3)
    for i in range(0, cell, 3):
        for b in range(3):
            t[b] = v[i] * right[0, b] + v[i + 1] * right[1, b] + v[i + 2] * right[2, b]
        for b in range(3):
            v[i + b] = t[b]
    for b in range(3):
        for a in range(3):
            t[a] = left[a, 0] * v[cell + b] + left[a, 1] * v[cell + 3 + b] + left[a, 2] * v[cell + 6 + b]
        for a in range(3):
            v[cell + 3 * a + b] = t[a]


@njit(**PART)
def _rebase(state, deformation, inverse):
    """Make the present frame the reference: X F → X, F → 1.  Linear, so what is remembered stays true."""
    back, forth = np.empty((3, 3)), np.empty((3, 3))
    for a in range(3):
        for b in range(3):
            back[a, b], forth[a, b] = inverse[b, a], deformation[b, a]
    _transform(state.u, deformation, inverse)
    _transform(state.g, back, forth)
    for j in range(state.steps.shape[0]):
        _transform(state.steps[j], deformation, inverse)
        _transform(state.changes[j], back, forth)
    for i in range(3):
        x, y, z = state.cell0[i, 0], state.cell0[i, 1], state.cell0[i, 2]
        for b in range(3):
            state.cell0[i, b] = x * deformation[0, b] + y * deformation[1, b] + z * deformation[2, b]


@njit(**PART)
def _measure(gradient, strain, volume, numbers):
    """Largest force on an atom and largest component of the stress."""
    force, stress = 0.0, 0.0
    for i in range(gradient.shape[0]):
        force = max(force, gradient[i, 0] ** 2 + gradient[i, 1] ** 2 + gradient[i, 2] ** 2)
    for a in range(3):
        for b in range(3):
            stress = max(stress, abs(strain[a, b]) / volume)
    numbers[1], numbers[2] = math.sqrt(force), stress


@kernel
def descend(state, kinds, starts, tables, limits, evaluations, energy_at, list_at):
    """Go on until converged, failed, or so many evaluations later; returns one of the outcomes above.

    energy_at, list_at: addresses of lattice_energy and list_neighbours.
    """
    n = (state.u.shape[0] - 9) // 3
    sigma = state.numbers[3]
    x, cell, deformation = np.empty((n, 3)), np.empty((3, 3)), np.empty((3, 3))
    gradient, strain = np.empty((n, 3)), np.empty((3, 3))
    listed_x, inverse = np.empty((n, 3)), np.empty((3, 3))
    d, trial, g_new = np.empty_like(state.u), np.empty_like(state.u), np.empty_like(state.u)
    reach = tables.r_cut + limits.skin
    back = np.empty((3, 3))
    size = state.u.shape[0]
    stiffness, work = np.empty((size, size), dtype=np.float32), np.empty(size, dtype=np.float32)
    conditioned, age = False, limits.refresh

    # put the present point into a reduced cell, its atoms within it
    _deform(state.u, state.cell0, sigma, x, cell, deformation)
    if reduce_cell(cell):
        _undeform(cell, deformation, state.cell0)
    frame = state.u[: 3 * n].reshape((n, 3))
    invert(state.cell0, inverse)
    wrap(frame, state.cell0, inverse)
    _deform(state.u, state.cell0, sigma, x, cell, deformation)
    neighbours = list_neighbours_at(list_at, x, cell, starts, reach)
    _copy(x, listed_x)
    invert(cell, inverse)

    done = 0
    if state.counts[0] == 0:
        energy = lattice_energy_at(energy_at, x, cell, kinds, starts, tables, neighbours, gradient, strain)
        done = 1
        state.counts[0] = 1
        state.numbers[0] = energy
        _pull_back(gradient, strain, deformation, sigma, state.g)
        _measure(gradient, strain, abs(volume_of(cell)), state.numbers)
    while True:
        energy = state.numbers[0]
        if not math.isfinite(energy) or not math.isfinite(state.numbers[1]):
            return NOT_FINITE
        if state.numbers[1] < limits.force and state.numbers[2] < limits.stress:
            return CONVERGED
        if done >= evaluations:
            return RUNNING
        if age >= limits.refresh:
            _deform(state.u, state.cell0, sigma, x, cell, deformation)
            invert(deformation, back)
            _rebase(state, deformation, back)
            springs(x, cell, kinds, starts, tables, neighbours, sigma, stiffness)
            conditioned = factorise(stiffness)
            age = 0
        age += 1
        _direction(state, d, stiffness, work, conditioned)
        slope = _inner(d, state.g)
        if not slope < 0.0:
            state.counts[1] = 0
            _direction(state, d, stiffness, work, conditioned)
            slope = _inner(d, state.g)
        length = _cap(d, n, sigma, limits)
        accepted = False
        for _ in range(MAX_CUTS):
            for i in range(trial.shape[0]):
                trial[i] = state.u[i] + length * d[i]
            _deform(trial, state.cell0, sigma, x, cell, deformation)
            volume = volume_of(cell)
            if not abs(volume) > MIN_VOLUME * n:
                length *= LONGEST_CUT
                continue
            if not _list_holds(x, cell, listed_x, inverse, limits.skin, tables.r_cut):
                if reduce_cell(cell):
                    _undeform(cell, deformation, state.cell0)
                invert(state.cell0, inverse)
                frame = trial[: 3 * n].reshape((n, 3))
                for i in range(n):
                    for a in range(3):
                        listed_x[i, a] = frame[i, a]
                wrap(frame, state.cell0, inverse)
                # the start of the step moves along, by the same lattice vectors
                for i in range(n):
                    for a in range(3):
                        state.u[3 * i + a] += frame[i, a] - listed_x[i, a]
                _deform(trial, state.cell0, sigma, x, cell, deformation)
                neighbours = list_neighbours_at(list_at, x, cell, starts, reach)
                _copy(x, listed_x)
                invert(cell, inverse)
            e_new = lattice_energy_at(energy_at, x, cell, kinds, starts, tables, neighbours, gradient, strain)
            done += 1
            state.counts[0] += 1
            if e_new <= energy + ARMIJO * length * slope + NOISE * n:
                accepted = True
                break
            # parabola through both energies and the slope
            cut = -0.5 * slope * length / (e_new - energy - slope * length)
            length *= min(max(cut, SHORTEST_CUT), LONGEST_CUT)
        if not accepted:
            if state.counts[1] == 0:
                return COLLAPSED if not abs(volume) > MIN_VOLUME * n else STUCK
            state.counts[1] = 0
            continue
        _pull_back(gradient, strain, deformation, sigma, g_new)
        _remember(state, d, length, g_new)
        for i in range(trial.shape[0]):
            state.u[i] = trial[i]
            state.g[i] = g_new[i]
        state.numbers[0] = e_new
        _measure(gradient, strain, abs(volume), state.numbers)


STATE = types.NamedTuple([VECTOR, VECTOR, MATRIX, MATRIX, MATRIX, VECTOR, VECTOR, INDICES], State)
LIMITS = types.NamedTuple([types.float64] * 5 + [types.int64], Limits)
DESCEND = types.int64(STATE, INDICES, INDICES, TABLES, LIMITS, types.int64, types.int64, types.int64)
