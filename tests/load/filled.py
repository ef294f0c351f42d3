"""A database of finished runs, to look at pages with: `python -m tests.load.filled DATABASE [COPIES]`.

Each copy holds the 100 runs of 2000 steps of the shipped experiment `report`, with seeds of its own, as one experiment
of the database, with the best structure of each run.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import insert

from rlcsp_core.store import RunInfo, StepTable, database, open_store, schema
from rlcsp_core.store.addresses import database_url
from rlcsp_core.store.archive import Archive
from rlcsp_core.store.library import SHIPPED
from rlcsp_core.store.packing import pack_crystal, pack_matrix, pack_vector
from rlcsp_core.store.runs import new_row

NAME = "report, copied"
COPIES = 2
SEEDS = 100  # between the seeds of two copies


def fill(url: str, copies: int = COPIES) -> int:
    """The number of runs written."""
    open_store(url).close()  # makes the tables
    engine = database.connect(database_url(url))
    archive = Archive(SHIPPED / "report")
    runs = [(copy, run) for copy in range(copies) for run in archive.runs()]
    for copy, run in runs:
        config = {**run.config, "seed": run.seed + SEEDS * copy}
        with database.writing(engine) as connection:
            row = new_row(config, run.name, NAME, run.versions, False, None) | _outcome(run)
            key = connection.execute(insert(schema.runs).values(row)).inserted_primary_key[0]
            connection.execute(insert(schema.steps), _steps(key, archive.steps(run.id)))
            population, updates = archive.population(run.id), archive.updates(run.id)
            members = zip(population.index, population.attempts, population.energy, population.reason,
                          population.evaluations, population.seconds, strict=True)  # fmt: skip
            names = ("index", "attempts", "energy", "reason", "evaluations", "seconds")
            connection.execute(
                insert(schema.population),
                [_row(key, dict(zip(names, member, strict=True))) for member in members],
            )
            learned = [
                {"run": key, "step": int(step), "theta": pack_matrix(theta)}
                for step, theta in zip(updates.step, updates.theta, strict=True)
            ]
            if best := archive.best_structure(run.id):
                info, crystal = best
                connection.execute(
                    insert(schema.structures),
                    {
                        "run": key,
                        "source": str(info.source),
                        "number": info.number,
                        "relaxed": 1,
                        "n_atoms": info.n_atoms,
                        "energy": info.energy,
                        "data": pack_crystal(crystal),
                    },
                )
            if learned:
                connection.execute(insert(schema.updates), learned)
    engine.dispose()
    return len(runs)


def _outcome(run: RunInfo) -> dict[str, Any]:
    same = ("reason", "started", "ended", "n_population", "n_population_failed", "n_steps", "elapsed", "best_energy",
            "best_step", "target_step")  # fmt: skip
    tally = {str(action): list(counts) for action, counts in run.tally.items()}
    return {name: getattr(run, name) for name in same} | {"state": str(run.state), "tally": json.dumps(tally)}


def _steps(key: int, table: StepTable) -> list[dict[str, Any]]:
    columns = {
        name: getattr(table, name) for column in schema.steps.columns if (name := column.name) != "run"
    }
    columns["probabilities"] = [pack_vector(row) for row in table.probabilities]
    return [
        _row(key, dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)
    ]


def _row(key: int, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"run": key, **{name: _plain(value) for name, value in values.items()}}


def _plain(value: Any) -> Any:
    """What a database takes; nothing for a number that does not exist."""
    if isinstance(value, np.bool_):
        return int(value)
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and math.isnan(plain) else plain


if __name__ == "__main__":
    print(f"{fill(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else COPIES)} runs")
