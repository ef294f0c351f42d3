"""The search: configuration in, records out.

`Search` loads the compiled engine, so it is imported from where it is used; `SearchConfig` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcsp_core.search.config import SETTINGS, SearchConfig

if TYPE_CHECKING:
    from rlcsp_core.search.loop import Search
    from rlcsp_core.search.parts import check_config

__all__ = ["SETTINGS", "Search", "SearchConfig", "check_config"]


def __getattr__(name: str) -> Any:
    if name in ("Search", "check_config"):
        from rlcsp_core.search import loop

        return getattr(loop, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
