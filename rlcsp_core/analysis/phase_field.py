"""Phase fields: which compositions between some end members are stable, by each energy on its own scale.

A compound is stable where no mixture of others has a lower energy: it lies on the lower convex hull of energy over
composition (see `hull`).  There is a hull for each energy: that of the potential of the searches (`IONS`) and that of
each model which has relaxed the lowest minima again.  Energies of two are never mixed.  A composition without an energy
is not on that hull, and where an end member has none there is no hull.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rlcsp_core.analysis.distinct import ENERGY_WINDOW
from rlcsp_core.analysis.hull import Facets, Hull, hull_of
from rlcsp_core.analysis.phase_field_definition import FieldDefinition
from rlcsp_core.analysis.second_look import LOOKED_AT, known_as
from rlcsp_core.crystal.identity import Match, known_phases
from rlcsp_core.crystal.known import experiment, references
from rlcsp_core.crystal.mixing import Mixture
from rlcsp_core.crystal.symmetry import space_group_label
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import label_of
from rlcsp_core.search.config import energy_source
from rlcsp_core.store import Finding, Reader, Refinement, RunInfo, RunState, StructureKey

IONS = "ions"  # the energy of the searches' own potential; other keys are names of models
STABLE = 1e-6  # eV/atom above the hull; roundings


@dataclass(frozen=True)
class FieldPoint:
    """One composition.  Mappings are by energy: `IONS`, or the name of a model."""

    formula: str
    fractions: tuple[float, ...]  # [M] moles of each end member, of 1
    n_atoms_formula: int
    n_runs: int
    n_finished: int
    hits: int  # finished searches that ended at the lowest minimum on ions
    repeats: Mapping[str, int]  # finished searches that found the minimum which became the lowest structure
    runs: tuple[str, ...]  # ids, the first seed first
    lowest: Mapping[str, StructureKey]  # the structure of lowest energy
    energies: Mapping[str, float]  # eV/atom of it
    hulls: Mapping[str, Hull]  # missing where there is no energy or no hull
    known: str | None  # what the compound is called where it is known to exist
    found: Mapping[str, str]  # the known crystal that the lowest structure is, where it is one
    reasons: Mapping[str, str]  # why there is no energy

    @property
    def best(self) -> StructureKey | None:
        """On ions."""
        return self.lowest.get(IONS)

    @property
    def reason(self) -> str | None:
        """Why there is no energy on ions."""
        return self.reasons.get(IONS)

    def stable(self, energy: str) -> bool:
        return energy in self.hulls and self.hulls[energy].above <= STABLE


@dataclass(frozen=True)
class PhaseField:
    """Searches and hulls of a field, as far as they are there."""

    name: str
    title: str
    end_members: tuple[str, ...]  # [M]
    potential: str
    model: str | None
    points: tuple[FieldPoint, ...]  # in the order of the definition, the end members first
    facets: Mapping[str, Facets]  # by energy: simplices of the hull, each M indices into points
    without_hull: Mapping[str, str]  # by energy: why there is none
    n_searches: int  # finished
    n_wanted: int  # searches of the definition, more where minima were not repeated

    @property
    def n_searched(self) -> int:
        """Compositions with an energy."""
        return sum(IONS in point.energies for point in self.points)

    @property
    def energies(self) -> tuple[str, ...]:
        """Those that a hull is there for, ions first."""
        return tuple(self.facets)

    @property
    def last_word(self) -> str:
        """The energy whose hull counts: that of the model where it is there, else that of the ions."""
        others = [energy for energy in self.facets if energy != IONS]
        return self.model if self.model in self.facets and self.model else (others or [IONS])[0]


def label_of_energy(energy: str) -> str:
    """As a heading calls it."""
    return energy if energy == IONS else label_of(energy)


def by(energy: str) -> str:
    """ "on ions", "by DIEP"."""
    return "on ions" if energy == IONS else f"by {label_of(energy)}"


def phase_field(
    reader: Reader,
    definition: FieldDefinition,
    runs: Sequence[RunInfo] | None = None,
    phases: Callable[[Crystal], Sequence[Match]] = known_phases,
    label: Callable[[Crystal, float], str] = space_group_label,
) -> PhaseField:
    """As far as it has been searched.  runs: among which to look, by default those of the definition's name.

    `phases` and `label` may remember their answers."""
    if runs is None:
        runs = reader.runs(experiment=definition.name, oldest_first=True)
    by_formula: dict[str, list[RunInfo]] = {each.formula: [] for each in definition.mixtures}
    for run in runs:
        if run.composition in by_formula and energy_source(run.config) == definition.potential:
            by_formula[run.composition].append(run)
    mine = [run.id for found in by_formula.values() for run in found]
    made: dict[str, list[Refinement]] = {run_id: [] for run_id in mine}
    for each in reader.refinements(mine):
        made[each.key.run_id].append(each)
    points = [
        _point(reader, definition, each, by_formula[each.formula], made, phases, label)
        for each in definition.mixtures
    ]
    models = sorted({model for point in points for model in (*point.energies, *point.reasons)} - {IONS})
    facets, without = {}, {}
    for energy in (IONS, *models):
        lacking = [
            point.formula for point in points[: len(definition.end_members)] if energy not in point.energies
        ]
        if lacking:
            without[energy] = _no_hull(energy, lacking)
        else:
            points, facets[energy] = with_hull(points, definition.end_members, energy)
    finished = sum(point.n_finished for point in points)
    return PhaseField(
        name=definition.name,
        title=definition.title,
        end_members=definition.end_members,
        potential=definition.potential,
        model=definition.model,
        points=tuple(points),
        facets=facets,
        without_hull=without,
        n_searches=finished,
        n_wanted=sum(max(definition.n_seeds, point.n_runs) for point in points),
    )


def _point(
    reader: Reader,
    definition: FieldDefinition,
    mixed: Mixture,
    runs: Sequence[RunInfo],
    made: Mapping[str, Sequence[Refinement]],
    phases: Callable[[Crystal], Sequence[Match]],
    label: Callable[[Crystal, float], str],
) -> FieldPoint:
    """Without hulls."""
    runs = sorted(runs, key=lambda run: run.seed)
    ids = [run.id for run in runs]
    finished = [run for run in runs if run.state is RunState.FINISHED]
    lowest: dict[str, StructureKey] = {}
    energies: dict[str, float] = {}
    crystals: dict[str, Crystal] = {}
    reasons: dict[str, str] = {}
    known_there = any(each.formula == mixed.formula for each in references())
    for best in reader.lowest(ids, 1) if ids else ():
        lowest[IONS], energies[IONS] = best.key, best.energy
        if known_there:
            crystals[IONS] = reader.crystal(best)
    if IONS not in energies:
        reasons[IONS] = _unsearched(runs, finished)
    for each in (each for run_id in ids for each in made[run_id]):
        if each.energy is None or each.crystal is None:
            reasons.setdefault(each.model, each.reason or "it was not relaxed")
        elif each.energy < energies.get(each.model, float("inf")):
            lowest[each.model], energies[each.model] = each.key, each.energy
            crystals[each.model] = each.crystal
    if definition.model is not None and definition.model not in energies and IONS in energies:
        reasons.setdefault(definition.model, f"not yet relaxed by {label_of(definition.model)}")
    real = experiment(mixed.formula)
    found = {
        energy: match.title
        for energy, crystal in crystals.items()
        if known_there and (match := known_as(crystal, phases(crystal), label)) is not None
    }
    return FieldPoint(
        formula=mixed.formula,
        fractions=mixed.fractions,
        n_atoms_formula=mixed.n_atoms,
        n_runs=len(runs),
        n_finished=len(finished),
        hits=n_hits([run.best_energy for run in finished], energies.get(IONS)),
        runs=tuple(ids),
        lowest=lowest,
        energies=energies,
        hulls={},
        known=definition.known.get(mixed.formula) or (None if real is None else real.title),
        repeats=_repeats(reader, finished, lowest),
        found=found,
        reasons={energy: why for energy, why in reasons.items() if energy not in energies},
    )


def n_hits(ends: Sequence[float | None], lowest: float | None) -> int:
    """How many searches ended at the lowest minimum; energies in eV/atom."""
    if lowest is None:
        return 0
    return sum(energy is not None and energy - lowest <= ENERGY_WINDOW for energy in ends)


def same_minimum(reader: Reader, run_ids: Sequence[str], key: StructureKey) -> list[Finding]:
    """What these runs have kept of the energy of one structure, on ions."""
    if not run_ids:
        return []
    found = reader.lowest(run_ids, LOOKED_AT)
    level = next((each.energy for each in found if each.key == key), None)
    return [each for each in found if level is not None and abs(each.energy - level) <= ENERGY_WINDOW]


def _repeats(
    reader: Reader, finished: Sequence[RunInfo], lowest: Mapping[str, StructureKey]
) -> dict[str, int]:
    ids = [run.id for run in finished]
    return {
        energy: len({each.run_id for each in same_minimum(reader, ids, key)})
        for energy, key in lowest.items()
    }


def _unsearched(runs: Sequence[RunInfo], finished: Sequence[RunInfo]) -> str:
    if not runs:
        return "not yet searched"
    if not finished:
        return "its first search is not done"
    return (
        f"{len(finished)} searches ended without a minimum"
        if len(finished) > 1
        else ("its search ended without a minimum")
    )


def _no_hull(energy: str, lacking: Sequence[str]) -> str:
    return (
        f"No hull {by(energy)}: {', '.join(lacking)} {'has' if len(lacking) == 1 else 'have'} no energy yet."
    )


def with_hull(
    points: Sequence[FieldPoint], end_members: Sequence[str], energy: str
) -> tuple[list[FieldPoint], Facets]:
    """The points with their places on the hull of one energy, and its simplices; every end member has that energy."""
    held = {i: point.energies[energy] for i, point in enumerate(points) if energy in point.energies}
    hulls, facets = hull_of({i: (points[i].formula, e) for i, e in held.items()}, end_members)
    placed = [
        replace(point, hulls={**point.hulls, energy: hulls[i]}) if i in hulls else point
        for i, point in enumerate(points)
    ]
    return placed, facets
