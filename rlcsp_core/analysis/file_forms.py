"""Kinds of files that results are written to, chosen by the ending of a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, NamedTuple, ParamSpec

from rlcsp_core.errors import ConfigError

P = ParamSpec("P")


class Form(NamedTuple, Generic[P]):
    """A kind of file."""

    label: str
    write: Callable[P, bytes]
    mime: str


def form_of(path: Path, forms: Mapping[str, Form[P]]) -> Form[P]:
    """By the ending of its name; ConfigError with the choices."""
    try:
        return forms[path.suffix]
    except KeyError:
        raise ConfigError(f"the file {str(path)!r} must end in one of {', '.join(forms)}") from None
