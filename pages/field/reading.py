"""Fields that can be shown, and what their searches have found so far."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from pages.common.cache import cached
from pages.common.crystals import label_of_group, phases_of, same_structure
from pages.common.errors import show_errors
from rlcsp_core.analysis.phase_field import IONS, FieldPoint, PhaseField, phase_field
from rlcsp_core.analysis.phase_field_definition import FieldDefinition
from rlcsp_core.analysis.phase_field_minima import second_look_at
from rlcsp_core.analysis.phase_field_words import is_unfinished
from rlcsp_core.analysis.second_look import Look
from rlcsp_core.execution.field_file import load_field, shipped_fields, shipped_outcome
from rlcsp_core.records import Crystal
from rlcsp_core.store import ACTIVE, Reader, RunInfo, RunState, Store, StructureKey
from rlcsp_core.store.library import SUFFIX

AFTERWARDS = 3600.0  # s after the last search, in which an unfinished field may grow
AT_WORK = (RunState.QUEUED, *ACTIVE)


class Entry(NamedTuple):
    """A field to choose."""

    name: str  # in the URL
    definition: FieldDefinition
    reader: Reader  # of its runs
    own: bool  # searched in this database, so that other pages show its runs

    @property
    def label(self) -> str:
        return self.definition.title if self.own else f"{self.definition.title}{SUFFIX}"


class Shown(NamedTuple):
    """A field as far as it has come."""

    field: PhaseField
    runs: dict[str, RunInfo]

    @property
    def at_work(self) -> bool:
        """Also between two searches, and while a model relaxes minima, which no run tells."""
        if any(run.state in AT_WORK for run in self.runs.values()):
            return True
        ended = max((run.ended or 0.0 for run in self.runs.values()), default=0.0)
        return is_unfinished(self.field) and time.time() - ended < AFTERWARDS


def entries(store: Store) -> dict[str, Entry]:
    """By name in the URL: those that somebody searches here, then shipped results, then what waits to be searched.

    Of the shipped ones the largest comes first."""
    own, shipped, waiting = {}, {}, {}
    for name, values in store.fields().items():
        with show_errors():
            own[name] = Entry(name, FieldDefinition.from_dict(name, values), store, own=True)
    for name in sorted(shipped_fields(), key=lambda name: -len(definition_of(name).mixtures)):
        with show_errors():
            outcome = outcome_of(name)
            if outcome is not None:
                address = f"{name}{SUFFIX}"
                shipped[address] = Entry(address, definition_of(name), outcome, own=False)
            elif name not in own:
                waiting[name] = Entry(name, definition_of(name), store, own=True)
    return own | shipped | waiting


def read_ahead(store: Store) -> None:
    """Build the hulls of the field that the page opens on."""
    for entry in [*entries(store).values()][:1]:
        shown(entry)


@cached(64)
def definition_of(name: str) -> FieldDefinition:
    return load_field(name).definition


outcome_of = cached(64)(shipped_outcome)


def shown(entry: Entry) -> Shown:
    """The runs of a shipped outcome belong to the field; a database has others too."""
    runs = entry.reader.runs(experiment=entry.definition.name if entry.own else None, oldest_first=True)
    made = entry.reader.refinements([run.id for run in runs])
    state = (
        tuple((run.id, run.state, run.best_energy) for run in runs),
        tuple((each.key, each.model, each.energy) for each in made),
    )
    return Shown(
        _field(entry.name, state, entry.definition, entry.reader, runs), {run.id: run for run in runs}
    )


@cached(16)
def _field(
    name: str,
    state: tuple[object, ...],
    _definition: FieldDefinition,
    _reader: Reader,
    _runs: Sequence[RunInfo],
) -> PhaseField:
    del name, state  # these tell results apart
    return phase_field(_reader, _definition, _runs, phases_of, label_of_group)


@cached(256)
def structure_of(_reader: Reader, key: StructureKey, energy: str) -> Crystal:
    """As the search, or a model, has relaxed it."""
    for each in () if energy == IONS else _reader.refinements([key.run_id], energy):
        if each.key == key and each.crystal is not None:
            return each.crystal
    return _reader.crystal(key)


def look_at(reader: Reader, point: FieldPoint, model: str) -> Look:
    """Its minima, ranked by both energies."""
    made = tuple((each.key, each.energy) for each in reader.refinements(point.runs, model))
    return _look(reader, point, made, model)


@cached(64)
def _look(_reader: Reader, _point: FieldPoint, made: tuple[object, ...], model: str) -> Look:
    del made  # tells results apart
    return second_look_at(_reader, _point, model, same_structure, label_of_group, phases_of)
