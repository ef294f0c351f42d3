"""Addresses of databases: read, refused with the right spelling, named in messages without their password.

A plain path means SQLite.  A database in memory is refused: its runs would be gone with the process.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from rlcsp_core.errors import StoreError
from rlcsp_core.paths import user_data

FILE_NAME = "runs.sqlite"  # in the user's data folder, where nobody has named a database
URL_VARIABLE = "RLCSP_DATABASE_URL"
FILE_VARIABLE = "RLCSP_DATABASE_URL_FILE"  # a file that holds the URL, for those who keep secrets in files

DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",  # one dialect, so that both speak the same SQL to us
}
SQLITE_URL = re.compile(r"sqlite(\+\w+)?:///(?!:memory:|file:)(?P<path>[^?]*[^?/])", re.IGNORECASE)
LONGEST = 80  # characters of an address in a message


def database_url(text: str | None = None) -> URL:
    """From an argument, the environment, or the default."""
    if text is None:
        text = os.environ.get(URL_VARIABLE) or _url_from_file()
    if text is None:
        text = str(user_data() / FILE_NAME)
    head, colon, rest = text.strip().partition(":")
    kind = head.partition("+")[0].lower()
    if not colon or (kind not in ("", "file", *DRIVERS) and not rest.startswith("//")):
        return _sqlite(text)
    if kind in ("", "file", "sqlite"):
        if found := SQLITE_URL.fullmatch(text.strip()):
            return _sqlite(found["path"])
        path = re.sub("^///?", "", rest).partition("?")[0] if kind == "sqlite" else ""
        path = FILE_NAME if not path.strip("/") or ":" in path else path
        raise StoreError(
            f"{text[:LONGEST]!r} is not the address of a file for runs; write sqlite:///{path} or just {path}"
        )
    if kind not in DRIVERS:
        raise StoreError(f"unknown kind of database {kind!r}; choose from {', '.join(DRIVERS)}")
    try:
        return make_url(text.strip()).set(drivername=DRIVERS[kind])
    except (ArgumentError, ValueError):
        # the text may hold a password and is not repeated
        raise StoreError(
            f"the database URL cannot be read; write it like {kind}://user:password@host:port/name, "
            "with @ : / in a password as %40 %3A %2F"
        ) from None


def _sqlite(path: str) -> URL:
    shown = f"{path[:LONGEST]!r} cannot be the file of a database"
    if not path.strip():
        raise StoreError(f"{shown}: write the path of a file, such as {FILE_NAME}, or a database URL")
    try:
        file = Path(path).expanduser().resolve()
        if file.is_dir():
            raise StoreError(f"{shown}: it is a folder; name a file in it, such as {file / FILE_NAME}")
    except OSError as error:
        raise StoreError(f"{shown}: {error.strerror}") from None
    except (RuntimeError, ValueError) as error:  # no such home, an impossible letter
        raise StoreError(f"{shown}: {str(error).rstrip('.')}") from None
    return URL.create("sqlite", database=str(file))


def _url_from_file() -> str | None:
    path = os.environ.get(FILE_VARIABLE)
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StoreError(f"{FILE_VARIABLE}={path} cannot be read: {why}") from None


def address(url: URL) -> str:
    """What `database_url` turns into this URL again, in another process too; it may hold a password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)  # not as a URL, in which ? and % mean something
    return url.render_as_string(hide_password=False)


def describe(url: URL) -> str:
    """How messages name a database: no user, no password, no options."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    return f"the {url.get_backend_name()} database {url.database or ''!r} on {url.host or 'this machine'}"
