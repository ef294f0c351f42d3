"""What searches cost, one row a search: the small table that large experiments are shipped as, data/outcomes/*.csv.

composition, label, seed     what was searched, how, and the seed that pairs it with others
algorithm                    who chose the actions
search                       its number in a stream of searches that learn from each other, from 1; else empty
steps, reached               steps until the target or the end
cpu                          CPU seconds until then; empty where they were not recorded
energy                       eV/atom, the lowest found; empty where every relaxation failed
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rlcsp_core.errors import ConfigError
from rlcsp_core.paths import DATA
from rlcsp_core.store import Reader, RunInfo, RunState

SHIPPED = DATA / "outcomes"
COLUMNS = ("composition", "label", "algorithm", "seed", "search", "steps", "reached", "cpu", "energy")
IN_STREAM = re.compile(r"(?P<label>.*) · search (?P<search>\d+)")  # how `train` calls its searches


def shipped_outcomes() -> dict[str, Path]:
    """Tables by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.csv"))}


def read_outcomes(path: Path) -> pd.DataFrame:
    """A table that `export` wrote."""
    table = pd.read_csv(path, comment="#")
    if missing := [name for name in COLUMNS if name not in table]:
        raise ConfigError(f"{path} is no table of outcomes: it has no column {missing[0]!r}")
    return table


def outcomes(reader: Reader, runs: Sequence[RunInfo]) -> pd.DataFrame:
    """Those of the runs that had a target and were not stopped early."""
    searched = [
        run for run in runs if run.config.get("target") is not None and run.state is RunState.FINISHED
    ]
    cpu = reader.series([run.id for run in searched], ["cpu_seconds"])
    return pd.DataFrame([_row(run, cpu[run.id]["cpu_seconds"]) for run in searched], columns=list(COLUMNS))


def _row(run: RunInfo, cpu: np.ndarray) -> dict[str, object]:
    steps = run.n_steps if run.target_step is None else run.target_step
    label = run.name.removeprefix(f"{run.composition} · ")
    stream = IN_STREAM.fullmatch(label)
    return {
        "composition": run.composition,
        "label": stream["label"].split(" · ")[0] if stream else label,
        "algorithm": run.algorithm,
        "seed": run.seed,
        "search": int(stream["search"]) if stream else np.nan,
        "steps": steps,
        "reached": run.target_step is not None,
        "cpu": round(float(cpu[max(steps, 1) - 1]), 3) if len(cpu) else np.nan,
        "energy": run.best_energy,
    }
