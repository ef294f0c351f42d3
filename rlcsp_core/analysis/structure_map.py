"""Distinct structures as a map: how high each lies, how much room it takes, and which steps lead from one to another.

Shapes: G structures, E edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rlcsp_core.analysis.lineage import History, accepted_moves
from rlcsp_core.records import Array, IntArray


class StructureMap(NamedTuple):
    """The lowest structure first."""

    volume: Array  # [G] Å³/atom
    above: Array  # [G] meV/atom above the lowest
    n_atoms: IntArray  # [G] in the cell
    space_group: tuple[str, ...]  # [G]
    edges: IntArray  # [E, 2] places of structures: an accepted step led from the first to the second, each pair once


def accepted_edges(of_step: Mapping[int, int], of_member: Mapping[int, int], history: History) -> IntArray:
    """Edges [E, 2] of a run whose steps and members of the population are at these places."""
    first = _lowest_member(history)
    # dict: each pair once, in the order in which they were made
    found: dict[tuple[int, int], None] = {}
    for parent, step in accepted_moves(history):
        before = of_step.get(parent) if parent else of_member.get(first)
        after = of_step.get(step)
        if before is not None and after is not None and before != after:
            found[before, after] = None
    return np.array(list(found), dtype=np.int64).reshape(-1, 2)


def _lowest_member(history: History) -> int:
    """-1 where every member failed."""
    known = np.isfinite(history.population)
    return int(np.nanargmin(history.population)) if known.any() else -1
