"""A store with a million steps: how large it is, and how long what a page asks of it takes.

`python -m benchmarks.growth --steps 1000000` writes made-up records of 40-atom structures through the store's own
`append`, in one long run and many short ones, and prints one JSON object a line.  Structures are counted apart: a
search keeps those of accepted steps, how many those are is the search's affair.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from rlcsp_core.analysis.reading import COLUMNS
from rlcsp_core.crystal.identity import references
from rlcsp_core.records import StopRecord
from rlcsp_core.store import open_store
from rlcsp_core.store.database import reading
from tests.store.examples import CONFIG, N_ACTIONS, member, step

BATCH = 1000  # steps a transaction; a worker writes every 0.3 s
SHORT = 5000  # steps of the short runs, which make half of the store
ABOVE = -19.0  # eV/atom, of the initial population; steps lie lower
SHAKEN = 0.02  # Å
ACCEPTED = 0.02  # share of the steps whose structures are kept
LEARNS_EVERY = 50  # steps between updates of θ
REPEATS = 5


def fill(store, steps, rng):
    """One run with half of the steps, the other half in runs of SHORT; their ids."""
    lengths = [steps // 2, *[SHORT] * (steps // 2 // SHORT)]
    return [run_of(store, length, seed, rng) for seed, length in enumerate(lengths)]


def shaken(rng):
    """Bixbyite with a little noise: something that a search may find, and that pages can draw and compare."""
    [ideal] = [phase.crystal for phase in references() if phase.name == "bixbyite"]
    return replace(ideal, positions=ideal.positions + rng.normal(scale=SHAKEN, size=ideal.positions.shape))


def run_of(store, length, seed, rng):
    mine = store.create_claimed(
        {**CONFIG, "seed": seed, "steps": length}, name=f"{seed}", experiment="growth"
    )
    members = [replace(member(i, rng, ABOVE), before=shaken(rng), after=shaken(rng)) for i in range(25)]
    store.append(mine, members, None)
    parent, best = 0, ABOVE
    for start in range(1, length + 1, BATCH):
        numbers = range(start, min(start + BATCH, length + 1))
        records = []
        for n in numbers:
            energy = float(rng.normal(ABOVE - 1, 0.1))
            made = step(n, rng, energy, rng.random() < ACCEPTED, n % LEARNS_EVERY == 0)
            keeps = made.accepted or energy < best
            crystals = {"before": shaken(rng), "after": shaken(rng)} if keeps else {}
            best = min(best, energy)
            records.append(replace(made, parent=parent, **crystals))
            parent = n if made.accepted else parent
        store.append(mine, records, {"rng": 1})
    store.append(mine, [StopRecord("steps", length, None)], None)
    return mine.run_id


def structure_pages(store):
    """Bytes of the file that hold structures, keys and gaps included."""
    with reading(store._engine) as connection:
        tables = "'structures', 'sqlite_autoindex_structures_1', 'structures_by_energy'"
        query = f"SELECT SUM(pgsize) FROM dbstat WHERE name IN ({tables})"
        return int(connection.exec_driver_sql(query).scalar_one())


def median_seconds(question):
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        question()
        times.append(time.perf_counter() - began)
    return round(statistics.median(times), 4)


def questions(store, ids):
    """What pages ask: lists of runs, the chart of a long run, a live panel's news, a comparison of twenty runs."""
    long = ids[0]
    n = store.run(long).n_steps
    return {
        "the 200 newest runs": lambda: store.runs(200),
        "experiments": store.experiments,
        "one run": lambda: store.run(long),
        "overview of the longest run": lambda: store.overview(long),
        "its last 100 steps": lambda: store.steps(long, n - 100),
        "its best structure": lambda: store.best_structure(long),
        "its list of structures": lambda: store.structures(long),
        "the 250 lowest structures of all runs": lambda: store.lowest(ids, 250),
        "ancestry of its last step": lambda: store.ancestry(long, n),
        "its learning updates": lambda: store.updates(long),
        "its failed relaxations": lambda: store.failed_relaxations(long),
        "curves of 20 short runs": lambda: store.series(ids[1:21], COLUMNS),
        "curve of the longest run, every step": lambda: store.series([long], COLUMNS),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--keep", help="write the database here and leave it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(asked.keep or Path(folder) / "runs.sqlite")
        store = open_store(str(path))
        ids = fill(store, asked.steps, np.random.default_rng(1))
        total = sum(run.n_steps for run in store.runs())
        store.close()  # the log is written into the file
        store = open_store(str(path))
        size, pages = path.stat().st_size, structure_pages(store)
        print(json.dumps({"steps": total, "runs": len(ids), "actions": N_ACTIONS, "file_bytes": size}))
        beside = (size - pages) / total
        print(
            json.dumps({"structure_pages_bytes": pages, "bytes_per_step_beside_structures": round(beside, 1)})
        )
        for name, question in questions(store, ids).items():
            print(json.dumps({"question": name, "median_seconds": median_seconds(question)}), flush=True)
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
