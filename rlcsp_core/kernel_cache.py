"""Where compiled kernels are kept between runs.

One folder per state of the code: its name holds a hash of every source file with a kernel and of the versions of
Python, NumPy, Numba and llvmlite, so that an upgrade never loads a stale kernel (Numba itself notices only changes of
the file a kernel stands in, and tells processors apart).  The folder lies in the user's cache, or where
RLCSP_CACHE_DIR says, or in a temporary folder if neither can be written: the package itself may be read-only.

Importing this module sets Numba's cache folder, so every module with kernels imports it before `numba.njit`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.sigutils import normalize_signature

PACKAGE = Path(__file__).resolve().parent
KEEP_UNUSED = 14 * 24 * 3600.0  # s after which the folder of another state of the code is removed
PREFIX = "kernels-"

# How kernels are compiled.  Rounding is written out for each: left open, it is that of the kernel which happens to
# need this one first, and results would depend on the order of compiling.
KERNEL: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": False}
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


def _with_kernels() -> set[Path]:
    return {path for path in PACKAGE.rglob("*.py") if b"njit" in path.read_bytes()}


def _sources() -> list[Path]:
    """Files with kernels, and all of the energy: the fields of the tables it makes are built into kernels."""
    return sorted(_with_kernels().union(PACKAGE.glob("energy/*.py")))


def state_key() -> str:
    """Hash of everything that changes what a kernel compiles to, but for the processor."""
    digest = hashlib.sha256()
    for version in (platform.python_version(), np.__version__, numba.__version__, llvmlite.__version__):
        digest.update(version.encode() + b"\0")
    for path in _sources():
        digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def checkout_key() -> str:
    """Hash of where the kernels' files lie and when they were written.

    Numba finds what it has compiled by both: another copy of the same sources, or the same one moved, compiles again.
    """
    digest = hashlib.sha256()
    for path in sorted(_with_kernels()):
        written = path.stat()
        digest.update(f"{path}\0{written.st_mtime_ns}\0{written.st_size}\0".encode())
    return digest.hexdigest()[:16]


def _user_cache() -> Path:
    if "RLCSP_CACHE_DIR" in os.environ:
        return Path(os.environ["RLCSP_CACHE_DIR"]).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "rlcsp"
    if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
        return Path(os.environ["LOCALAPPDATA"]) / "rlcsp" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rlcsp"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _prune(parent: Path, current: Path) -> None:
    """Remove folders of other states of the code that nobody has used for a while."""
    for folder in parent.glob(PREFIX + "*"):
        try:
            if folder != current and time.time() - folder.stat().st_mtime > KEEP_UNUSED:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another process was faster


def _prepare() -> Path:
    name = PREFIX + state_key()
    fallback = Path(tempfile.gettempdir()) / f"rlcsp-{getattr(os, 'getuid', lambda: 0)()}"
    for parent in (_user_cache(), fallback):
        folder = parent / name
        if _writable(folder):
            os.utime(folder)
            _prune(parent, folder)
            return folder
    return Path(tempfile.mkdtemp(prefix="rlcsp-"))


FOLDER = _prepare()
setattr(numba.config, "CACHE_DIR", str(FOLDER))  # noqa: B010 - a name Numba makes at run time


def compiled(kernel: Any, signature: Any) -> Any:
    """What Numba made of a kernel for that signature, now or earlier.

    It keeps it on disk under the types as given here, and looks for types of arguments when the kernel is called: a
    signature with its result would be compiled, kept, and never found.
    """
    arguments, _ = normalize_signature(signature)
    kernel.compile(arguments)
    return kernel.overloads[arguments]
