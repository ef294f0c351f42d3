"""Compile every kernel of energy and relaxation once, so that the first search does not wait for it.

Kernels are kept on disk (see kernel_cache); with all of them there, `warm` takes a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from rlcsp_core.energy import real_kernels, reciprocal_kernels, total_kernels
from rlcsp_core.energy.tables import Tables
from rlcsp_core.kernel_cache import FOLDER
from rlcsp_core.relax import descent_kernels

Progress = Callable[[str, float], None]
MARKER = "complete"


def _empty_tables() -> Tables:
    table = np.zeros((1, 1, 4))
    return Tables(table, 1.0, 1.0, table, 1.0, 1.0, np.zeros(1), np.zeros(1))


def _kernels() -> list[tuple[str, Any, tuple[Any, ...]]]:
    """What to compile, in an order in which later ones reuse earlier ones: name, kernel, examples of its arguments."""
    x, cell, index = np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(1, dtype=np.int64)
    vector, tables = np.zeros(12), _empty_tables()
    unsigned = np.zeros(1, dtype=np.uint32)
    neighbours = real_kernels.Neighbours(unsigned, x, index, unsigned)
    state = descent_kernels.State(vector, vector, cell, cell, cell, vector, vector, index)
    limits = descent_kernels.Limits(1.0, 1.0, 1.0, 1.0, 1.0, 1)
    sums = (x, cell, index, index, tables)
    return [
        ("neighbour lists", real_kernels.list_neighbours, (x, cell, index, 1.0)),
        ("sum over neighbours", real_kernels.real_space, (*sums, neighbours, x, cell)),
        ("sum over waves", reciprocal_kernels.reciprocal_space, (*sums, x, cell)),
        ("lattice energy", total_kernels.evaluate_cell, sums),
        ("contacts", total_kernels.deepest_contact, (x, cell, index, index, cell)),
        ("relaxation", descent_kernels.descend, (state, index, index, tables, limits, 1)),
    ]


def _marker() -> Any:
    from llvmlite import binding

    return FOLDER / f"{MARKER}-{binding.get_host_cpu_name()}"


def is_warm() -> bool:
    """Have all kernels been compiled, for this state of the code and this processor?"""
    return bool(_marker().exists())


def warm(progress: Progress | None = None) -> None:
    """Compile, or load, every kernel; `progress` gets the name of the next one and the share that is done."""
    kernels = _kernels()
    for done, (name, kernel, examples) in enumerate(kernels):
        if progress is not None:
            progress(name, done / len(kernels))
        kernel.compile(tuple(numba.typeof(example) for example in examples))
    if progress is not None:
        progress("ready", 1.0)
    _marker().touch()
