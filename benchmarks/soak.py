"""A long search of a small cell, through the real store: `python -m benchmarks.soak --steps 200000`.

Prints memory, database and speed as it goes, one JSON object a line; the figures of RELIABILITY.md.  A search keeps
the energies it has seen, to recognise repeats, and nothing else that grows.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rlcsp_core.execution import Halt, execute, halting
from rlcsp_core.records import StepRecord
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import open_store

SAMPLES = 50
WARM_UP = 0.1  # part of the run after which memory counts: kernels are compiled and caches full
KIB = 1024


def resident() -> int:
    """Bytes of this process in memory, now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def file_bytes(path: Path) -> int:
    """SQLite's file and its log."""
    return sum(p.stat().st_size for p in path.parent.glob(f"{path.name}*") if not p.name.endswith("-shm"))


class Gauge:
    """Takes a sample every `every` steps."""

    def __init__(self, path: Path, every: int) -> None:
        self.path, self.every = path, every
        self.samples: list[dict[str, float]] = []

    def __call__(self, record: object) -> None:
        if isinstance(record, StepRecord) and record.step % self.every == 0:
            size = {"resident_bytes": resident(), "database_bytes": file_bytes(self.path)}
            sample = {"step": record.step, "cpu_seconds": round(time.process_time(), 1), **size}
            self.samples.append(sample)
            print(json.dumps(sample), flush=True)


def growth(samples: list[dict[str, float]]) -> float:
    """Bytes a step: slope of the line through the samples after the warm-up."""
    later = [s for s in samples if s["step"] > WARM_UP * samples[-1]["step"]]
    steps, sizes = ([s[name] for s in later] for name in ("step", "resident_bytes"))
    return float(np.polyfit(steps, sizes, 1)[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--composition", default="SrTiO3")
    parser.add_argument("--max-atoms", type=int, default=5)
    parser.add_argument("--algorithm", default="rlcsp")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    config = SearchConfig(**vars(asked), population=20, time_limit=30 * 86400.0)
    with tempfile.TemporaryDirectory() as folder, halting(Halt()) as halt:
        path = Path(folder) / "runs.sqlite"
        store = open_store(str(path))
        gauge = Gauge(path, max(1, asked.steps // SAMPLES))
        run = execute(store, store.create_claimed(config.as_dict(), name="soak"), halt, notify=gauge)
        end = {
            "state": run.state,
            "steps": run.n_steps,
            "failed_relaxations": store.failed_relaxations(run.id),
        }
        if len(gauge.samples) > 2:
            first, last = gauge.samples[int(WARM_UP * len(gauge.samples))], gauge.samples[-1]
            end |= {"resident_bytes_then_and_now": [first["resident_bytes"], last["resident_bytes"]]}
            end |= {"growth_bytes_per_step": round(growth(gauge.samples), 1)}
        print(json.dumps(end))
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
