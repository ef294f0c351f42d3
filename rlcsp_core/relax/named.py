"""Relaxers by name: the built-in engine, or another code behind the same call."""

from __future__ import annotations

from collections.abc import Callable

from rlcsp_core.energy.potential import load_potential
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Crystal, Relaxation
from rlcsp_core.relax.relaxer import RelaxConfig, relax

Relaxer = Callable[[Crystal], Relaxation]

NO_CLOCK = 1e9  # s: a search is bounded in evaluations, which repeat, not in seconds, which do not


def builtin(config: RelaxConfig | None = None) -> Relaxer:
    """The engine of this package with the shipped potential."""
    potential = load_potential()
    settings = config or RelaxConfig(seconds=NO_CLOCK)
    return lambda crystal: relax(crystal, potential, settings)


RELAXERS: dict[str, Callable[[], Relaxer]] = {"builtin": builtin}


def relaxer_named(name: str) -> Relaxer:
    """A relaxer ready to be called; raises ConfigError with the choices."""
    try:
        make = RELAXERS[name]
    except KeyError:
        raise ConfigError(f"unknown calculator {name!r}; choose from {', '.join(RELAXERS)}") from None
    return make()
