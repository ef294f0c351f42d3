"""What a phase field says, in sentences and as what is drawn: which compounds are stable, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import inf

from rlcsp_core.analysis.hull_map import HullMap, HullMark, Place, in_triangle, share_of_atoms
from rlcsp_core.analysis.phase_field import IONS, FieldPoint, PhaseField, by
from rlcsp_core.analysis.phase_field_next import REPEATED, search_next
from rlcsp_core.crystal.composition import atoms_of_unit
from rlcsp_core.crystal.known import experiment

MOST_NAMED = 12  # formulas in one sentence


def first_word(field: PhaseField) -> str:
    """The energy to begin with: that of the last word, once it is there for most of what was searched; else ions."""
    word = field.last_word
    n_done = sum(word in point.energies for point in field.points)
    return IONS if IONS in field.facets and 2 * n_done < field.n_searched else word


def is_unfinished(field: PhaseField) -> bool:
    """Whether searches are to be made, or minima to be relaxed by the model; one that failed may be tried again."""
    return field.n_searches < field.n_wanted or any(
        field.model in point.reasons for point in field.points if field.model is not None
    )


def compounds(field: PhaseField) -> tuple[FieldPoint, ...]:
    """The compositions between the end members, which are on every hull."""
    return tuple(point for point in field.points if point.formula not in field.end_members)


def stable_compounds(field: PhaseField, energy: str) -> list[FieldPoint]:
    """The most stable first."""
    found = [point for point in compounds(field) if point.stable(energy)]
    return sorted(found, key=lambda point: point.hulls[energy].formation)


def by_height(field: PhaseField, energy: str) -> list[FieldPoint]:
    """All compositions, those on the hull first, those without a place on it last."""
    return sorted(
        field.points,
        key=lambda point: [
            point.hulls[each].above if each in point.hulls else inf for each in (energy, IONS)
        ],
    )


def next_in_words(field: PhaseField) -> list[tuple[str, str]]:
    """What to search next, and why; compositions with one reason together."""
    found: dict[str, list[str]] = {}
    for each in search_next(field):
        found.setdefault(each.why, []).append(each.point.formula)
    return [(listed(formulas), why) for why, formulas in found.items()]


def result_in_words(field: PhaseField, energy: str) -> str:
    """Which are stable by this energy, and how many by the others."""
    if energy not in field.facets:
        return field.without_hull.get(energy, f"No hull {by(energy)} yet.")
    there = [point for point in compounds(field) if energy in point.hulls]
    every = len(compounds(field))
    if not there:
        return f"No compound between the end members has an energy {by(energy)} yet."
    stable = stable_compounds(field, energy)
    others = [_how_many(field, each) for each in field.energies if each != energy]
    begin = by(energy)
    words = (
        f"{begin[0].upper()}{begin[1:]} {len(stable) or 'none'} of {len(there)} compounds"
        f"{'' if len(there) == every else f' so far ({every} in the field)'} "
        f"{'is' if len(stable) == 1 else 'are'} stable"
    )
    named = f": {listed([point.formula for point in stable])}" if stable else ""
    return f"{words}{named}{'; ' if others else ''}{', '.join(others)}."


def _how_many(field: PhaseField, energy: str) -> str:
    """ "on ions 2", "by DIEP 1 of 3 so far"."""
    n_there = sum(energy in point.hulls for point in compounds(field))
    so_far = "" if n_there == len(compounds(field)) else f" of {n_there} so far"
    return f"{by(energy)} {len(stable_compounds(field, energy))}{so_far}"


def known_in_words(field: PhaseField, energy: str) -> str | None:
    """How the hull agrees with the compounds that are known; None where none is, or without a hull."""
    if energy not in field.facets:
        return None
    known = [point for point in compounds(field) if point.known is not None]
    stable = stable_compounds(field, energy)
    extra = [point.formula for point in stable if point.known is None]
    unknown = f" On the hull {by(energy)}, but not known here: {listed(extra)}." if extra else ""
    others = [f"{point.formula} ({real})" for point in field.points if (real := _missed(point, energy))]
    if others:
        unknown += f" The lowest structure found {by(energy)} is not that of experiment for {listed(others)}."
    if not known:
        return unknown.strip() or None
    missed = [point for point in known if energy in point.hulls and not point.stable(energy)]
    waiting = [point for point in known if energy not in point.hulls]
    n_stable = len(known) - len(missed) - len(waiting)
    words = (
        f"Of {len(known)} known compounds {n_stable or 'none'} {'is' if n_stable == 1 else 'are'} on the hull"
    )
    above = [
        f"{point.formula} {1000 * point.hulls[energy].above:.1f}"
        for point in sorted(missed, key=lambda point: point.hulls[energy].above)
    ]
    if above:
        words += f"; above it (meV/atom): {', '.join(above)}"
    if waiting:
        words += f"; without an energy {by(energy)}: {listed([point.formula for point in waiting])}"
    return f"{words}.{unknown}"


def _missed(point: FieldPoint, energy: str) -> str | None:
    """The crystal of experiment, where it is known and the lowest structure is another."""
    real = experiment(point.formula)
    is_other = real is not None and energy in point.energies and point.found.get(energy) != real.title
    return real.title if real is not None and is_other else None


def _known(point: FieldPoint, energy: str) -> str:
    named = f": {point.known}" if point.known != point.formula else ""
    other = f", but its lowest structure {by(energy)} is another" if _missed(point, energy) else ""
    return f"known compound{named}{other}"


def place_in_words(field: PhaseField, point: FieldPoint, energy: str) -> str:
    """Where one composition lies by this energy, and how sure that is."""
    where = _where(field, point, energy)
    words = [f"{where[0].upper()}{where[1:]}"]
    if point.known is not None:
        words.append(_known(point, energy))
    if point.best is not None:
        words.append(f"{point.hits} of {point.n_finished} searches ended at its lowest minimum on ions")
    return "; ".join(words) + "."


def doubt_in_words(field: PhaseField, energy: str) -> str | None:
    """Which minima on the hull no second seed has found; None where all were found again."""
    doubtful = [point.formula for point in field.points if point.stable(energy) and point.hits < REPEATED]
    if not doubtful:
        return None
    return f"On the hull, but found by one seed only: {listed(doubtful)}. A longer search may find something lower."


def listed(formulas: Sequence[str]) -> str:
    """ "A, B and C"; the first of many."""
    shown = list(formulas[:MOST_NAMED])
    if len(formulas) > MOST_NAMED:
        return f"{', '.join(shown)} and {len(formulas) - MOST_NAMED} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def hull_map(field: PhaseField, energy: str) -> HullMap:
    """The hull of one energy as it is drawn."""
    facets = field.facets.get(energy, ())
    edges = {(min(pair), max(pair)) for facet in facets for pair in combinations(facet, 2)}
    return HullMap(
        end_members=field.end_members,
        by=by(energy),
        marks=tuple(_mark(field, point, energy) for point in field.points),
        edges=tuple(sorted(edges)),
    )


def _mark(field: PhaseField, point: FieldPoint, energy: str) -> HullMark:
    hull = point.hulls.get(energy)
    formation = None if hull is None else 1000 * hull.formation
    if len(field.end_members) == 3:
        place: Place | None = in_triangle(point.fractions)
        x = in_triangle(point.fractions).x
    else:
        x = share_of_atoms(point.fractions, [atoms_of_unit(member) for member in field.end_members])
        place = None if formation is None else Place(x, formation)
    return HullMark(
        formula=point.formula,
        fractions=point.fractions,
        place=place,
        x=x,
        formation=formation,
        above=None if hull is None else 1000 * hull.above,
        stable=point.stable(energy),
        known=point.known,
        hits=point.hits,
        n_finished=point.n_finished,
        doubtful=point.best is not None and point.hits < REPEATED,
        words=_lines(field, point, energy),
    )


def _lines(field: PhaseField, point: FieldPoint, energy: str) -> tuple[str, ...]:
    """What is said of a point under the mouse."""
    lines = [] if point.known is None else [_known(point, energy)]
    for each in dict.fromkeys([energy, *point.hulls]):
        lines.append(_where(field, point, each))
    if point.best is not None:
        lines.append(f"{point.hits} of {point.n_finished} searches ended at its lowest minimum on ions")
    return tuple(lines)


def _where(field: PhaseField, point: FieldPoint, energy: str) -> str:
    """Where it lies by one energy; else why it lies nowhere."""
    if energy not in point.hulls:
        return (point.reasons.get(energy) or field.without_hull.get(energy) or "no energy yet").rstrip(".")
    if point.stable(energy):
        return f"on the hull {by(energy)}"
    return f"{1000 * point.hulls[energy].above:.1f} meV/atom above the hull {by(energy)}"
