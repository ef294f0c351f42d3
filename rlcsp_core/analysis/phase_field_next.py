"""Which compositions of a phase field to search next: those that would change its hull soonest."""

from __future__ import annotations

from typing import NamedTuple

from rlcsp_core.analysis.phase_field import IONS, STABLE, FieldPoint, PhaseField, by

NEAR = 0.05  # eV/atom above the hull within which another minimum might change it
REPEATED = 2  # searches that must have ended at the lowest minimum before it is taken for that


class Next(NamedTuple):
    """What to search, and why."""

    point: FieldPoint
    why: str


def search_next(field: PhaseField) -> list[Next]:
    """What would change the hull soonest, that first.

    1. end members without an energy, for without them there is no hull; 2. compositions not yet searched;
    3. those on the hull or near it whose lowest minimum was found once only, the nearest first."""
    word = field.last_word
    members = [
        Next(p, f"{p.reason}; without it there is no hull")
        for p in field.points[: len(field.end_members)]
        if p.reason
    ]
    others = [Next(p, p.reason) for p in field.points[len(field.end_members) :] if p.reason]
    doubtful = [
        Next(point, _doubt(point, above, word))
        for above, point in sorted(
            ((_above(point, word), point) for point in field.points if point.reason is None),
            key=lambda pair: pair[0],
        )
        if above <= NEAR and point.n_finished and _times(point, word) < REPEATED
    ]
    return members + others + doubtful


def _above(point: FieldPoint, energy: str) -> float:
    """eV/atom; where that model has none, on ions; 0 without any hull."""
    place = point.hulls.get(energy) or point.hulls.get(IONS)
    return 0.0 if place is None else place.above


def _times(point: FieldPoint, energy: str) -> int:
    """How many searches found the minimum that counts; that of the ions, where the model has none."""
    return point.repeats.get(energy, point.hits)


def _doubt(point: FieldPoint, above: float, energy: str) -> str:
    where = "on the hull" if above <= STABLE else f"{1000 * above:.0f} meV/atom above the hull"
    lowest = by(energy if energy in point.repeats else IONS)
    n = _times(point, energy)
    return f"{where}, and {n} of {point.n_finished} searches found its minimum that is lowest {lowest}"
