"""The lowest distinct minima of runs, relaxed again by a machine-learned potential, one after the other.

Each is stored as soon as it is done, with its reason where it has no energy, and is not done again: a process that was
killed loses the relaxation it was at, and the next one goes on with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from rlcsp_core.analysis.distinct import Group
from rlcsp_core.analysis.second_look import distinct_minima, refinement_of
from rlcsp_core.execution.running import RETRY, Halt
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import calculator_named, relax_again, version_of
from rlcsp_core.store import Finding, Reader, Refinement, Store, UnavailableError

Begun = Callable[[int, int], None]  # is told how many of how many are done


def refine(
    store: Store,
    reader: Reader,
    run_ids: Sequence[str],
    model: str,
    top: int,
    halt: Halt,
    notify: Begun = lambda _done, _wanted: None,
) -> list[Group[Finding]]:
    """The minima, relaxed by the model unless `halt` came before; `reader` gives structures, `store` takes them."""
    groups = distinct_minima(reader, run_ids, top)
    relax_all(store, reader, groups, unrefined(reader, groups, run_ids, model), model, halt, notify)
    return groups


def relax_all(
    store: Store,
    reader: Reader,
    groups: Sequence[Group[Finding]],
    waiting: Sequence[Finding],
    model: str,
    halt: Halt,
    notify: Begun,
) -> None:
    """Those of the groups that wait, in this order."""
    notify(len(groups) - len(waiting), len(groups))
    if not waiting:
        return
    calculator = calculator_named(model)
    for done, found in enumerate(waiting, start=len(groups) - len(waiting) + 1):
        crystal = reader.crystal(found)
        made = refined(found, crystal, calculator, model, halt)
        if made is None:
            return
        _keep(store, made, halt)
        notify(done, len(groups))


def unrefined(
    store: Reader, groups: Sequence[Group[Finding]], run_ids: Sequence[str], model: str
) -> list[Finding]:
    """One of each group of which the model has seen none: the smallest, for its time grows with the cell."""
    made = {each.key: each for each in store.refinements(run_ids, model)}
    return [smallest(group) for group in groups if refinement_of(group, made) is None]


def smallest(group: Group[Finding]) -> Finding:
    """Of the fewest atoms, the lowest of these: all are one structure."""
    return min(group.members, key=lambda found: (found.n_atoms, found.energy))


def refined(found: Finding, crystal: Crystal, calculator: Any, model: str, halt: Halt) -> Refinement | None:
    """None where it was told to stop before it was done."""
    outcome = relax_again(crystal, calculator, lambda _: "stopped" if halt.asked else None)
    if halt.asked and outcome.reason is not None:
        return None
    return Refinement(
        key=found.key,
        model=model,
        version=version_of(model),
        energy=outcome.energy,
        reason=outcome.reason,
        evaluations=outcome.evaluations,
        seconds=outcome.seconds,
        crystal=outcome.crystal if outcome.converged else None,
    )


def _keep(store: Store, made: Refinement, halt: Halt) -> None:
    """Write, waiting for the database if need be."""
    while True:
        try:
            return store.add_refinement(made)
        except UnavailableError as error:
            if halt.asked:
                raise
            print(f"waiting: {error}", file=sys.stderr, flush=True)
            halt.event.wait(RETRY)
