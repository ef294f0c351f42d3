"""A phase field in a database as `rlcsp field` leaves it; its energies are made up, those of compounds are measured."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from ase.data import atomic_numbers

from rlcsp_core.analysis.phase_field_definition import FieldDefinition
from rlcsp_core.crystal.composition import counts_of
from rlcsp_core.crystal.known import experiment
from rlcsp_core.crystal.mixing import mixtures
from rlcsp_core.records import Crystal, PopulationRecord
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import Refinement, RunState, Source, Store, StructureKey

MEMBERS = {"Y2O3": -8.0, "SrO": -6.0, "TiO2": -9.0}  # eV/atom
FORMATION = {  # meV/atom from the oxides, by ions and by a model
    "SrTiO3": (-283, -283),
    "Sr4Ti3O10": (-260, -267),
    "Sr3Ti2O7": (-251, -260),
    "Sr2TiO4": (-223, -235),
    "Y2Ti2O7": (-82, -82),
    "Y2TiO5": (-14, -61),
    "SrY2O4": (-15, -22),
}
AGAIN = 2  # minima that the model has relaxed


def definition(
    members: Sequence[str] = tuple(MEMBERS), units: int = 2, max_atoms: int = 14, seeds: int = 3
) -> FieldDefinition:
    return FieldDefinition(
        name="made-up",
        title="–".join(members),
        end_members=tuple(members),
        mixtures=tuple(mixtures(members, units, max_atoms)),
        potential="ysrtio",
        model="diep",
        n_seeds=seeds,
    )


def fill(
    store: Store,
    field: FieldDefinition,
    *,
    without: Collection[str] = (),
    again: Collection[str] | None = None,
) -> None:
    """Searches of all compositions but some, and relaxations by the model of some or of all.

    Every third minimum is found by one seed only."""
    store.keep_field(field.name, field.as_dict())
    for place, mixed in enumerate(field.mixtures):
        if mixed.formula not in without:
            lowest = [level + ideal(mixed.units, field) for level in levels(mixed.formula, place)]
            for seed in range(1, field.n_seeds + 1):
                unlucky = place % 3 == 0 and seed > 1
                relaxed = seed == 1 and (again is None or mixed.formula in again)
                _search(store, field, mixed.formula, seed, lowest[0] + 0.02 * unlucky, lowest[1], relaxed)


def levels(formula: str, place: int) -> tuple[float, float]:
    """Formation energies by both [eV/atom]; what is no compound lies above the hull."""
    if formula in MEMBERS:
        return 0.0, 0.0
    by_ions, by_model = FORMATION.get(formula, (10 + 7 * place % 60, 5 + 11 * place % 60))
    return by_ions / 1000, by_model / 1000


def ideal(units: Sequence[int], field: FieldDefinition) -> float:
    """eV/atom of the end members."""
    atoms = [n * sum(counts_of(member).values()) for n, member in zip(units, field.end_members, strict=True)]
    energies = [MEMBERS[member] for member in field.end_members]
    return float(np.dot(atoms, energies) / sum(atoms))


def _search(
    store: Store, field: FieldDefinition, formula: str, seed: int, ions: float, model: float, again: bool
) -> None:
    config = SearchConfig(composition=formula, seed=seed, steps=1).as_dict()
    claim = store.create_claimed(config, name=formula, experiment=field.name)
    assert claim is not None
    atoms = crystal_of(formula)
    members = [PopulationRecord(i, 1, ions + 0.03 * i, None, 10, 0.01, atoms, atoms) for i in range(AGAIN)]
    store.append(claim, members, None)
    store.end(claim, RunState.FINISHED, "steps")
    for i in range(AGAIN if again else 0):
        key = StructureKey(claim.run_id, Source.POPULATION, i)
        store.add_refinement(Refinement(key, "diep", "2", model + 0.02 * i, None, 10, 1.0, atoms))


def crystal_of(formula: str) -> Crystal:
    """The known crystal where there is one, else atoms on a grid."""
    known = experiment(formula)
    if known is not None:
        return known.crystal
    numbers = [atomic_numbers[e] for e, n in counts_of(formula).items() for _ in range(n)]
    side = int(np.ceil(len(numbers) ** (1 / 3)))
    grid = np.array(list(np.ndindex(side, side, side)))[: len(numbers)]
    return Crystal(np.array(numbers), 2.4 * grid, 2.4 * side * np.eye(3))
