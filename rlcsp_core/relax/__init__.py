"""Relaxation of atoms and cell: the built-in optimiser, and others by name."""

from __future__ import annotations

from rlcsp_core.relax.named import BUILTIN, RELAXERS, Relaxer, limits_of, relaxer_named
from rlcsp_core.relax.relaxer import RelaxConfig, relax, relax_path
from rlcsp_core.relax.warming import is_warm, warm

__all__ = [
    "BUILTIN",
    "RELAXERS",
    "RelaxConfig",
    "Relaxer",
    "is_warm",
    "limits_of",
    "relax",
    "relax_path",
    "relaxer_named",
    "warm",
]
