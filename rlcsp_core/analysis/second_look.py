"""What a search on ions found, ranked a second time by a machine-learned potential.

Two potentials count energy from different zeros, so their energies are never mixed: each ranks on its own scale.
Candidates that the model relaxes into one and the same structure share a rank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rlcsp_core.analysis.distinct import DistinctStructures, F, Group
from rlcsp_core.analysis.verdict import called
from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.identity import Match, are_duplicates, known_phases
from rlcsp_core.crystal.known import Reference, experiment
from rlcsp_core.crystal.symmetry import lattice_change, space_group_label
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Crystal
from rlcsp_core.search.config import energy_source
from rlcsp_core.store import Finding, Reader, Refinement, RunInfo, StructureKey

TOP = 10  # distinct minima that are looked at again
MOST = 100
LOOKED_AT = 250  # lowest structures among which distinct ones are told apart; as many as pages list
SAME = 1e-3  # eV/atom between two relaxations of one structure by a model that is noisy
SYMPREC = 0.05  # Å; relaxed less far than by the engine of the searches
TOLERANCES = (0.01, SYMPREC, 0.2)  # Å, within one of which a known crystal shows its space group
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
TRAINED_ON_KNOWN = (
    "Such models were trained on known crystals, among them most of those named here: that the known structure comes "
    "first is no independent proof."
)


class Row(NamedTuple):
    """A distinct minimum of the search, and what the model makes of it.  Without `second` it is still to be done."""

    rank: int  # on ions, from 1
    group: Group[Any]  # of findings
    first: Crystal
    second: Refinement | None
    second_rank: int | None  # by the model; None without an energy
    above: float | None  # eV/atom above the lowest by the model
    swelling: float | None  # change of the volume, as a share
    lattice: tuple[float, float, float] | None  # of a, b, c of the conventional cell before, as shares
    space_groups: tuple[str, str | None]  # before and after
    known: Reference | None  # that it is after relaxation by the model
    potential: str | None  # of the search, as `energy_source` tells it; None where it was not said

    @property
    def energy(self) -> float:
        """eV/atom of the ionic potential."""
        return self.group.best.energy


class Look(NamedTuple):
    """Rows in the order of the ionic potential."""

    formula: str
    rows: list[Row]

    @property
    def done(self) -> list[Row]:
        """Those with an energy, the lowest by the model first."""
        return sorted((row for row in self.rows if row.second_rank is not None), key=_by_model)


class Kind(NamedTuple):
    """What two runs share whose energies can be compared."""

    composition: str
    potential: str  # as `energy_source` tells it


def of_each_kind(runs: Sequence[RunInfo]) -> dict[Kind, list[RunInfo]]:
    """The runs of each composition and potential; kinds in alphabetical order, runs in the order given."""
    found: dict[Kind, list[RunInfo]] = {}
    for run in runs:
        found.setdefault(Kind(run.composition, energy_source(run.config)), []).append(run)
    return dict(sorted(found.items()))


def checked_top(top: int) -> int:
    if not 1 <= top <= MOST:
        raise ConfigError(f"the number of minima to relax again must lie between 1 and {MOST}, got {top}")
    return top


def distinct_minima(store: Reader, run_ids: Sequence[str], top: int) -> list[Group[Finding]]:
    """The lowest distinct structures that these runs have kept, at most `top`, each with all its findings."""

    compared = DistinctStructures(store.lowest(run_ids, LOOKED_AT), store.crystal)
    # one more, so that the last one wanted has its findings too
    while not compared.done and len(compared.groups) <= top:
        compared.go_on(0.0)
    return compared.groups[:top]


def refinement_of(group: Group[F], made: Mapping[StructureKey, Refinement]) -> tuple[F, Refinement] | None:
    """That of any of its findings: they are one structure."""
    for found in group.members:
        if found.key in made:
            return found, made[found.key]
    return None


def above_lowest(groups: Sequence[Group[F]], refinements: Sequence[Refinement]) -> list[dict[str, float]]:
    """For each group {model: eV/atom above the lowest by that model}; models without an energy for it are left out."""
    made: dict[str, dict[StructureKey, float]] = {}
    for each in refinements:
        if each.energy is not None:
            made.setdefault(each.model, {})[each.key] = each.energy
    return [
        {
            model: mine[found.key] - min(mine.values())
            for model, mine in made.items()
            if (found := next((found for found in group.members if found.key in mine), None)) is not None
        }
        for group in groups
    ]


def second_look(
    groups: Sequence[Group[F]],
    refinements: Sequence[Refinement],
    load: Callable[[F], Crystal],
    same: Callable[[Crystal, Crystal], bool] = are_duplicates,
    label: Callable[[Crystal, float], str] = space_group_label,
    phases: Callable[[Crystal], Sequence[Match]] = known_phases,
    *,
    potential: str | None = None,
) -> Look:
    """Rows of the lowest distinct minima beside what one model made of them; functions may remember their answers."""
    made = {each.key: each for each in refinements}
    paired = [refinement_of(group, made) for group in groups]
    ranks = _ranks([pair[1] for pair in paired if pair is not None], same)
    lowest = min(
        (each.energy for _, each in filter(None, paired) if each.energy is not None), default=math.nan
    )
    rows = []
    for rank, (group, pair) in enumerate(zip(groups, paired, strict=True), start=1):
        first = load(group.best if pair is None else pair[0])
        second = None if pair is None else pair[1]
        after = None if second is None else second.crystal
        found = None if after is None else known_as(after, phases(after), label)
        rows.append(
            Row(
                rank=rank,
                group=group,
                first=first,
                second=second,
                second_rank=None if second is None else ranks.get(second.key),
                above=None if second is None or second.energy is None else second.energy - lowest,
                swelling=None if after is None else after.volume / first.volume - 1,
                lattice=None if after is None else lattice_change(first, after, SYMPREC),
                space_groups=(label(first, SYMPREC), None if after is None else label(after, SYMPREC)),
                known=found,
                potential=potential,
            )
        )
    return Look(formula_of(rows[0].first.numbers) if rows else "", rows)


def look_of_run(store: Reader, run: RunInfo, made: Sequence[Refinement]) -> Look:
    """What one model has made of structures of one run; ranks are those among them."""
    keys = {each.key for each in made}
    groups = []
    for found in store.lowest([run.id], run.n_population + run.n_steps):
        if found.key in keys:
            crystal = store.crystal(found)
            groups.append(Group((found,), space_group_label(crystal), crystal.volume / crystal.n_atoms))
    return second_look(groups, made, store.crystal, potential=energy_source(run.config))


def known_as(
    crystal: Crystal, matches: Sequence[Match], label: Callable[[Crystal, float], str]
) -> Reference | None:
    """The nearest known phase of its symmetry: structures are compared so generously that distorted ones match too."""
    groups = {label(crystal, tolerance) for tolerance in TOLERANCES}
    return next(
        (m.reference for m in matches if label(m.reference.crystal, SYMPREC) in groups),
        None,
    )


def _ranks(
    refinements: Sequence[Refinement], same: Callable[[Crystal, Crystal], bool]
) -> dict[StructureKey, int]:
    """From 1, by the model's energy; one rank for each distinct structure."""
    done = [
        (e.energy, e.crystal, e.key) for e in refinements if e.energy is not None and e.crystal is not None
    ]
    ranks: dict[StructureKey, int] = {}
    kinds: list[tuple[float, Crystal]] = []
    for energy, crystal, key in sorted(done, key=lambda each: (each[0], each[2])):
        for place, (level, other) in enumerate(kinds, start=1):
            if energy - level <= SAME and same(other, crystal):
                ranks[key] = place
                break
        else:
            kinds.append((energy, crystal))
            ranks[key] = len(kinds)
    return ranks


