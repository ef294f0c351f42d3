"""What learning rules have in common: a step maps parameters and experience to new parameters."""

from __future__ import annotations

from typing import NamedTuple

from rlcsp_core.agents.episodes import Episode
from rlcsp_core.records import Array


class Parameters(NamedTuple):
    """All that a rule changes."""

    theta: Array  # [A, F]
    kl_weight: float  # λ_KL of PPO's penalty; the other rules leave it as it is
    critic: Array  # [F] v of actor–critic's V(s) = v·x(s); the other rules leave it at 0


class Improvement(NamedTuple):
    """One step of a rule."""

    parameters: Parameters
    gradient: Array  # [A, F] the estimate the step was made from
    batch: Episode  # the experience it was made from
