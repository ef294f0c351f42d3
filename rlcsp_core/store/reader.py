"""What can be asked of runs, wherever they are kept: in a database, in exported files, or in both together.

Analysis, charts and pages read through a `Reader` and never ask which one it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import Array, Crystal
from rlcsp_core.store.records import (
    Finding,
    Refinement,
    RunInfo,
    RunState,
    Source,
    StructureInfo,
    StructureKey,
)
from rlcsp_core.tables import PopulationTable, StepTable, UpdateTable

ANCESTRY = ("step", "action", "energy", "accepted", "parent", "n_atoms")


class Reader(Protocol):
    """Each kind answers the upper questions; the lower ones follow from them."""

    @property
    def url(self) -> str:
        """Tells one reader from another, as in the key of a cache; may hold a password."""
        ...

    def experiments(self) -> dict[str, int]:
        """Names of experiments with their numbers of runs."""
        ...

    def runs(
        self,
        limit: int | None = None,
        *,
        states: Sequence[RunState] | None = None,
        experiment: str | None = None,
        oldest_first: bool = False,
    ) -> list[RunInfo]:
        """The newest first, unless asked otherwise."""
        ...

    def run(self, run_id: str) -> RunInfo: ...

    def steps(self, run_id: str, after: int = 0, until: int | None = None) -> StepTable:
        """Steps with after < step ≤ until; `after` the last one seen gives what is new."""
        ...

    def overview(self, run_id: str, max_points: int = 2000) -> StepTable:
        """Every k-th step and the last, at most `max_points` + 1; all steps of a run that is short enough."""
        ...

    def series(self, run_ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Array]]:
        """Some columns of all steps of many runs, as floats: {run: {column: [T]}}; booleans are 0 and 1."""
        ...

    def population(self, run_id: str) -> PopulationTable: ...

    def updates(self, run_id: str, after: int = 0) -> UpdateTable:
        """Learning updates at steps > after."""
        ...

    def thinned(self, run_id: str) -> bool:
        """Whether what is read of the run is rounded and thinned to what pages show."""
        ...

    def checkpoint(self, run_id: str) -> dict[str, Any] | None:
        """Where an unfinished run can go on."""
        ...

    def structures(
        self, run_id: str, source: Source | None = None, number: int | None = None
    ) -> list[StructureInfo]:
        """What `structure` can give: members of the population, accepted steps, every new best."""
        ...

    def structure(
        self, run_id: str, number: int, *, source: Source = Source.STEP, relaxed: bool = True
    ) -> Crystal: ...

    def lowest(self, run_ids: Sequence[str], limit: int) -> list[Finding]:
        """The relaxed structures of lowest energy that these runs have kept, the lowest first."""
        ...

    def refinements(self, run_ids: Sequence[str], model: str | None = None) -> list[Refinement]:
        """What a second model, or any, says of structures of these runs; the lowest first, failed ones last."""
        ...

    # What follows

    def crystal(self, found: StructureKey | Finding) -> Crystal:
        """As the search relaxed it."""
        return self.structure(found.run_id, found.number, source=found.source)

    def best_structure(self, run_id: str) -> tuple[StructureInfo, Crystal] | None:
        """None as long as no trial has an energy."""
        step = self.run(run_id).best_step
        if step is None:
            return None
        kept = self.structures(run_id, Source.STEP, step) or self.structures(run_id, Source.POPULATION)
        best = min((i for i in kept if i.relaxed and i.energy is not None), key=_energy, default=None)
        return None if best is None else (best, self.structure(run_id, best.number, source=best.source))

    def kept(self, run_id: str, number: int, source: Source = Source.STEP) -> StructureInfo:
        """One relaxed structure, without its atoms."""
        for info in self.structures(run_id, source, number):
            if info.relaxed:
                return info
        raise NotFoundError(
            f"run {run_id} kept no structure of {source} {number}: only accepted steps and new bests are kept"
        )

    def ancestry(self, run_id: str, until: int) -> dict[str, Array]:
        """Steps ≤ until, which others may descend from: {column of ANCESTRY: [K]}."""
        columns = self.series([run_id], ANCESTRY)[run_id]
        return {name: values[columns["step"] <= until] for name, values in columns.items()}


def _energy(info: StructureInfo) -> float:
    assert info.energy is not None  # relaxed
    return info.energy
