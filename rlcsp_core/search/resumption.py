"""Whether a checkpoint is one of this run: asked before the first record is made from it.

A checkpoint comes from a database or an archive and may be damaged or made up.  It is taken up only if what was taken
up packs to the same text again (so nothing was missing, of another type, or silently put right), if it stands where the
stored history ends, and if its structures hold the atoms of the run's composition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from rlcsp_core.actions import SearchPoint
from rlcsp_core.crystal.composition import Composition
from rlcsp_core.crystal.modular import SHIFTS, SITES, Modular, build
from rlcsp_core.errors import CheckpointError
from rlcsp_core.records import Crystal
from rlcsp_core.scale import EnergyScale, energy_scale
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.state import State

SMALLEST_VOLUME = 1e-3  # Å³ per atom
SAME_SCALE = 1e-6  # relative
SHARED = "theta"  # of an agent: others may have taken it further since


def records_out(checkpoint: Mapping[str, Any], config: SearchConfig, n_energies: int) -> int:
    """How many records of the round that the checkpoint begins are stored already."""
    out = checkpoint.get("out", 0)
    if type(out) is not int or not 0 <= out < config.parallel or out > n_energies:
        raise refusal(f"{out!r} trials of its round are said to be settled")
    return out


def check_taken_up(given: Mapping[str, Any], again: Mapping[str, Any]) -> None:
    """`again` is the checkpoint of the search that `given` led to."""
    for part in ("state", "generator", "agent"):
        for name, value in given[part].items():
            if (part, name) != ("agent", SHARED) and _text(again[part].get(name)) != _text(value):
                raise refusal(f"its {name} cannot be taken up")
    theta, other = (np.shape(c["agent"].get(SHARED, 0.0)) for c in (given, again))
    if theta != other:
        raise refusal(f"its θ is {theta}, not {other}")


def check_state(state: State, config: SearchConfig, composition: Composition, n_energies: int) -> None:
    if len(state.population) + state.step != n_energies or min(state.step, state.since_best) < 0:
        raise refusal(
            f"it stands at member {len(state.population)} and step {state.step}, but {n_energies} trials are stored"
        )
    if not 0 < state.temperature.kT < np.inf:
        raise refusal("its temperature is none")
    if not (0 <= state.elapsed < np.inf and 0 <= state.cpu < np.inf):
        raise refusal("its clock is none")
    if (state.scale is not None) != (
        len(state.population) >= config.population and state.current is not None
    ):
        raise refusal("its population and its energy scale do not belong together")
    if state.scale is not None and not is_scale_of(state.scale, state.population):
        raise refusal("its energy scale is not that of its population")
    for point in (state.current, state.modular):
        if point is not None:
            check_point(point, state, config, composition)


def is_scale_of(scale: EnergyScale, population: Sequence[float]) -> bool:
    """Up to roundings of another machine; of an arbitrary one, 1e-320 say, no policy can be computed."""
    energies = np.array(population)
    return bool((~np.isnan(energies)).any() and np.allclose(scale, energy_scale(energies), SAME_SCALE, 0.0))


def check_point(point: SearchPoint, state: State, config: SearchConfig, composition: Composition) -> None:
    if not (isfinite(point.energy) and 0 <= point.step <= state.step):
        raise refusal(f"it stands on a structure of step {point.step} and energy {point.energy}")
    check_crystal(point.structure.relaxed, config, composition)
    check_structure(point.structure.built, point.structure.relaxed, config, composition)


def check_structure(
    structure: Modular | Crystal, relaxed: Crystal, config: SearchConfig, composition: Composition
) -> None:
    if isinstance(structure, Modular):
        assembly = structure.assembly
        (n_a, n_b, n_c), shifts = assembly.shape, assembly.shifts
        good = len(shifts) == n_c and all(s in range(len(SHIFTS)) for s in shifts)
        if not good or structure.sites.shape != (n_c, n_a, n_b, SITES) or structure.sites.min() < 0:
            raise refusal("its modules are damaged")
        structure = build(structure, composition)
    check_crystal(structure, config, composition)
    if sorted(structure.numbers) != sorted(relaxed.numbers):
        raise refusal("its structure has other atoms before and after relaxing")


def check_crystal(crystal: Crystal, config: SearchConfig, composition: Composition) -> None:
    n = crystal.n_atoms
    if crystal.positions.shape != (n, 3) or crystal.cell.shape != (3, 3) or not 0 < n <= config.max_atoms:
        raise refusal(f"its structure of {n} atoms is damaged")
    if not (np.isfinite(crystal.positions).all() and crystal.volume > SMALLEST_VOLUME * n):
        raise refusal("its structure has no volume or atoms that are nowhere")
    units = n / composition.n_atoms
    for ion, count in zip(composition.ions, composition.counts, strict=True):
        if np.count_nonzero(crystal.numbers == ion.number) != count * units:
            raise refusal(f"its structure is not {composition.formula}")


def refusal(why: str) -> CheckpointError:
    return CheckpointError(f"the checkpoint is not one of this run: {why}; run the configuration anew")


def _text(value: object) -> str:
    return json.dumps(value)
