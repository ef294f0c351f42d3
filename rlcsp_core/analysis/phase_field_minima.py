"""The minima of one composition of a phase field that a model has relaxed again, ranked by both energies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rlcsp_core.analysis.distinct import Group
from rlcsp_core.analysis.phase_field import FieldPoint
from rlcsp_core.analysis.second_look import Look, second_look
from rlcsp_core.crystal.identity import Match, are_duplicates, known_phases
from rlcsp_core.crystal.symmetry import space_group_label
from rlcsp_core.records import Crystal
from rlcsp_core.store import Finding, Reader


def second_look_at(
    reader: Reader,
    point: FieldPoint,
    model: str,
    same: Callable[[Crystal, Crystal], bool] = are_duplicates,
    label: Callable[[Crystal, float], str] = space_group_label,
    phases: Callable[[Crystal], Sequence[Match]] = known_phases,
) -> Look:
    """In the order of the ions; functions may remember their answers."""
    made = reader.refinements(point.runs, model)
    found = []
    for run_id, source, number in {each.key: None for each in made}:
        info = reader.kept(run_id, number, source)
        if info.energy is not None:
            found.append(Finding(run_id, source, number, info.energy, info.n_atoms))

    groups = [Group((each,), "", 0.0) for each in sorted(found, key=lambda each: each.energy)]
    return second_look(groups, made, reader.crystal, same, label, phases)
