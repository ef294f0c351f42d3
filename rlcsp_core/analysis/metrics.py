"""What is measured on one run, as defined by the report (Davis, Pariseau, Manon 2024, section 2.4) and RL-CSP.

    moves sequence       attempts per step until a sound trial exists
    generation sequence  lengths of the runs in which the energy of successive trials does not rise; a run counts when
                         a rise ends it, so (5, 4, 3, 2, 5) gives (4) and what the search was doing last is left out
    energy sequence      energies of successive trials, consecutive repeats dropped
    local minima         the last value of the energy sequence before each rise
    steps to target      first step at the target; censored at the last step of a run that did not reach it

A step whose relaxation failed has no energy.  It neither continues nor ends a run of falling energies:
sequences of energies are those of the steps that have one.  Energies closer than SAME_ENERGY are the same.
Energies in eV/atom, times in seconds.  Shapes: T steps, K entries of a sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from rlcsp_core.analysis.curves import RunCurve
from rlcsp_core.once import once
from rlcsp_core.records import SAME_ENERGY, TARGET_TOLERANCE, Array, IntArray
from rlcsp_core.settings import entry


class EnergySequence(NamedTuple):
    """Energies with the steps they belong to."""

    step: IntArray  # [K] from 1
    energy: Array  # [K] eV/atom


class BestSoFar(NamedTuple):
    """Lowest energy known, from the initial population (step 0) on; nan until there is one."""

    step: IntArray  # [T + 1]
    elapsed: Array  # [T + 1] s
    energy: Array  # [T + 1] eV/atom


class StepsToTarget(NamedTuple):
    """When the target was reached, or for how long it was not."""

    steps: int  # 0: in the initial population; the last step where it was not reached
    seconds: float
    reached: bool


def nonzero_retries(attempts: IntArray) -> IntArray:
    """Trials beyond the first, leaving out the steps that needed none."""
    return attempts[attempts > 1] - 1


class MovesConvention(NamedTuple):
    """One way to count moves."""

    label: str
    of: Callable[[IntArray], IntArray]


MOVES_CONVENTIONS: Mapping[str, MovesConvention] = {
    "attempts": MovesConvention("attempts per step", lambda attempts: attempts),
    "report": MovesConvention("retries per step, zeros left out (as in the report)", nonzero_retries),
}


def moves_sequence(curve: RunCurve, convention: str = "attempts") -> IntArray:
    """Moves in each step [K], by one of `MOVES_CONVENTIONS`."""
    return entry(MOVES_CONVENTIONS, convention, "convention for moves").of(curve.attempts)


def generation_sequence(energies: Array) -> IntArray:
    """Lengths [K] of the runs without a rise that a rise has ended; energies [T], nan skipped."""
    valid = energies[~np.isnan(energies)]
    last_before_rise = np.flatnonzero(np.diff(valid) > SAME_ENERGY)
    return np.diff(last_before_rise, prepend=-1).astype(np.int64)


def energy_sequence(energies: Array) -> EnergySequence:
    """Energies of successive trials without consecutive repeats; energies [T], nan skipped."""
    index = np.flatnonzero(~np.isnan(energies))
    valid = energies[index]
    changed = np.abs(np.diff(valid, prepend=np.inf)) > SAME_ENERGY
    return EnergySequence(index[changed] + 1, valid[changed])


@once
def generations(curve: RunCurve) -> IntArray:
    """Generation sequence [K] of a run."""
    return generation_sequence(curve.energies)


@once
def minima(curve: RunCurve) -> EnergySequence:
    """Local minima of the energy sequence of a run."""
    return local_minima(energy_sequence(curve.energies))


def local_minima(sequence: EnergySequence) -> EnergySequence:
    """The entries that are followed by a rise."""
    before_rise = np.flatnonzero(np.diff(sequence.energy) > 0)
    return EnergySequence(sequence.step[before_rise], sequence.energy[before_rise])


@once
def best_so_far(curve: RunCurve) -> BestSoFar:
    """Running minimum over the initial population and the trials."""
    energies = np.concatenate([[_lowest(curve.initial_energies)], curve.energies])
    return BestSoFar(
        step=np.arange(len(energies)),
        elapsed=np.concatenate([[curve.initial_elapsed], curve.elapsed]),
        energy=np.fmin.accumulate(energies),
    )


def lowest_energy(curve: RunCurve) -> float | None:
    """Of all relaxed structures of the run, the initial population included."""
    return _number(best_so_far(curve).energy[-1])


def energy_drop(curve: RunCurve) -> float | None:
    """By how much the search went below the lowest of its initial population; 0 where it did not."""
    return _number(_lowest(curve.initial_energies) - best_so_far(curve).energy[-1])


@once
def steps_to_target(curve: RunCurve) -> StepsToTarget | None:
    """First step at most `TARGET_TOLERANCE` above the target; None without a target."""
    if curve.target is None:
        return None
    best = best_so_far(curve)
    hits = np.flatnonzero(best.energy <= curve.target + TARGET_TOLERANCE)
    step = int(hits[0]) if len(hits) else curve.n_steps
    return StepsToTarget(step, float(best.elapsed[step]), bool(len(hits)))


def _lowest(energies: Array) -> float:
    """Minimum of those that are numbers; nan where none is."""
    return float(np.fmin.reduce(energies, initial=np.nan))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
