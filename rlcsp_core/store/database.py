"""Connections: one engine a database, transactions whose errors are sentences.

SQLite runs in WAL mode (readers do not wait for the writer) with full synchronisation, so that what has been reported
survives a power cut; write transactions take their lock at the start, because SQLite does not wait for a lock that a
reader wants later.  A password never leaves this module: messages name the kind of database and its name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from rlcsp_core.errors import StoreError
from rlcsp_core.store import schema
from rlcsp_core.store.addresses import describe

Value = TypeVar("Value")


class DuplicateError(StoreError):
    """A row of this key is there already."""


class UnavailableError(StoreError):
    """The database did not answer, is locked or full: nothing was written, and the same may work later."""


MIGRATIONS = Path(__file__).with_name("migrations")
AT_ONCE = 1000  # values in one query
LOCK_WAIT = 5.0  # s, for another writer to finish
LOCK_WAIT_VARIABLE = "RLCSP_LOCK_WAIT"


def connect(url: URL, *, create: bool = True) -> Engine:
    """An engine whose tables exist and are of this version; create: an SQLite file that is not there is made."""
    if not create and url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise StoreError(f"there is no database file {url.database}")
    try:
        engine = _engine(url)
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError(f"the driver for {describe(url)} is not installed: {error}") from None
    try:
        with sentences(url), engine.connect() as connection:
            prepare(connection)
    except TypeError as error:  # how a driver refuses options that it does not know
        engine.dispose()
        raise StoreError(f"{describe(url)} cannot be used: {error}") from None
    except BaseException:
        engine.dispose()
        raise
    return engine


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_recycle=1800, hide_parameters=True)
    path = Path(str(url.database))
    _make_folder(path.parent)
    engine = create_engine(url, connect_args={"timeout": lock_wait()}, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "checkout", _same_file(path))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def lock_wait() -> float:
    try:
        return float(os.environ.get(LOCK_WAIT_VARIABLE, LOCK_WAIT))
    except ValueError:
        raise StoreError(f"{LOCK_WAIT_VARIABLE} must be a number of seconds") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder {folder} for the database cannot be made: {error.strerror}") from None


def _set_up_sqlite(connection, _record) -> None:  # type: ignore[no-untyped-def]
    connection.isolation_level = None  # transactions begin where we say so, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _same_file(path: Path) -> Callable[..., None]:
    """A check that the file is still the one that was opened: SQLite goes on writing into a file that was deleted."""
    first: list[tuple[int, int]] = []

    def check(*_: object) -> None:
        try:
            status = path.stat()
        except OSError as error:
            raise UnavailableError(
                f"the database file {path} has vanished: {error.strerror}; put it back"
            ) from None
        place = (status.st_dev, status.st_ino)
        if not first:
            first.append(place)
        if place != first[0]:
            raise UnavailableError(f"the database file {path} was replaced by another; put it back")

    return check


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def prepare(connection: Connection) -> None:
    """Make the tables in an empty database; leave one of this version alone; bring an older one up to it."""
    found = _revision(connection)
    if found == schema.REVISION:
        return
    connection.rollback()
    if found is None:
        connection.execution_options(writes=True)
        with connection.begin():
            schema.metadata.create_all(connection)
            if connection.execute(select(schema.revision)).first() is None:
                connection.execute(insert(schema.revision).values(version_num=schema.REVISION))
        return
    migrate(connection, found)


def migrate(connection: Connection, found: str) -> None:
    """Bring an older schema up to date, all of it or nothing; one that is not known is left alone."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    connection.execution_options(writes=True)
    try:
        with connection.begin():
            if _revision(connection) == found:  # another process may have been faster
                command.upgrade(config, "head")
    except CommandError:
        raise StoreError(
            f"{describe(connection.engine.url)} has schema {found}, which this program does not know (it has "
            f"{schema.REVISION}): update the program, move the database away, or choose another"
        ) from None


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(schema.revision.name):
        return None
    return connection.execute(select(schema.revision.c.version_num)).scalar()


@contextmanager
def sentences(url: URL) -> Iterator[None]:
    """Turn the driver's errors into a `StoreError` that names the database and the cause."""
    try:
        yield
    except IntegrityError as error:
        raise DuplicateError(f"{describe(url)} refused a row: {error.orig}") from None
    except SQLAlchemyError as error:
        cause = str(error.orig if isinstance(error, DBAPIError) else error).strip() or type(error).__name__
        cause = cause.splitlines()[0]
        if url.password:
            cause = cause.replace(str(url.password), "***")
        raise UnavailableError(f"{describe(url)} cannot be used: {cause}") from None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    with sentences(engine.url), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: all of it or nothing."""
    with sentences(engine.url), engine.connect() as connection:
        connection.execution_options(writes=True)  # before it begins: SQLite is to take its lock then
        with connection.begin():
            yield connection


def in_parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """As many in one query as every database takes: they bound the number of parameters."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


class Connected:
    """What the parts of a store have in common."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _reading(self) -> AbstractContextManager[Connection]:
        return reading(self._engine)

    def _writing(self) -> AbstractContextManager[Connection]:
        return writing(self._engine)
