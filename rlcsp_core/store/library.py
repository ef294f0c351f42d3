"""All runs there are: those in the database and those that came with the program, behind one set of questions.

A `Library` answers what a `Store` answers (see there); runs are told apart by their ids, and the experiments that were
shipped carry that word in their names.  It never writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from rlcsp_core.errors import StoreError
from rlcsp_core.paths import DATA
from rlcsp_core.records import Array, Crystal
from rlcsp_core.store import Finding, Reader, RunInfo, RunState, Source, Store, StructureInfo
from rlcsp_core.store.archive import Archive
from rlcsp_core.store.parquet import folders
from rlcsp_core.tables import PopulationTable, StepTable, UpdateTable

SHIPPED = DATA / "results"


def archives_in(folder: Path = SHIPPED) -> tuple[dict[str, Archive], list[str]]:
    """Exported experiments by name, and what is wrong with those that cannot be read."""
    found, problems = {}, []
    for each in folders(folder):
        try:
            archive = Archive(each)
            found[archive.name] = archive
        except StoreError as error:
            problems.append(str(error))
    return found, problems


class Library(Reader):
    """Database and shipped results; open one for a program and keep it."""

    def __init__(self, store: Store, folder: Path = SHIPPED) -> None:
        self.store, self.folder = store, folder
        self.problems: list[str] = []  # folders that could not be read

    @property
    def url(self) -> str:
        """Of the database; for keys of caches."""
        return self.store.url

    @cached_property
    def archives(self) -> dict[str, Archive]:
        """Shipped experiments by name."""
        found, self.problems = archives_in(self.folder)
        return found

    def _home(self, run_id: str) -> Reader:
        return next((archive for archive in self.archives.values() if run_id in archive), self.store)

    def _homes(self, run_ids: Sequence[str]) -> list[tuple[Reader, list[str]]]:
        """Each with its runs among these."""
        homes: dict[int, tuple[Reader, list[str]]] = {}
        for run_id in run_ids:
            home = self._home(run_id)
            homes.setdefault(id(home), (home, []))[1].append(run_id)
        return list(homes.values())

    def experiments(self) -> dict[str, int]:
        """Names with numbers of runs, the shipped ones first."""
        return {**{name: len(a.runs()) for name, a in self.archives.items()}, **self.store.experiments()}

    def runs(
        self,
        limit: int | None = None,
        *,
        states: Sequence[RunState] | None = None,
        experiment: str | None = None,
        oldest_first: bool = False,
    ) -> list[RunInfo]:
        """Those of the database; those of a shipped experiment where one is named."""
        if experiment not in self.archives:
            return self.store.runs(limit, states=states, experiment=experiment, oldest_first=oldest_first)
        runs = [run for run in self.archives[experiment].runs() if states is None or run.state in states]
        return (runs[::-1] if oldest_first else runs)[:limit]

    def run(self, run_id: str) -> RunInfo:
        return self._home(run_id).run(run_id)

    def steps(self, run_id: str, after: int = 0, until: int | None = None) -> StepTable:
        return self._home(run_id).steps(run_id, after, until)

    def overview(self, run_id: str, max_points: int = 2000) -> StepTable:
        return self._home(run_id).overview(run_id, max_points)

    def series(self, run_ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Array]]:
        found: dict[str, dict[str, Array]] = {}
        for home, ids in self._homes(run_ids):
            found |= home.series(ids, columns)
        return {run_id: found[run_id] for run_id in run_ids}

    def population(self, run_id: str) -> PopulationTable:
        return self._home(run_id).population(run_id)

    def updates(self, run_id: str, after: int = 0) -> UpdateTable:
        return self._home(run_id).updates(run_id, after)

    def structures(self, run_id: str, source: Source | None = None) -> list[StructureInfo]:
        return self._home(run_id).structures(run_id, source)

    def lowest(self, run_ids: Sequence[str], limit: int) -> list[Finding]:
        found = [each for home, ids in self._homes(run_ids) for each in home.lowest(ids, limit)]
        return sorted(found, key=lambda each: each.energy)[:limit]

    def structure(
        self, run_id: str, number: int, *, source: Source = Source.STEP, relaxed: bool = True
    ) -> Crystal:
        return self._home(run_id).structure(run_id, number, source=source, relaxed=relaxed)
