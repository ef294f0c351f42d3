"""Libraries that pages need, loaded before anybody waits for them.

`serve.py` loads them while the server starts, so that the first visitor finds a page as quick as every other.  Where
the dashboard is started without it, the first page loads them beside.
"""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "pandas",
    "rlcsp_core.crystal.formats",
    "rlcsp_core.crystal.scene",
    "rlcsp_core.actions",
    "rlcsp_core.runs",
    "rlcsp_core.plots.live",
    "rlcsp_core.plots.compare",
    "rlcsp_core.plots.policy",
    "rlcsp_core.search.loop",
    "scipy.stats",
    "lifelines",
    "spglib",
    "pymatgen.analysis.structure_matcher",
    "pymatgen.analysis.diffraction.xrd",
    "pymatgen.io.ase",
)


def load() -> None:
    for name in MODULES:
        import_module(name)
