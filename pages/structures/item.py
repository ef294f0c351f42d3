"""A structure to look at, and where it is from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rlcsp_core.energy.potential_file import Choice
from rlcsp_core.plots.crystal_view import Frame
from rlcsp_core.records import Crystal
from rlcsp_core.store import Refinement


class Item(NamedTuple):
    """A structure to look at."""

    crystal: Crystal
    title: str
    energy: float | None = None  # eV/atom
    before: Crystal | None = None  # as built, before its relaxation
    film: Sequence[Frame] = ()  # how it came about
    name: str = "structure"  # of files
    refined: Sequence[Refinement] = ()  # what other models made of it
    potential: Choice | None = None  # that it was relaxed in; None where it was not
    others: Mapping[str, Callable[[], Crystal]] = {}  # to look at beside it, by name
