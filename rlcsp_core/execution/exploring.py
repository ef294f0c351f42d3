"""A phase field explored: searched, its lowest minima relaxed again, and searched longer where the hull is in doubt.

The database knows what is done: killed at any point and started again, it goes on where it was.  What a round searches
follows from the runs of the rounds before it, so it is the same whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from math import inf
from pathlib import Path

from rlcsp_core.analysis.distinct import Group
from rlcsp_core.analysis.phase_field import FieldPoint, phase_field, same_minimum
from rlcsp_core.analysis.phase_field_definition import FieldDefinition
from rlcsp_core.analysis.phase_field_next import search_next
from rlcsp_core.analysis.second_look import distinct_minima
from rlcsp_core.execution.experiment import Batch
from rlcsp_core.execution.field_file import Field
from rlcsp_core.execution.refining import Begun, relax_all, unrefined
from rlcsp_core.execution.running import Halt
from rlcsp_core.store import ENDED, Finding, Reader, RunInfo, Store
from rlcsp_core.store.export import export_minima

WORTH = 0.1  # eV/atom above a hull within which more than the lowest minimum is relaxed again
CarryOut = Callable[[Batch], bool]  # False where it was interrupted


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
    """The lowest minimum of every composition, then more of those that are not far above a hull.

    The model may lift what is lowest on ions, or lower what is not, but not by any amount."""
    runs = runs_until(store, field, number)
    for top, most in ((1, inf), (field.top, WORTH)):
        found = phase_field(store, field.definition, runs)
        chosen = [point for point in found.points if point.runs and lowest_above(point) <= most]
        chosen.sort(key=lowest_above)  # what matters most is done first
        groups = ranked(store, [point.runs for point in chosen], top, halt)
        ids = [run_id for point in chosen for run_id in point.runs]
        relax_all(store, store, groups, unrefined(store, groups, ids, model), model, halt, notify)
        if halt.asked:
            return


def lowest_above(point: FieldPoint) -> float:
    """eV/atom above the nearest of the hulls; 0 where there is none."""
    return min((hull.above for hull in point.hulls.values()), default=0.0)


def ranked(store: Store, runs: Sequence[Sequence[str]], top: int, halt: Halt) -> list[Group[Finding]]:
    """The lowest distinct minima of each composition, the first of all before the second of any."""
    lowest: list[list[Group[Finding]]] = []
    for run_ids in runs:
        if halt.asked:
            return []
        lowest.append(distinct_minima(store, run_ids, top))
    return [group for rank in zip_longest(*lowest) for group in rank if group is not None]


def export_field(reader: Reader, definition: FieldDefinition, path: Path) -> None:
    """What shows the field without its runs: how they ended, and the structures of its hulls, by every energy."""
    runs = reader.runs(experiment=definition.name, oldest_first=True)
    ended = [run for run in runs if run.state in ENDED]
    field = phase_field(reader, definition, ended)
    ids = [run_id for point in field.points for run_id in point.runs]
    keys = {each.key for each in reader.refinements(ids)}
    for point in field.points:
        for key in point.lowest.values():
            # and one of each search that found it, so that these can be counted
            found = {each.run_id: each.key for each in same_minimum(reader, point.runs, key)}
            keys |= {key, *found.values()}
    export_minima(reader, [run for run in ended if run.id in set(ids)], keys, path)
