"""What a run is: every choice that decides its records, and nothing else.

Two runs with equal configurations yield identical records.  `as_dict` and `from_dict` are the form in which a
configuration is stored, exported and compared.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rlcsp_core.crystal.composition import canonical_formula
from rlcsp_core.errors import ConfigError

MAX_ATOMS = 400  # a structure larger than this is not a search but a supercell
MAX_STEPS = 10_000_000
MAX_POPULATION = 10_000
LARGEST_THETA = 1e6  # preferences beyond are certain to the last bit


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """Settings of one run; checked once, here, on whichever way they came in."""

    composition: str = "Y2O3"  # any charge-neutral formula of the potential's ions, in any spelling
    algorithm: str = "rlcsp"  # a key of agents.AGENTS
    baseline: str | None = None  # a key of agents.BASELINES; None: the algorithm's own default
    settings: Mapping[str, Any] = field(
        default_factory=dict
    )  # hyperparameters that differ from their defaults
    actions: str = "published"  # a key of actions.ACTION_SETS
    seed: int = 1
    steps: int = 500  # relaxed trials after the initial population
    max_atoms: int = 40
    population: int = 100  # random structures relaxed before the first step
    target: float | None = None  # eV/atom; reaching it ends the run
    time_limit: float = 3600.0  # s, wall clock
    patience: int | None = None  # r_max: steps without a new best energy until the run ends; None: no limit
    kT: float = 0.02  # eV
    melt_after: int = 500  # steps without a lower structure until the temperature is raised
    melt_step: float = 0.01  # eV, the largest raise of kT in one step while melting
    penalty: str = "high-energy"  # reward of a useless step: "high-energy" (E_p) or "fixed" (−3)
    min_distance: float = 1.2  # Å, of a sound trial; 0 leaves close contacts to the guard
    rattle: float = 0.05  # Å, standard deviation of the displacements before relaxing
    calculator: str = "builtin"  # who computes energies
    features: str = "published"  # what the agent sees of the search; a key of features.FEATURE_SETS
    initial_policy: list[list[float]] | None = (
        None  # θ [A, F] to start from; None: the prior of the action set
    )
    parallel: int = 1  # trials that are chosen together and relaxed on as many cores

    def __post_init__(self) -> None:
        # one compound is one run: what is stored, compared and searched has one spelling
        object.__setattr__(self, "composition", canonical_formula(self.composition))
        for name, low, high in RANGES:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name} must lie between {low:.15g} and {high:.15g}, got {value:.15g}")
        if self.penalty not in PENALTIES:
            raise ConfigError(f"unknown penalty {self.penalty!r}; choose from {', '.join(PENALTIES)}")
        if self.initial_policy is not None:
            _check_matrix(self.initial_policy)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, complete: defaults are written out, so that later versions cannot reinterpret a stored run."""
        return {**asdict(self), "settings": dict(self.settings)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SearchConfig:
        """From a file, a database or an archive: names and types are checked too."""
        if not isinstance(values, Mapping):
            raise ConfigError(f"a configuration is a table of settings, got {values!r}")
        for name, value in values.items():
            if name not in FIELDS:
                raise ConfigError(f"unknown setting {name!r}; choose from {', '.join(sorted(FIELDS))}")
            if not (value is None and optional(name)) and not any(
                fits(value, k) for k in kinds_of(FIELDS[name])
            ):
                wanted = " or ".join(KINDS[kind] for kind in kinds_of(FIELDS[name]))
                raise ConfigError(f"{name} must be {wanted}, got {value!r}")
        return cls(**values)


FIELDS: Mapping[str, Any] = typing.get_type_hints(SearchConfig)
KINDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    dict: "a table",
    list: "a list of lists of numbers",
}


def optional(name: str) -> bool:
    return type(None) in typing.get_args(FIELDS[name])


def kinds_of(hint: Any) -> tuple[type, ...]:
    """The TOML types of a field: float takes whole numbers too, mappings are tables, None cannot be written."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return tuple(_plain(option) for option in options if option is not type(None))


def _plain(hint: Any) -> type:
    origin = typing.get_origin(hint)
    return hint if origin is None else list if origin is list else dict


def _check_matrix(rows: Any) -> None:
    good = isinstance(rows, list) and bool(rows) and all(isinstance(row, list) and row for row in rows)
    good = good and all(type(x) in (int, float) and abs(x) < LARGEST_THETA for row in rows for x in row)
    if not good or len({len(row) for row in rows}) != 1:
        raise ConfigError(
            "initial_policy must be a list of rows of one length, a row for each action and a number for each feature"
        )


def fits(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)


PENALTIES = ("high-energy", "fixed")

# (setting, lowest, highest): for forms, the command line and the check above
RANGES: tuple[tuple[str, float, float], ...] = (
    ("seed", 0, 2**31 - 1),
    ("steps", 1, MAX_STEPS),
    ("max_atoms", 1, MAX_ATOMS),
    ("population", 1, MAX_POPULATION),
    ("target", -1000.0, 1000.0),
    ("time_limit", 1.0, 30 * 86400.0),
    ("patience", 1, MAX_STEPS),
    ("kT", 1e-6, 10.0),
    ("melt_after", 1, MAX_STEPS),
    ("melt_step", 0.0, 10.0),
    ("min_distance", 0.0, 3.0),
    ("rattle", 0.0, 1.0),
    ("parallel", 1, 64),
)
