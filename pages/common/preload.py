"""Loads the libraries that pages need before anybody waits for them: that takes seconds the first time.

`serve.py` loads them while the server starts, so that the first visitor finds a page as quick as every other.  Where
the dashboard is started without it, the first page does, after a pause, since a thread that loads slows down the page
that is being made.
"""

from __future__ import annotations

import gc
import threading
import time
from functools import cache
from importlib import import_module
from pathlib import Path

PAUSE = 1.5  # s; the first page is there by then
PAGES = Path(__file__).parents[1]  # whose parts would be imported when a page is opened
MODULES = (
    "pandas",
    "rlcsp_core.crystal.formats",
    "rlcsp_core.crystal.scene",
    "rlcsp_core.actions",
    "rlcsp_core.execution",
    "rlcsp_core.analysis.reading",
    "rlcsp_core.plots.live",
    "rlcsp_core.plots.compare",
    "rlcsp_core.plots.distributions",
    "rlcsp_core.plots.phase_field",
    "rlcsp_core.plots.policy",
    "rlcsp_core.plots.study",
    "rlcsp_core.search.loop",
    "scipy.stats",
    "spglib",
    "pymatgen.analysis.phase_diagram",
    "pymatgen.analysis.structure_matcher",
    "pymatgen.analysis.diffraction.xrd",
    "pymatgen.io.ase",
)


def load() -> None:
    for name in MODULES:
        import_module(name)
    for part in sorted(PAGES.glob("*/*.py")):
        if part.stem not in ("page", "__init__"):
            import_module(f"{PAGES.name}.{part.parent.name}.{part.stem}")
    gc.collect()
    gc.freeze()  # what the libraries hold stays; without it, every full collection looks through all of it


@cache
def preload(pause: float = 0.0) -> threading.Thread:
    """Load beside; asked again, it is the same thread."""
    thread = threading.Thread(target=_load, args=(pause,), name="preload", daemon=True)
    thread.start()
    return thread


def _load(pause: float) -> None:
    time.sleep(pause)
    load()
