"""Lattice energies of ionic crystals: potential, evaluation and an ASE calculator.

Names are loaded when first used, so that the engine starts without importing ASE.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlcsp_core.energy.ase_calculator import IonicCalculator
    from rlcsp_core.energy.evaluation import Evaluation, evaluate, refuse_contacts
    from rlcsp_core.energy.potential import Potential
    from rlcsp_core.energy.potential_file import load_potential

_HOMES = {
    "Evaluation": "evaluation",
    "IonicCalculator": "ase_calculator",
    "Potential": "potential",
    "evaluate": "evaluation",
    "load_potential": "potential_file",
    "refuse_contacts": "evaluation",
}
__all__ = ["Evaluation", "IonicCalculator", "Potential", "evaluate", "load_potential", "refuse_contacts"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value  # over the submodule of the same name, for good
    return value
