"""Crystal structure prediction by reinforcement learning: engine, agents, search and storage.

The names below are all that most programs need.  Each is loaded when it is first used; importing this package loads
next to nothing and changes nothing in the process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlcsp_core.crystal.formats import read_crystals as read_crystals
    from rlcsp_core.crystal.formats import to_ase as to_ase
    from rlcsp_core.energy import IonicCalculator as IonicCalculator
    from rlcsp_core.errors import RLCSPError as RLCSPError
    from rlcsp_core.execution import RunManager as RunManager
    from rlcsp_core.plots.notebook import show as show
    from rlcsp_core.records import Crystal as Crystal
    from rlcsp_core.relax import relaxer_named as relaxer_named
    from rlcsp_core.search import Search as Search
    from rlcsp_core.search import SearchConfig as SearchConfig
    from rlcsp_core.store import Store as Store
    from rlcsp_core.store import open_store as open_store

__version__ = "0.1.0"
_HOMES = {
    "Crystal": "records",
    "IonicCalculator": "energy",
    "RLCSPError": "errors",
    "RunManager": "execution",
    "Search": "search",
    "SearchConfig": "search",
    "Store": "store",
    "open_store": "store",
    "read_crystals": "crystal.formats",
    "relaxer_named": "relax",
    "show": "plots.notebook",
    "to_ase": "crystal.formats",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