def _by_model(row: Row) -> tuple[int, int]:
    return row.second_rank or 0, row.rank


def ordinal(n: int) -> str:
    return ORDINALS[n - 1] if n <= len(ORDINALS) else f"number {n}"


def in_a_sentence(look: Look, label: str) -> str | None:
    """What the second look changed, `label` the name of the model; None as long as there is nothing to say."""
    done = look.done
    if not done:
        return None
    lead, best = look.rows[0], done[0]
    what = _named(best, look)
    if lead.second_rank == 1:
        return f"First on ions and by {label}: {what}."
    if lead.second is None:
        begin = f"First on ions, not yet relaxed by {label}"
    elif lead.second_rank is None:
        begin = f"First on ions, without an energy by {label} ({lead.second.reason})"
    else:
        begin = f"First on ions, {ordinal(lead.second_rank)} by {label}"
    return f"{begin}; lowest by {label}, {ordinal(best.rank)} on ions: {what}."


def _named(row: Row, look: Look) -> str:
    real = experiment(look.formula)
    name = called(row.known) if row.known else f"a structure of space group {row.space_groups[1]}"
    if real is None:
        return f"{name}; no experimental structure of this compound is stored here to compare with"
    if row.known is real:
        return f"{name}, which is the known structure"
    there = next((each for each in look.done if each.known is real), None)
    if there is None or there.above is None or there.second_rank is None:
        return f"{name}; the known structure, {called(real)}, is not among them"
    place = f"{ordinal(there.second_rank)}, {1000 * there.above:.0f} meV/atom higher"
    return f"{name}; the known structure, {called(real)}, comes {place}"
