"""The state of a search between two records in its form on paper: JSON, every bit kept."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

import numpy as np

from rlcsp_core.actions import CurrentStructure, SearchPoint, Structure
from rlcsp_core.crystal.modular import Assembly, Modular
from rlcsp_core.records import Crystal
from rlcsp_core.scale import EnergyScale
from rlcsp_core.search.acceptance import Temperature
from rlcsp_core.search.state import State


def pack(state: State) -> dict[str, Any]:
    """JSON-able.  Numbers that JSON lacks are written as null: an unknown energy, one of a failed relaxation."""
    fields = {name: getattr(state, name) for name in State.__dataclass_fields__}
    if state.modular is state.current:
        del fields["modular"]  # written only where it is another
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if is_dataclass(value):
        return {name: _plain(part) for name, part in vars(value).items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def unpack(packed: dict[str, Any]) -> State:
    """Inverse of `pack`.  What is damaged raises something, or does not pack to the same again."""
    current = None if packed["current"] is None else _point(packed["current"])
    return State(
        temperature=Temperature(*_numbers(packed["temperature"], (float, int, bool))),
        population=tuple(np.nan if e is None else float(e) for e in packed["population"]),
        scale=None if packed["scale"] is None else EnergyScale(*_numbers(packed["scale"], (float, float))),
        current=current,
        modular=_point(packed["modular"]) if "modular" in packed else current,
        best_energy=np.inf if current is None else float(packed["best_energy"]),
        step=int(packed["step"]),
        since_best=int(packed["since_best"]),
        target_step=None if packed["target_step"] is None else int(packed["target_step"]),
        elapsed=float(packed["elapsed"]),
        cpu=float(packed["cpu"]),
        failed=None if packed["failed"] is None else str(packed["failed"]),
    )


def _numbers(packed: list[Any], kinds: tuple[type, ...]) -> list[Any]:
    return [kind(value) for kind, value in zip(kinds, packed, strict=True)]


def _point(packed: list[Any]) -> SearchPoint:
    (built, relaxed), energy, step = packed
    return SearchPoint(CurrentStructure(_structure(built), _crystal(relaxed)), float(energy), int(step))


def _structure(packed: dict[str, Any]) -> Structure:
    if "assembly" not in packed:
        return _crystal(packed)
    parts: dict[str, Any] = {
        name: tuple(part) if isinstance(part, list) else part for name, part in packed["assembly"].items()
    }
    return Modular(Assembly(**parts), np.array(packed["sites"], dtype=np.int64))


def _crystal(packed: dict[str, Any]) -> Crystal:
    return Crystal(
        numbers=np.array(packed["numbers"], dtype=np.int64),
        positions=np.array(packed["positions"], dtype=np.float64),
        cell=np.array(packed["cell"], dtype=np.float64),
    )
