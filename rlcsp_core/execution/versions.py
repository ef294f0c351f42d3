"""What a result depends on besides its configuration: programs and machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from rlcsp_core import __version__

PACKAGES = ("numpy", "numba", "llvmlite")  # those whose arithmetic enters the records


def versions() -> dict[str, str]:
    """Names and versions, and the machine they ran on."""
    return {
        "rlcsp": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(usable_cores()),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def usable_cores() -> int:
    """Cores this process may use, which in a container are fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """Model name; Linux keeps it in a file, elsewhere the platform knows it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "unknown"
