"""Where files are: those that come with the program, and those of its user.

In a checkout the dashboard (app.py, pages, static) and the data stand beside this package; in an installed package they
stand in its folder `files`, laid out alike.
"""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_cache_path, user_data_path

NAME = "rlcsp"
PACKAGE = Path(__file__).resolve().parent
_INSTALLED = PACKAGE / "files"
IN_CHECKOUT = not _INSTALLED.is_dir()
ROOT = PACKAGE.parent if IN_CHECKOUT else _INSTALLED
DATA = ROOT / "data"
STATIC = ROOT / "static"


def user_data() -> Path:
    """Where runs and exports are written unless told otherwise; it may not exist yet."""
    return DATA if IN_CHECKOUT else user_data_path(NAME, appauthor=False)


def user_cache() -> Path:
    """For what can be made again; it may not exist yet."""
    return user_cache_path(NAME, appauthor=False)
