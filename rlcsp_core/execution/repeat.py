"""Run a stored run again and compare: the same configuration must give the same records, bit for bit.

Times differ and are not compared.  A run made by other versions or on another kind of processor may differ in the last
bits, and soon in everything; the versions that differ are named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rlcsp_core.execution.running import Notify, nobody
from rlcsp_core.execution.versions import versions
from rlcsp_core.records import PopulationRecord, SearchRecord, StepRecord
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import PopulationTable, RunInfo, StepTable, Store


class Repetition(NamedTuple):
    """What came of running a run again."""

    members: int  # of the population, compared
    steps: int  # compared
    difference: str | None  # where the records first differ; None: nowhere
    versions: dict[str, tuple[str, str]]  # that differ: then and now

    @property
    def identical(self) -> bool:
        return self.difference is None


def repeat(store: Store, run_id: str, notify: Notify = nobody) -> Repetition:
    """As far as the run is stored, or to the first difference."""
    from rlcsp_core.search import Search

    run = store.run(run_id)
    search = Search(SearchConfig.from_dict(run.config))
    members, steps = store.population(run_id), store.steps(run_id)
    compared = [0, 0]
    for record in search:
        same = comparison(record, members, steps)
        if same is None:
            break
        notify(record)
        if (name := same()) is not None:
            return Repetition(compared[0], compared[1], f"{place(record)}: {name}", differing_versions(run))
        compared[isinstance(record, StepRecord)] += 1
    lacking = None
    if compared != [len(members), len(steps)]:
        lacking = f"the repetition ended after {compared[0]} members and {compared[1]} steps"
    return Repetition(compared[0], compared[1], lacking, differing_versions(run))


def comparison(
    record: SearchRecord, members: PopulationTable, steps: StepTable
) -> Callable[[], str | None] | None:
    """Gives the first column that differs; None where the stored run has no such record."""
    if isinstance(record, PopulationRecord) and record.index < len(members):
        return lambda: first_difference(record, members, record.index)
    if isinstance(record, StepRecord) and record.step <= len(steps):
        return lambda: first_difference(record, steps, record.step - 1)
    return None


def first_difference(record: SearchRecord, table: PopulationTable | StepTable, row: int) -> str | None:
    fields = [field.name for field in table.fields() if not field.measured]
    return next((name for name in fields if not same(getattr(record, name), getattr(table, name)[row])), None)


def same(value: object, stored: object) -> bool:
    """Bit for bit; no energy is no energy, whether it is None or NaN."""
    if value is None:
        return stored is None or bool(np.isnan(np.float64(stored)))  # type: ignore[arg-type]
    if isinstance(value, str):
        return value == stored
    return np.asarray(value).tobytes() == np.asarray(stored, dtype=np.asarray(value).dtype).tobytes()


def place(record: SearchRecord) -> str:
    if isinstance(record, StepRecord):
        return f"step {record.step}"
    return f"member {record.index} of the population" if isinstance(record, PopulationRecord) else "the end"


def differing_versions(run: RunInfo) -> dict[str, tuple[str, str]]:
    now = versions()
    return {
        name: (then, now.get(name, "none")) for name, then in run.versions.items() if then != now.get(name)
    }
