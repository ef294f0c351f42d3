"""What a structure is beside experiment, in one potential.

A potential that has something lower than the crystal of experiment is wrong there in nearly every case: the words say
so, and never call it a discovery.  Both are compared relaxed, in the same potential: shipped ones were measured on the
known crystals, in another one the crystal of experiment is relaxed when it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.identity import Match, known_phases
from rlcsp_core.crystal.known import Reference, experiment
from rlcsp_core.crystal.symmetry import space_group_label
from rlcsp_core.energy.choice import measurements
from rlcsp_core.energy.potential_file import DEFAULT, Choice, load_potential
from rlcsp_core.outside import is_outside
from rlcsp_core.records import Crystal
from rlcsp_core.relax import BUILTIN
from rlcsp_core.store import Reader, RunInfo

FORMS = ("cubic", "tetragonal", "rhombohedral", "alpha")  # names of crystals that are no nouns
NOT_MINERALS = (" type", "state", "growth")  # ends of names that take an article
SAME = 1e-3  # eV/atom, within which two structures are not told apart by energy


class Verdict(NamedTuple):
    """A structure, named and compared."""

    found: Reference | None  # the known crystal that it is
    group: str  # "R-3c (167)"
    experiment: Reference | None  # what the compound is in nature
    has_experiment: bool | None  # that is a minimum of the potential; None where it is not known
    difference: float | None  # eV/atom, of the structure above the crystal of experiment

    @property
    def is_experiment(self) -> bool:
        """Of the same structure, and, where that is known, of the same energy."""
        same = self.difference is None or abs(self.difference) <= SAME
        return self.experiment is not None and self.found is self.experiment and same

    def _this(self, it: str) -> str:
        """it: what the crystal of experiment is called."""
        if self.found is None:
            return f"a structure of space group {self.group}"
        if self.found is self.experiment:
            return f"a distortion of {it}, {self.group}"
        return called(self.found)

    @property
    def words(self) -> str:
        """One sentence."""
        if self.experiment is None:
            named = f"{called(self.found)}, known from earlier searches" if self.found else self._this("it")
            return (
                f"This is {named}; no experimental structure of this compound is stored here to compare with."
            )
        real = called(self.experiment)
        if self.is_experiment:
            small = " but for distortions that this potential does not have"
            return f"This is {real}, the known structure{small * (self.has_experiment is False)}."
        if self.difference is None:
            why = ", which this potential does not have" if self.has_experiment is False else ""
            return f"This is {self._this(real)}; the experimental structure is {real}{why}."
        size = f"{1000 * abs(self.difference):.0f} meV/atom"
        if self.difference < -SAME:
            return f"Experiment: {real}; this potential prefers {self._this('it')}, {size} lower."
        if self.difference > SAME:
            return f"This is {self._this(real)}; {real}, the experimental structure, is {size} lower."
        return f"This is {self._this(real)}, as low in this potential as {real}, the experimental structure."


def verdict(
    crystal: Crystal,
    energy: float | None,
    potential: Choice | None,
    matches: Sequence[Match] | None = None,
) -> Verdict:
    """energy: eV/atom of the crystal relaxed in the potential; without a potential, structures alone are compared.

    matches: the known phases it is, where they have been looked for before."""
    real = experiment(formula_of(crystal.numbers))
    found = next((match.reference for match in (known_phases(crystal) if matches is None else matches)), None)
    kept, level = (None, None) if real is None or potential is None else _experiment_in(real, potential)
    difference = energy - level if kept and level is not None and energy is not None else None
    return Verdict(found, space_group_label(crystal), real, kept, difference)


def verdict_of_run(store: Reader, run: RunInfo) -> Verdict | None:
    """Of the best structure of a search; None as long as there is none."""
    best = store.best_structure(run.id)
    return None if best is None else verdict(best[1], best[0].energy, potential_of(run))


def potential_of(run: RunInfo) -> Choice | None:
    """In which its structures were relaxed; None for a calculator of somebody's own."""
    foreign = is_outside(run.config.get("calculator", BUILTIN))
    return None if foreign else run.config.get("potential", DEFAULT)


def called(crystal: Reference) -> str:
    """Its name within a sentence."""
    name = crystal.title
    return f"the {name} form" if name in FORMS else f"the {name}" if name.endswith(NOT_MINERALS) else name


def _experiment_in(real: Reference, potential: Choice) -> tuple[bool | None, float | None]:
    """Whether the crystal of experiment is a minimum of the potential, and its energy there [eV/atom]."""
    if not isinstance(potential, str):
        return _relaxed(real, json.dumps(potential, sort_keys=True))
    wanted = (potential, real.formula, real.name)
    rows = [row for row in measurements() if (row.potential, row.formula, row.crystal) == wanted]
    return (rows[0].kept, rows[0].energy) if rows else (None, None)


@lru_cache(maxsize=64)
def _relaxed(real: Reference, potential: str) -> tuple[bool | None, float | None]:
    from rlcsp_core.relax.validation import validate  # imported here: it loads the kernels

    outcome = validate(real, load_potential(json.loads(potential)))
    return (None, None) if isinstance(outcome, str) else (outcome.kept, outcome.energy)
