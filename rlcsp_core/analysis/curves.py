"""One run as arrays, and runs put together by label.

Energies are in eV/atom, times in seconds, and NaN stands for a relaxation that failed.  Failed steps count
as steps, attempts and time; sequences of energies skip them.  Shapes: T steps, P members of the initial
population.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, IntArray
from rlcsp_core.search.config import energy_source


@dataclass(frozen=True, eq=False)
class RunCurve:
    """What the measures of this package need to know of a run."""

    run_id: str
    label: str  # runs with one label are repeats of one experiment: "PPO + B2"
    energies: Array  # [T] eV/atom, of every trial in order; nan where the relaxation failed
    attempts: IntArray  # [T] trials built until one was sound
    elapsed: Array  # [T] s since the start of the run
    initial_energies: Array  # [P] eV/atom; nan where the relaxation failed
    initial_elapsed: float = 0.0  # s, when the initial population was complete
    composition: str = ""
    target: float | None = None  # eV/atom; None: the run had none
    seed: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # may be nested
    experiment: str | None = None
    cpu: Array | None = None  # [T] s of CPU time since the start; None or nan where it was not recorded

    def __post_init__(self) -> None:
        if not len(self.energies) == len(self.attempts) == len(self.elapsed):
            raise ValueError(
                f"run {self.run_id}: {len(self.energies)} energies, {len(self.attempts)} attempts and "
                f"{len(self.elapsed)} times; there must be one of each a step"
            )

    @property
    def n_steps(self) -> int:
        return len(self.energies)

    @property
    def n_failed(self) -> int:
        """Steps whose relaxation failed."""
        return int(np.isnan(self.energies).sum())


Groups = Mapping[str, tuple[RunCurve, ...]]


def grouped(curves: Iterable[RunCurve]) -> Groups:
    """Runs by label, in order of appearance; refuses runs that were after different things."""
    groups: dict[str, list[RunCurve]] = {}
    for curve in curves:
        groups.setdefault(curve.label, []).append(curve)
    check_same_task([curve for group in groups.values() for curve in group])
    return {label: tuple(group) for label, group in groups.items()}


def check_same_task(curves: Iterable[RunCurve]) -> None:
    """Runs may be pooled or compared where composition, target and potential are the same."""
    tasks = {
        (curve.composition, curve.target, energy_source(curve.settings)): curve.run_id for curve in curves
    }
    if len(tasks) > 1:
        named = "; ".join(f"{_task(*task)} (run {run_id})" for task, run_id in tasks.items())
        raise ConfigError(
            f"runs with different targets or potentials cannot be pooled: {named}. "
            "Choose runs of one composition, one target and one potential."
        )


def _task(composition: str, target: float | None, source: str) -> str:
    goal = "no target" if target is None else f"target {target:.6f} eV/atom"
    return f"{composition or 'unnamed composition'} with {goal}, {source}"
