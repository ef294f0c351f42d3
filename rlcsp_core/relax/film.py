"""A relaxation with pictures of its way down."""

from __future__ import annotations

from typing import NamedTuple

from rlcsp_core.energy.potential import Potential
from rlcsp_core.records import Crystal, Relaxation
from rlcsp_core.relax.relaxer import relax, relax_path

FRAMES = 40


class Film(NamedTuple):
    """How it ended and, where it converged, how it got there."""

    outcome: Relaxation
    energies: list[float]  # eV/atom at every point of the path
    frames: list[tuple[Crystal, float]]  # FRAMES of the points or fewer, and the minimum, with their energies


def relax_film(crystal: Crystal, potential: Potential) -> Film:
    """Relax, and once more with a picture at each point if that leads to a minimum."""
    outcome = relax(crystal, potential)
    path = relax_path(crystal, potential) if outcome.converged else []
    frames = path[:: max(1, -(-len(path) // FRAMES))]
    if path and frames[-1] is not path[-1]:
        frames.append(path[-1])
    return Film(outcome, [energy for _, energy in path], frames)
