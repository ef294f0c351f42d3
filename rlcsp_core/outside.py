"""Code of others, named as module:attribute, and when it is imported.

A configuration names an agent or a calculator in text, and it may come from a database, an archive or an experiment
file that somebody else has written.  So a name is imported only where the user has said so: on the command line
(`--agent`, `--calculator`), with `trust`, or in the environment variable RLCSP_TRUST, names separated by commas, which
worker processes inherit.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from rlcsp_core.errors import ConfigError

VARIABLE = "RLCSP_TRUST"


def is_outside(name: str) -> bool:
    """Whether it names code of others, and not one of our own choices."""
    return ":" in name


def trusted() -> tuple[str, ...]:
    """The names that may be imported."""
    return tuple(name for name in os.environ.get(VARIABLE, "").split(",") if name)


def trust(name: str) -> None:
    """Let this program and the workers it starts import module:attribute."""
    os.environ[VARIABLE] = ",".join(dict.fromkeys((*trusted(), name)))


def imported(name: str, what: str) -> Any:
    """The attribute; ConfigError where the user has not said so, else whatever its import raises.

    The module may lie in the present folder."""
    if name not in trusted():
        raise ConfigError(
            f"{what} {name!r} is code from outside, which is imported only where you say so: if you know it, set the "
            f"environment variable {VARIABLE} to {name!r}"
        )
    module, _, attribute = name.partition(":")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # as `python -m` has it, and so every worker process
    return getattr(import_module(module), attribute)
