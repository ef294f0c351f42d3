"""What a structure is beside experiment, in one potential.

A potential that has something lower than the crystal of experiment is wrong there in nearly every case: the words say
so, and never call it a discovery.
"""

from __future__ import annotations

from typing import NamedTuple

from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.identity import known_phases
from rlcsp_core.crystal.known import Reference, experiment
from rlcsp_core.energy.choice import measurements
from rlcsp_core.records import Crystal

SAME = 1e-3  # eV/atom, within which two structures are not told apart by energy


class Verdict(NamedTuple):
    """A relaxed structure, named and compared."""

    found: Reference | None  # the known crystal that it is
    experiment: Reference | None  # what the compound is in nature
    has_experiment: bool  # that is a minimum of the potential, and its energy there is known
    difference: float | None  # eV/atom, of the structure above the crystal of experiment

    @property
    def words(self) -> str:
        """One sentence."""
        if self.experiment is None:
            return f"this is {self.found.name}" if self.found else "no crystal of this compound is known here"
        if self.found is self.experiment:
            return f"this is {self.experiment.name}, as in experiment"
        this = self.found.name if self.found else "another structure"
        if self.difference is None:
            why = "" if self.has_experiment else ", which this potential does not have"
            return f"experiment: {self.experiment.name}{why}; this is {this}"
        size = f"{1000 * abs(self.difference):.0f} meV/atom"
        if self.difference < -SAME:
            return f"experiment: {self.experiment.name}; this potential prefers {this}, {size} lower"
        if self.difference > SAME:
            return f"experiment: {self.experiment.name}, {size} lower; this is {this}"
        return f"experiment: {self.experiment.name}; this is {this}, as low in this potential"


def verdict(crystal: Crystal, energy: float | None, potential: str) -> Verdict:
    """energy: eV/atom of the relaxed crystal in the shipped potential of that name."""
    formula = formula_of(crystal.numbers)
    real = experiment(formula)
    found = next((match.reference for match in known_phases(crystal)), None)
    if real is None:
        return Verdict(found, None, False, None)
    rows = [
        row
        for row in measurements()
        if (row.potential, row.formula, row.crystal) == (potential, formula, real.name) and row.kept
    ]
    difference = energy - rows[0].energy if rows and energy is not None else None
    return Verdict(found, real, bool(rows), difference)
