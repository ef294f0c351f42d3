"""Phase fields: which compositions between some end members are stable, by each energy on its own scale.

A compound is stable where no mixture of others has a lower energy: it lies on the lower convex hull of energy over
composition.  For x_k moles of end member k a compound has, in eV/atom,

    formation   E − Σ_k x_k E_k, of the end members                  (both per atom of the compound)
    above       E − the lowest energy of any mixture of compounds    (0 on the hull)

The hulls are pymatgen's (Ong et al. 2008, doi 10.1021/cm702327g), one for each energy: that of the potential of the
searches (`IONS`) and that of each model which has relaxed the lowest minima again.  Energies of two are never mixed.  A
composition without an energy is not on that hull, and where an end member has none there is no hull.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from rlcsp_core.analysis.distinct import ENERGY_WINDOW
from rlcsp_core.analysis.second_look import LOOKED_AT, known_as
from rlcsp_core.crystal.composition import atoms_of_unit
from rlcsp_core.crystal.identity import Match, known_phases
from rlcsp_core.crystal.known import experiment, references
from rlcsp_core.crystal.mixing import Mixture, checked_members, mixture
from rlcsp_core.crystal.symmetry import space_group_label
from rlcsp_core.errors import ConfigError, RLCSPError
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import checked_model, label_of
from rlcsp_core.search.config import energy_source
from rlcsp_core.store import Finding, Reader, Refinement, RunInfo, RunState, StructureKey

if TYPE_CHECKING:
    from pymatgen.analysis.phase_diagram import PDEntry

IONS = "ions"  # the energy of the searches' own potential; other keys are names of models
NEAR = 0.05  # eV/atom above the hull within which another minimum might change it
REPEATED = 2  # searches that must have ended at the lowest minimum before it is taken for that

Facets = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class FieldDefinition:
    """What is to be found out, as a field file says it."""

    name: str  # also of the experiment that its runs are stored under
    title: str
    end_members: tuple[str, ...]  # [M] 2 or 3
    mixtures: tuple[Mixture, ...]  # compositions to be searched, the end members first
    potential: str  # of the searches, as `energy_source` tells it
    model: str | None  # that has the last word; None for ions alone
    n_seeds: int  # searches of each composition that are wanted
    known: Mapping[str, str] = field(default_factory=dict)  # {formula: name} beside the known crystals

    def as_dict(self) -> dict[str, Any]:
        """JSON-able: kept beside the runs."""
        return {
            "title": self.title,
            "end_members": list(self.end_members),
            "units": [list(each.units) for each in self.mixtures],
            "potential": self.potential,
            "model": self.model,
            "n_seeds": self.n_seeds,
            "known": dict(self.known),
        }

    @classmethod
    def from_dict(cls, name: str, values: Any) -> FieldDefinition:
        """Checked; ConfigError where it is none, whoever wrote it."""
        try:
            members = checked_members([str(each) for each in values["end_members"]])
            found = tuple(mixture(members, [int(n) for n in units]) for units in values["units"])
            if [each.formula for each in found[: len(members)]] != list(members):
                raise ValueError("its end members do not come first")
            model = values["model"]
            return cls(
                name=name,
                title=str(values["title"]),
                end_members=members,
                mixtures=found,
                potential=str(values["potential"]),
                model=None if model is None else checked_model(str(model)),
                n_seeds=int(values["n_seeds"]),
                known={str(formula): str(known) for formula, known in values["known"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, RLCSPError) as error:
            raise ConfigError(
                f"the definition of the phase field {name[:40]!r} is damaged: {error}"
            ) from None


class Hull(NamedTuple):
    """One composition in one energy.  All eV/atom."""

    energy: float  # on the scale of the model
    formation: float  # from the end members
    above: float  # the hull


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


STABLE = 1e-6  # eV/atom; roundings


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


class Next(NamedTuple):
    """What to search, and why."""

    point: FieldPoint
    why: str


def label_of_energy(energy: str) -> str:
    """As a heading calls it."""
    return energy if energy == IONS else label_of(energy)


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
    whose = "on ions" if energy == IONS else f"by {label_of(energy)}"
    return f"No hull {whose}: {', '.join(lacking)} {'has' if len(lacking) == 1 else 'have'} no energy yet."


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


def hull_of(
    compounds: Mapping[int, tuple[str, float]], end_members: Sequence[str]
) -> tuple[dict[int, Hull], Facets]:
    """Of {number: (formula, eV/atom)}, one for each formula and each end member among them: places and simplices."""
    # imported here: it takes a second
    from pymatgen.analysis.phase_diagram import CompoundPhaseDiagram, PDEntry
    from pymatgen.core import Composition

    def entry(number: int) -> PDEntry:
        formula, energy = compounds[number]
        return PDEntry(Composition(formula), energy * atoms_of_unit(formula), attribute=number)

    diagram = CompoundPhaseDiagram(
        [entry(number) for number in compounds], [Composition(m) for m in end_members]
    )
    hulls = {}
    for each in diagram.all_entries:
        number = each.original_entry.attribute
        above = diagram.get_e_above_hull(each)
        assert above is not None  # only asked otherwise it may be
        hulls[number] = Hull(
            energy=compounds[number][1],
            formation=float(diagram.get_form_energy_per_atom(each)),
            above=max(float(above), 0.0),
        )
    numbers = [each.original_entry.attribute for each in diagram.qhull_entries]
    return hulls, tuple(tuple(sorted(numbers[i] for i in facet)) for facet in diagram.facets)


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
    return f"{where}, and {_times(point, energy)} of {point.n_finished} searches found its lowest minimum"
