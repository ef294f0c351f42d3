"""Where compiled kernels are kept between runs.

One folder per state of the code: its name holds a hash of every source file with a kernel and of the versions of
Python, NumPy, Numba and llvmlite, so that an upgrade never loads a stale kernel (Numba itself notices only changes of
the file a kernel stands in, and tells processors apart).  The folder lies in the user's cache, or where
RLCSP_CACHE_DIR says, or in a temporary folder if neither can be written: the package itself may be read-only.

The folder is chosen and made when the first kernel is needed.  Importing kernels touches no disk, and what other
programs in the process compile with Numba stays where they keep it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import CompileResultCacheImpl, FunctionCache, NullCache, _CacheLocator
from numba.core.sigutils import normalize_signature

from rlcsp_core.paths import PACKAGE, user_cache

KEEP_UNUSED = 14 * 24 * 3600.0  # s after which the folder of another state of the code is removed
PREFIX = "kernels-"
HAS_KERNEL = re.compile(rb"^@(njit|kernel)\b", re.MULTILINE)

# How kernels are compiled.  Rounding is written out for each: left open, it is that of the kernel which happens to
# need this one first, and results would depend on the order of compiling.
KERNEL: dict[str, Any] = {"nogil": True, "fastmath": False}
# Functions that only kernels call: without wrappers for Python and copies on disk, a third faster to compile.  They are
# always made part of their caller.  Left to the compiler, some would stay functions of their own, and the process that
# compiles would call those it made first, optimised alone, another process those it loads with the caller: their sums
# round differently.
PART: dict[str, Any] = {
    "nogil": True,
    "fastmath": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "forceinline": True,
}
# sums in any order, as vector units want them; NaN stays NaN
FAST_PART: dict[str, Any] = {**PART, "fastmath": {"reassoc", "contract", "nsz"}}


def _sources() -> list[Path]:
    """Files with kernels, and all of the energy: the fields of the tables it makes are built into kernels."""
    kernels = {path for path in PACKAGE.rglob("*.py") if HAS_KERNEL.search(path.read_bytes())}
    return sorted(kernels.union(PACKAGE.glob("energy/*.py")))


@cache
def state_key() -> str:
    """Hash of everything that changes what a kernel compiles to, but for the processor."""
    digest = hashlib.sha256()
    for version in (platform.python_version(), np.__version__, numba.__version__, llvmlite.__version__):
        digest.update(version.encode() + b"\0")
    for path in _sources():
        digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            return True
    except OSError:
        return False


def _prune(parent: Path, current: Path) -> None:
    """Remove folders of other states of the code that nobody has used for a while."""
    for other in parent.glob(PREFIX + "*"):
        try:
            if other != current and time.time() - other.stat().st_mtime > KEEP_UNUSED:
                shutil.rmtree(other, ignore_errors=True)
        except OSError:
            continue  # another process was faster


@cache
def folder() -> Path:
    """The folder of this state of the code; made, and old ones removed, when it is first asked for."""
    chosen = os.environ.get("RLCSP_CACHE_DIR")
    name = PREFIX + state_key()
    fallback = Path(tempfile.gettempdir()) / f"rlcsp-{getattr(os, 'getuid', lambda: 0)()}"
    for parent in (Path(chosen).expanduser() if chosen else user_cache(), fallback):
        place = parent / name
        if _writable(place):
            os.utime(place)
            _prune(parent, place)
            return place
    return Path(tempfile.mkdtemp(prefix="rlcsp-"))


class _Locator(_CacheLocator):
    """Tells Numba where a kernel is kept and when it is out of date: never, within its folder."""

    def __init__(self, line: int) -> None:
        self._line = line

    @classmethod
    def from_function(cls, py_func: Any, _py_file: str) -> _Locator:
        return cls(py_func.__code__.co_firstlineno)

    def get_cache_path(self) -> str:
        return str(folder())

    def get_source_stamp(self) -> str:
        return state_key()

    def get_disambiguator(self) -> str:
        return str(self._line)


class _Files(CompileResultCacheImpl):
    _locator_classes: Any = [_Locator]  # noqa: RUF012 - as the base class has it


class _FunctionCache(FunctionCache):
    _impl_class = _Files


class _Kept(NullCache):
    """Numba's cache of one function, opened when it is first asked."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    @cached_property
    def _opened(self) -> _FunctionCache:
        return _FunctionCache(self._function)

    @property
    def cache_path(self) -> str:
        return str(folder())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        return self._opened.load_overload(sig, target_context)

    def save_overload(self, sig: Any, cres: Any) -> None:
        self._opened.save_overload(sig, cres)

    def flush(self) -> None:
        self._opened.flush()


def kernel(function: Callable[..., Any]) -> Any:
    """Decorator: a function that Numba compiles and keeps on disk."""
    dispatcher = numba.njit(**KERNEL)(function)
    dispatcher._cache = _Kept(function)
    return dispatcher


def compiled(kernel: Any, signature: Any) -> Any:
    """What Numba made of a kernel for that signature, now or earlier.

    It keeps it on disk under the types as given here, and looks for types of arguments when the kernel is called: a
    signature with its result would be compiled, kept, and never found.
    """
    arguments, _ = normalize_signature(signature)
    kernel.compile(arguments)
    return kernel.overloads[arguments]
