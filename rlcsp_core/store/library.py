"""All runs there are: those in the database and those that came with the program, behind one set of questions.

A `Library` answers what a `Store` answers (see there); runs are told apart by their ids, and the experiments that were
shipped carry that word in their names.  It never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from rlcsp_core.errors import StoreError
from rlcsp_core.paths import DATA
from rlcsp_core.records import Array
from rlcsp_core.store import Finding, Reader, Refinement, RunInfo, RunState, Store
from rlcsp_core.store.archive import Archive, archive_paths
from rlcsp_core.store.records import in_order

SHIPPED = DATA / "results"
SUFFIX = (
    " (shipped)"  # tells the results that came with the program from the user's own of the same experiment
)


def archives_in(folder: Path = SHIPPED) -> tuple[dict[str, Archive], list[str]]:
    """Exported experiments by name, and what is wrong with those that cannot be read."""
    found, problems = {}, []
    for path in archive_paths(folder):
        try:
            archive = Archive(path, SUFFIX)
            found[archive.experiment or path.stem] = archive
        except StoreError as error:
            problems.append(str(error))
    return found, problems


Question = TypeVar("Question", bound=Callable[..., Any])


def at_home(question: Question) -> Question:
    """The same, asked where the run is kept."""

    @wraps(question)
    def asked(library: Library, run_id: str, *args: Any, **options: Any) -> Any:
        return getattr(library.home(run_id), question.__name__)(run_id, *args, **options)

    return cast(Question, asked)


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

    def home(self, run_id: str) -> Reader:
        return next((archive for archive in self.archives.values() if run_id in archive), self.store)

    def _homes(self, run_ids: Sequence[str]) -> list[tuple[Reader, list[str]]]:
        """Each with its runs among these."""
        homes: dict[int, tuple[Reader, list[str]]] = {}
        for run_id in run_ids:
            home = self.home(run_id)
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
        return self.archives[experiment].runs(limit, states=states, oldest_first=oldest_first)

    def series(self, run_ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Array]]:
        found: dict[str, dict[str, Array]] = {}
        for home, ids in self._homes(run_ids):
            found |= home.series(ids, columns)
        return {run_id: found[run_id] for run_id in run_ids}

    def lowest(self, run_ids: Sequence[str], limit: int) -> list[Finding]:
        found = [each for home, ids in self._homes(run_ids) for each in home.lowest(ids, limit)]
        return sorted(found, key=lambda each: each.energy)[:limit]

    def refinements(self, run_ids: Sequence[str], model: str | None = None) -> list[Refinement]:
        """Shipped ones, and those of the database, which holds them for shipped runs too."""
        here = self.store.refinements(run_ids, model)
        mine = {(each.key, each.model) for each in here}
        shipped = [
            each
            for home, ids in self._homes(run_ids)
            if home is not self.store
            for each in home.refinements(ids, model)
            if (each.key, each.model) not in mine
        ]
        return sorted([*here, *shipped], key=in_order)

    run = at_home(Reader.run)
    steps = at_home(Reader.steps)
    overview = at_home(Reader.overview)
    population = at_home(Reader.population)
    updates = at_home(Reader.updates)
    checkpoint = at_home(Reader.checkpoint)
    structures = at_home(Reader.structures)
    structure = at_home(Reader.structure)
    thinned = at_home(Reader.thinned)
