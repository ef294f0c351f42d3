"""The state of a search between two records, and its form on paper (JSON, every bit kept)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rlcsp_core.actions import CurrentStructure, SearchPoint, Structure
from rlcsp_core.crystal.modular import Assembly, Modular
from rlcsp_core.records import Crystal
from rlcsp_core.search.acceptance import Temperature, cold
from rlcsp_core.search.config import SearchConfig
from rlcsp_core.search.reward import EnergyScale


@dataclass(frozen=True, eq=False)
class State:
    """Where a search stands; the agent and the random generator keep their own state."""

    population: tuple[float, ...]  # eV/atom of the members made so far, NaN where the relaxation failed
    scale: EnergyScale | None  # None until the population is complete
    current: SearchPoint | None
    modular: SearchPoint | None  # the last in modules; the current one where the set has no other actions
    best_energy: float  # eV/atom
    step: int
    since_best: int  # steps since the last new best
    target_step: int | None  # 0: in the initial population
    temperature: Temperature
    elapsed: float  # s, wall clock over all sessions of the run
    cpu: float  # s, CPU time of the process, likewise
    failed: str | None = None  # why the search cannot go on


def start(config: SearchConfig) -> State:
    return State(
        population=(),
        scale=None,
        current=None,
        modular=None,
        best_energy=np.inf,
        step=0,
        since_best=0,
        target_step=None,
        temperature=cold(config),
        elapsed=0.0,
        cpu=0.0,
    )


def pack(state: State) -> dict[str, Any]:
    """JSON-able.  Numbers that JSON lacks are written as null: an unknown energy, one of a failed relaxation."""
    apart = None if state.modular is state.current else state.modular
    return {
        "population": [None if np.isnan(e) else e for e in state.population],
        "scale": None if state.scale is None else list(state.scale),
        "current": None if state.current is None else _pack_point(state.current),
        "modular": None if apart is None else _pack_point(apart),  # only where it is another
        "best_energy": None if state.current is None else state.best_energy,
        "step": state.step,
        "since_best": state.since_best,
        "target_step": state.target_step,
        "temperature": list(state.temperature),
        "elapsed": state.elapsed,
        "cpu": state.cpu,
        "failed": state.failed,
    }


def unpack(packed: dict[str, Any]) -> State:
    current = None if packed["current"] is None else _unpack_point(packed["current"])
    modular = current if packed["modular"] is None else _unpack_point(packed["modular"])
    return State(
        population=tuple(np.nan if e is None else e for e in packed["population"]),
        scale=None if packed["scale"] is None else EnergyScale(*packed["scale"]),
        current=current,
        modular=modular,
        best_energy=np.inf if current is None else packed["best_energy"],
        step=packed["step"],
        since_best=packed["since_best"],
        target_step=packed["target_step"],
        temperature=Temperature(*packed["temperature"]),
        elapsed=packed["elapsed"],
        cpu=packed["cpu"],
        failed=packed["failed"],
    )


def _pack_point(point: SearchPoint) -> dict[str, Any]:
    return {
        "structure": _pack_structure(point.structure.built),
        "relaxed": _pack_crystal(point.structure.relaxed),
        "energy": point.energy,
        "step": point.step,
    }


def _unpack_point(packed: dict[str, Any]) -> SearchPoint:
    structure = CurrentStructure(_unpack_structure(packed["structure"]), _unpack_crystal(packed["relaxed"]))
    return SearchPoint(structure, packed["energy"], packed["step"])


def _pack_structure(structure: Structure) -> dict[str, Any]:
    return pack_modular(structure) if isinstance(structure, Modular) else _pack_crystal(structure)


def _unpack_structure(packed: dict[str, Any]) -> Structure:
    return unpack_modular(packed) if "sites" in packed else _unpack_crystal(packed)


def _pack_crystal(crystal: Crystal) -> dict[str, Any]:
    return {name: getattr(crystal, name).tolist() for name in ("numbers", "positions", "cell")}


def _unpack_crystal(packed: dict[str, Any]) -> Crystal:
    return Crystal(
        numbers=np.array(packed["numbers"], dtype=np.int64),
        positions=np.array(packed["positions"], dtype=np.float64),
        cell=np.array(packed["cell"], dtype=np.float64),
    )


def pack_modular(structure: Modular) -> dict[str, Any]:
    assembly = structure.assembly
    return {
        "kind": assembly.kind,
        "shape": list(assembly.shape),
        "angles": list(assembly.angles),
        "shifts": list(assembly.shifts),
        "sites": structure.sites.ravel().tolist(),
    }


def unpack_modular(packed: dict[str, Any]) -> Modular:
    n_a, n_b, n_c = packed["shape"]
    assembly = Assembly(packed["kind"], (n_a, n_b, n_c), tuple(packed["angles"]), tuple(packed["shifts"]))
    return Modular(assembly, np.array(packed["sites"], dtype=np.int64).reshape(n_c, n_a, n_b, -1))
