"""What a run is: every choice that decides its records, and nothing else.

Two runs with equal configurations yield identical records.  `as_dict` and `from_dict` are the form in which a
configuration is stored, exported and compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rlcsp_core.crystal.composition import canonical_formula
from rlcsp_core.energy.potential_file import DEFAULT
from rlcsp_core.errors import ConfigError
from rlcsp_core.outside import is_outside
from rlcsp_core.settings import Setting, Settings, choice, described, number, settings_from, settings_in

MAX_ATOMS = 400  # a structure larger than this is not a search but a supercell
MAX_STEPS = 10_000_000
MAX_TIME = 30 * 86400.0  # s
MAX_SEED = 2**31 - 1
MAX_POPULATION = 10_000
DIGITS = 6  # of a digest
FORMER = "initial_policy"  # a matrix [A, F]
PENALTIES = {"high-energy": "energy of the worst tenth", "fixed": "fixed, −3"}


@dataclass(frozen=True, kw_only=True)
class SearchConfig(Settings):
    """Settings of one run; ranges are checked here, names by `search.parts`."""

    composition: str = described(
        "text", "Y2O3", "any charge-neutral formula that a potential covers, in any spelling"
    )
    algorithm: str = described("text", "rlcsp", "what chooses the actions")
    baseline: str | None = described(
        "text", None, "what is subtracted from the return; left out, the algorithm's own"
    )
    settings: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={"kind": "table", "help": "hyperparameters that differ from their defaults", "label": ""},
    )
    actions: str = described("text", "published", "set of actions")
    seed: int = number(1, 0, MAX_SEED, "of the random numbers; equal settings and seed give identical runs")
    steps: int = number(500, 1, MAX_STEPS, "relaxed trials after the initial population")
    max_atoms: int = number(40, 1, MAX_ATOMS, "most atoms that a trial may have", "Max. atoms per cell")
    population: int = number(
        100, 1, MAX_POPULATION, "random structures relaxed before the first step", "Initial population"
    )
    target: float | None = number(
        None, -1000.0, 1000.0, "eV/atom; reaching it ends the run", "Target (eV/atom)"
    )
    time_limit: float = number(3600.0, 1.0, MAX_TIME, "s, wall clock", "Time limit (s)")
    patience: int | None = number(
        None,
        1,
        MAX_STEPS,
        "steps without a new best energy until the run ends",
        "Stop without improvement (patience, steps)",
    )
    kT: float = number(0.02, 1e-6, 10.0, "temperature of the acceptance test (RL-CSP: 0.02)", "kT (eV)")
    melt_after: int = number(
        500, 1, MAX_STEPS, "steps without a lower structure until kT is raised", "Melt after (steps)"
    )
    melt_step: float = number(
        0.01, 0.0, 10.0, "largest rise of kT in one step while melting", "Largest rise of kT in a step (eV)"
    )
    penalty: str = choice(
        "high-energy",
        PENALTIES,
        "reward of a trial that failed or found an energy seen before",
        "Penalty for failed or repeated trials",
    )
    min_distance: float = number(
        1.2,
        0.0,
        3.0,
        "least distance of two atoms in a trial; 0 leaves close contacts to the energy check",
        "Shortest distance (Å)",
    )
    rattle: float = number(
        0.05, 0.0, 1.0, "standard deviation of the displacements before relaxing", "Rattle (Å)"
    )
    # the name of a shipped one, or what a file says; stored runs that name none mean this one
    potential: str | Mapping[str, Any] = described("potential", "ysrtio", "pair energies of the ions")
    calculator: str = described("text", "builtin", "program that computes energies")
    relax_force: float | None = number(
        None, 1e-5, 1.0, "eV/Å at which a relaxation ends; left out, 0.005, for a module:function 0.05"
    )
    relax_evaluations: int | None = number(
        None, 1, 100_000, "most energies of one relaxation; left out, 3000, for a module:function 100"
    )
    features: str = described("text", "published", "what the agent sees of the search")
    # the name of a shipped one, or what a file says; kept in full, see `search.policies`
    policy: str | Mapping[str, Any] | None = described(
        "policy", None, "learned before, from which the agent starts; left out, the odds of the action set"
    )
    parallel: int = number(
        1, 1, 64, "trials that are chosen together and relaxed on as many cores", "Trials relaxed at once"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        # one compound is one run: what is stored, compared and searched has one spelling
        object.__setattr__(self, "composition", canonical_formula(self.composition))
        if self.policy is not None:
            from rlcsp_core.search.policies import recorded

            object.__setattr__(self, "policy", recorded(self.policy))

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, complete: defaults are written out, so that later versions cannot reinterpret a stored run."""
        return {**asdict(self), "settings": dict(self.settings)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SearchConfig:
        """From a file, a database or an archive, also of versions that had a matrix in place of a policy."""
        return settings_from(
            cls,
            _with_policy(values) if isinstance(values, Mapping) and FORMER in values else values,
            "a search",
        )


def _with_policy(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration of an earlier version with the rows of its matrix, if it has one, as a policy."""
    from rlcsp_core.actions import actions_of
    from rlcsp_core.search.policies import from_rows

    values = dict(values)
    theta = values.pop(FORMER)
    if theta is None:
        return values
    try:
        rows = {a.number: row for a, row in zip(actions_of(values), theta, strict=True)}
    except (KeyError, TypeError, ValueError):
        raise ConfigError(f"{FORMER} must be a list with a list of numbers for each action") from None
    name, features = values.get("actions", "published"), values.get("features", "published")
    return {**values, "policy": from_rows("of an earlier version", name, features, rows)}


def energy_source(config: Mapping[str, Any]) -> str:
    """Whose energies those of a run are: a potential, or a calculator of somebody's own.  Others are not comparable.

    A potential from a file is named with a digest of what the file says."""
    calculator = str(config.get("calculator", "builtin"))
    if is_outside(calculator):
        return calculator
    potential = config.get("potential", DEFAULT)
    if isinstance(potential, str):
        return potential
    digest = hashlib.sha1(json.dumps(potential, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
    return f"{potential['name']} {digest[:DIGITS]}"


SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in settings_in(SearchConfig)}
