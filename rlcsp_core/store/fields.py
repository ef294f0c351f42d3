"""What phase fields are to find out, kept beside the runs: a page that shows a field does not have its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from rlcsp_core.store import schema
from rlcsp_core.store.database import Connected


class Fields(Connected):
    """The part of a store that keeps definitions of phase fields; what they say is checked by who reads them."""

    def keep_field(self, name: str, definition: Mapping[str, Any]) -> None:
        """In place of what was kept under this name."""
        schema.check_name(name, "a phase field")
        t = schema.fields
        with self._writing() as connection:
            connection.execute(delete(t).where(t.c.name == name))
            connection.execute(insert(t).values(name=name, definition=json.dumps(definition)))

    def fields(self) -> dict[str, Any]:
        """Definitions by name."""
        t = schema.fields
        with self._reading() as connection:
            rows = connection.execute(select(t).order_by(t.c.name)).all()
        return {row.name: json.loads(row.definition) for row in rows}
