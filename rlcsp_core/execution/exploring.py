"""A phase field explored: searched, its lowest minima relaxed again, and searched longer where the hull is in doubt.

The database knows what is done: killed at any point and started again, it goes on where it was.  What a round searches
follows from the runs of the rounds before it, so it is the same whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from pathlib import Path

from rlcsp_core.analysis.distinct import Group
from rlcsp_core.analysis.phase_field import PhaseField, phase_field, search_next
from rlcsp_core.analysis.second_look import distinct_minima
from rlcsp_core.execution.field_file import Field, Round
from rlcsp_core.execution.refining import Begun, relax_all, unrefined
from rlcsp_core.execution.running import Halt
from rlcsp_core.store import Finding, Reader, RunInfo, Store
from rlcsp_core.store.export import export_minima

CarryOut = Callable[[Round], bool]  # False where it was interrupted


def explore(
    store: Store, field: Field, carry_out: CarryOut, halt: Halt, model: str | None, notify: Begun
) -> None:
    """All rounds of it; `model` relaxes again, None where it is not installed or not wanted."""
    store.keep_field(field.definition.name, field.definition.as_dict())
    for number in range(1, field.rounds + 1):
        formulas = formulas_of(store, field, number)
        if formulas and not carry_out(field.round(number, formulas)):
            return
        if model is not None:
            relax_lowest(store, field, number, model, halt, notify)
        if halt.asked:
            return


def formulas_of(store: Store, field: Field, number: int) -> list[str]:
    """What round `number` searches: all compositions, later those that are in doubt."""
    if number == 1:
        return list(field.configs)
    before = phase_field(store, field.definition, runs_until(store, field, number - 1))
    doubtful = {each.point.formula for each in search_next(before)}
    return [formula for formula in field.configs if formula in doubtful]


def runs_until(store: Store, field: Field, number: int) -> list[RunInfo]:
    """Those of the rounds 1 … number."""
    seeds = {seed for k in range(1, number + 1) for seed in field.seeds_of(k)}
    runs = store.runs(experiment=field.definition.name, oldest_first=True)
    return [run for run in runs if run.seed in seeds]


def relax_lowest(store: Store, field: Field, number: int, model: str, halt: Halt, notify: Begun) -> None:
    """The lowest minima of each composition, the first of all before the second of any: a hull is there soon."""
    found = phase_field(store, field.definition, runs_until(store, field, number))
    lowest: list[Sequence[Group[Finding]]] = []
    ids = [list(point.runs) for point in found.points]
    for run_ids in ids:
        if halt.asked:
            return
        lowest.append(distinct_minima(store, run_ids, field.top) if run_ids else [])
    groups = [group for group in chain.from_iterable(zip_longest(*lowest)) if group is not None]
    relax_all(store, store, groups, unrefined(store, groups, list(chain(*ids)), model), model, halt, notify)


def export_field(reader: Reader, field: PhaseField, path: Path) -> None:
    """What shows the field without its runs: how they ended, and the structures of its hulls, by every energy."""
    ids = [run_id for point in field.points for run_id in point.runs]
    best = {point.best for point in field.points if point.best is not None}
    keys = best | {each.key for each in reader.refinements(ids)}
    export_minima(reader, [reader.run(run_id) for run_id in ids], keys, path)
