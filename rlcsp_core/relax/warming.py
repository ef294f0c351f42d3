"""Compile every kernel once, so that the first search does not wait for it.

Kernels are kept on disk (see kernel_cache); with all of them there, `warm` takes a fraction of a second.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rlcsp_core.crystal.contact_kernels import COUNT_CONTACTS, count_contacts
from rlcsp_core.crystal.orbit_kernels import CHOOSE_ORBITS, PLACE_ORBITS, choose_orbits, place_orbits
from rlcsp_core.energy.real_kernels import list_neighbours
from rlcsp_core.energy.signatures import DEEPEST_CONTACT, LATTICE_ENERGY, LIST_NEIGHBOURS
from rlcsp_core.energy.total_kernels import deepest_contact, lattice_energy
from rlcsp_core.kernel_cache import compiled, folder
from rlcsp_core.paths import PACKAGE
from rlcsp_core.relax.descent_kernels import DESCEND, descend

Progress = Callable[[str, float], None]
MARKER = "complete"
HELP = "import gc; gc.disable(); from rlcsp_core.relax import warming; warming.compile_descent()"


def _kernels() -> list[tuple[str, Callable[[], object]]]:
    """What to compile or load, the largest last."""
    return [
        ("lattice energy", lambda: compiled(lattice_energy, LATTICE_ENERGY)),
        ("neighbour lists", lambda: compiled(list_neighbours, LIST_NEIGHBOURS)),
        ("contacts", lambda: compiled(deepest_contact, DEEPEST_CONTACT)),
        ("checks of trials", lambda: compiled(count_contacts, COUNT_CONTACTS)),
        ("symmetric sites", lambda: compiled(choose_orbits, CHOOSE_ORBITS)),
        ("symmetric trials", lambda: compiled(place_orbits, PLACE_ORBITS)),
        ("relaxation", compile_descent),
    ]


def compile_descent() -> None:
    compiled(descend, DESCEND)


def _marker() -> Any:
    from llvmlite import binding

    return folder() / f"{MARKER}-{binding.get_host_cpu_name()}"


def is_warm() -> bool:
    """Have all kernels been compiled, for this state of the code and this processor?"""
    return bool(_marker().exists())


@contextmanager
def _without_collection() -> Iterator[None]:
    """The compiler makes objects by the million and drops few: looking for garbage is a fifth of its time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _helper() -> subprocess.Popen[bytes] | None:
    """Another process that makes the largest kernel meanwhile."""
    if is_warm() or not sys.executable or (os.cpu_count() or 1) < 2:
        return None
    try:
        return subprocess.Popen(
            [sys.executable, "-c", HELP],
            cwd=PACKAGE.parent,
            env={**os.environ, "RLCSP_CACHE_DIR": str(folder().parent)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None


def warm(progress: Progress | None = None) -> None:
    """Compile, or load, every kernel; `progress` gets the name of the next one and the share that is done."""
    kernels, helper = _kernels(), _helper()
    with _without_collection():
        for done, (name, compile_kernel) in enumerate(kernels):
            if progress is not None:
                progress(name, done / len(kernels))
            if compile_kernel is compile_descent and helper is not None:
                helper.wait()  # what it could not make is made here after all
            compile_kernel()
    if progress is not None:
        progress("ready", 1.0)
    _marker().touch()
