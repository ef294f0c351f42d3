"""Values that are remembered for as long as what they are of lives: records are frozen, and many ask for the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

Of = TypeVar("Of")
P = ParamSpec("P")
T = TypeVar("T")


def once(function: Callable[Concatenate[Of, P], T]) -> Callable[Concatenate[Of, P], T]:
    """Computes each value once, for a record and whatever else is asked; what it gives must not hold the record."""
    known: WeakKeyDictionary[Of, dict[Any, T]] = WeakKeyDictionary()

    @wraps(function)
    def remembered(of: Of, *more: P.args, **named: P.kwargs) -> T:
        values, asked = known.setdefault(of, {}), (more, *sorted(named.items()))
        if asked not in values:
            values[asked] = function(of, *more, **named)
        return values[asked]

    return remembered
