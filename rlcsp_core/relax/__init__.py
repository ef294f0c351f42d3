"""Relaxation of atoms and cell: the built-in optimiser, and others by name."""

from __future__ import annotations

from rlcsp_core.relax.named import (
    BUILTIN,
    DESCENTS,
    RELAXERS,
    Relaxer,
    descent_named,
    relaxer_named,
    settler_named,
)
from rlcsp_core.relax.relaxer import SCREENED, RelaxConfig, relax, relax_path
from rlcsp_core.relax.warming import is_warm, warm

__all__ = [
    "BUILTIN",
    "DESCENTS",
    "RELAXERS",
    "SCREENED",
    "RelaxConfig",
    "Relaxer",
    "descent_named",
    "is_warm",
    "relax",
    "relax_path",
    "relaxer_named",
    "settler_named",
    "warm",
]
