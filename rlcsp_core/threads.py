"""Linear algebra in one thread: how many threads share a sum decides how it is rounded, and records must not depend on
the number of cores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np  # noqa: F401 - so that its library is there to be found
from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside: list[Any] = []  # the limit in force, once for everyone who asked for it


@cache
def _libraries() -> ThreadpoolController:
    """NumPy's linear algebra.  SciPy may load one of its own later; nothing that decides a record uses it."""
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within, products and solves use one thread; what was set before comes back when the last one leaves.

    The setting is one for the process, so threads that come and go must not put it back under each other."""
    with _lock:
        _inside.append(_inside[0] if _inside else _libraries().limit(limits=1))
    try:
        yield
    finally:
        with _lock:
            limit = _inside.pop()
            if not _inside:
                limit.restore_original_limits()
