"""A database of finished runs, to look at pages with: `python -m benchmarks.load.filled DATABASE [COPIES]`.

Each copy holds the 100 runs of 2000 steps of the shipped experiment `report`, with seeds of its own, as one experiment
of the database, with the best structure of each run.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace

from rlcsp_core.records import SearchRecord
from rlcsp_core.store import open_store
from rlcsp_core.store.archive import Archive
from rlcsp_core.store.importing import records_of
from rlcsp_core.store.library import SHIPPED

NAME = "report, copied"
COPIES = 2
SEEDS = 100  # between the seeds of two copies


def fill(url: str, copies: int = COPIES) -> int:
    """The number of runs written."""
    store = open_store(url)
    archive = Archive(SHIPPED / "report")
    runs = [(copy, run) for copy in range(copies) for run in archive.runs()]
    for copy, run in runs:
        config = {**run.config, "seed": run.seed + SEEDS * copy}
        claim = store.create_claimed(config, name=run.name, experiment=NAME)
        assert claim is not None, "the database is new"
        store.attach(claim, run.versions)
        store.append(claim, [complete(record) for record in records_of(archive, run.id)], None)
        store.end(claim, run.state, run.reason, run.target_step)
    store.close()
    return len(runs)


def complete(record: SearchRecord) -> SearchRecord:
    """With 0 for what shipped results leave out."""
    missing = [name for name, value in vars(record).items() if isinstance(value, float) and math.isnan(value)]
    return replace(record, **dict.fromkeys(missing, 0))  # type: ignore[arg-type]


if __name__ == "__main__":
    print(f"{fill(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else COPIES)} runs")
