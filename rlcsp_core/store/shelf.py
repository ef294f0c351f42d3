"""What people write on runs and where they put them: titles, tags, the archive, and the bin.

A run in the bin keeps all it has recorded for KEPT_FOR and is in no list and no experiment, so that a sweep makes its
configuration anew.  Nothing here changes what a run recorded.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from rlcsp_core.errors import StoreError
from rlcsp_core.store import schema
from rlcsp_core.store.database import Connected, DuplicateError
from rlcsp_core.store.records import ENDED, RunInfo
from rlcsp_core.store.runs import run_info, run_row, set_values

KEPT_FOR = 7 * 86400.0  # s
MOST_TAGS = 8
TAG_LENGTH = 32


class Shelf(Connected):
    """The part of a store that puts runs in order."""

    def label_run(self, run_id: str, *, title: str | None, tags: Sequence[str]) -> None:
        """What a person calls a run, None for nothing, and its tags, each once."""
        if title is not None:
            schema.check_name(title, "a run")
        words = check_tags(tags)
        with self._writing() as connection:
            row = run_row(connection, run_id, lock=True)
            set_values(connection, row.key, {"title": title, "tags": json.dumps(words)})

    def archive_run(self, run_id: str, archived: bool) -> None:
        """Out of the lists of runs to choose from, or into them again."""
        with self._writing() as connection:
            row = run_row(connection, run_id, lock=True)
            if row.state not in ENDED:
                raise StoreError(f"run {run_id} has not ended; stop it before archiving it")
            set_values(connection, row.key, {"archived": int(archived)})

    def discard_run(self, run_id: str) -> None:
        """Into the bin; what has been there for KEPT_FOR is deleted for good."""
        with self._writing() as connection:
            row = run_row(connection, run_id, lock=True)
            if row.state not in ENDED:
                raise StoreError(f"run {run_id} has not ended; stop it before deleting it")
            if row.discarded is None:
                values = {"discarded": time.time(), "discarded_from": row.experiment, "experiment": None}
                set_values(connection, row.key, values)
            _empty_bin(connection, time.time() - KEPT_FOR)

    def restore_run(self, run_id: str) -> None:
        """Out of the bin, to where it was."""
        try:
            with self._writing() as connection:
                row = run_row(connection, run_id, lock=True)
                if row.discarded is not None:
                    values = {"discarded": None, "discarded_from": None, "experiment": row.discarded_from}
                    set_values(connection, row.key, values)
        except DuplicateError:
            raise StoreError(
                f"run {run_id} cannot be restored: its experiment has made a run of this configuration again"
            ) from None

    def discarded_runs(self) -> list[RunInfo]:
        """Those in the bin, the latest first."""
        column = schema.runs.c.discarded
        query = select(schema.runs).where(column.is_not(None)).order_by(column.desc())
        with self._reading() as connection:
            return [run_info(row) for row in connection.execute(query)]


def check_tags(tags: Sequence[str]) -> list[str]:
    """Each once, in their order; StoreError for what a list cannot show."""
    words = list(dict.fromkeys(tags))
    for word in words:
        if not 0 < len(word) <= TAG_LENGTH or not word.isprintable() or "," in word or word != word.strip():
            raise StoreError(
                f"a tag has 1 to {TAG_LENGTH} characters and no comma, got {word[:TAG_LENGTH]!r}"
            )
    if len(words) > MOST_TAGS:
        raise StoreError(f"a run has at most {MOST_TAGS} tags, got {len(words)}")
    return words


def _empty_bin(connection: Connection, before: float) -> None:
    runs, refinements = schema.runs, schema.refinements
    gone = list(connection.execute(select(runs.c.id).where(runs.c.discarded < before)).scalars())
    connection.execute(delete(runs).where(runs.c.id.in_(gone)))
    connection.execute(delete(refinements).where(refinements.c.run_id.in_(gone)))
