"""Whether two states of the code give the same runs, bit for bit.

    python tools/record_digests.py > before.json              # in one checkout
    python tools/record_digests.py --compare before.json      # in another, on the same machine

Each of RUNS is carried out and all its records are hashed, but for the times in them: every algorithm, every set of
actions and of features, trials side by side, and a run taken up again from a checkpoint.  Roundings differ between
processors, so digests of two machines cannot be compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from rlcsp_core.records import Crystal, PopulationRecord, SearchRecord, StepRecord, StopRecord, Update
from rlcsp_core.search import Search, SearchConfig

SMALL: dict[str, Any] = {"steps": 60, "population": 20, "max_atoms": 20, "seed": 7}
RUNS: dict[str, dict[str, Any]] = {
    "uniform": {"algorithm": "uniform", "composition": "SrTiO3"},
    "original": {"algorithm": "original", "composition": "Y2O3", "melt_after": 10},
    "rlcsp": {"algorithm": "rlcsp", "composition": "Y2O3", "max_atoms": 40},
    "rlcsp-fixed-penalty": {
        "algorithm": "rlcsp",
        "composition": "TiO2",
        "penalty": "fixed",
        "baseline": "mean",
    },
    "npg": {"algorithm": "npg", "composition": "SrY2O4", "max_atoms": 28},
    "ppo-b1": {"algorithm": "ppo", "baseline": "b1", "composition": "Y2TiO5", "max_atoms": 32},
    "ppo-combined": {"algorithm": "ppo", "baseline": "combined", "composition": "Sr2TiO4", "max_atoms": 28},
    "actor-critic": {
        "algorithm": "actor-critic",
        "composition": "Y2Ti2O7",
        "max_atoms": 44,
        "actions": "extended",
    },
    "trpo": {"algorithm": "trpo", "composition": "SrTiO3", "actions": "extended"},
    "structure-features": {"algorithm": "rlcsp", "composition": "SrTiO3", "features": "structure"},
    "symmetric": {"algorithm": "ppo", "composition": "Y2O3", "max_atoms": 40, "actions": "symmetric"},
    "parallel": {"algorithm": "rlcsp", "composition": "SrTiO3", "parallel": 2},
    "resumed": {"algorithm": "npg", "composition": "SrO", "actions": "extended"},
}
RESUMED_AFTER = 45  # records


def digest(name: str) -> str:
    """Hash of the records of one of RUNS."""
    config = SearchConfig(**{**SMALL, **RUNS[name]})
    total = hashlib.sha256()
    for record in _resumed(config) if name == "resumed" else Search(config):
        total.update(b"".join(_bytes(value) for value in _values(record)))
    return total.hexdigest()[:24]


def _resumed(config: SearchConfig) -> Iterator[SearchRecord]:
    search, energies = Search(config), []
    for record in search:
        yield record
        energies.append(np.nan if record.energy is None else record.energy)  # type: ignore[union-attr]
        if len(energies) == RESUMED_AFTER:
            break
    yield from Search.resume(config, json.loads(json.dumps(search.checkpoint())), energies)


def _values(record: SearchRecord) -> Iterator[Any]:
    """What a record says, but for times; named here, so that a new field changes nothing."""
    if isinstance(record, StopRecord):
        yield from (record.reason, record.steps, record.target_step)
        return
    yield from (record.attempts, record.energy, record.reason, record.evaluations)
    yield from (*_crystal(record.before), *_crystal(record.after))
    if isinstance(record, PopulationRecord):
        yield record.index
    elif isinstance(record, StepRecord):
        yield from (record.step, record.action, record.accepted, record.current_energy, record.best_energy)
        yield from (
            record.reward,
            record.probabilities,
            record.kT,
            record.n_atoms,
            record.parent,
            record.kept,
        )
        yield from _update(record.update)


def _crystal(crystal: Crystal | None) -> tuple[Any, ...]:
    return (None,) if crystal is None else (crystal.numbers, crystal.positions, crystal.cell)


def _update(update: Update | None) -> tuple[Any, ...]:
    return (None,) if update is None else (update.theta, update.gradient_norm, update.entropy, update.kl)


def _bytes(value: Any) -> bytes:
    if value is None:
        return b"-"
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value, dtype=np.float64).tobytes()
    if isinstance(value, str):
        return value.encode() + b"\0"
    return struct.pack("<d", value)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--compare", type=Path, metavar="FILE", help="digests of another state of the code")
    parser.add_argument("--only", choices=RUNS, help="one of the runs")
    chosen = parser.parse_args()
    names = [chosen.only] if chosen.only else list(RUNS)
    found = {name: digest(name) for name in names}
    if chosen.compare is None:
        print(json.dumps(found, indent=1))
        return 0
    known = json.loads(chosen.compare.read_text())
    different = [name for name in names if known.get(name) != found[name]]
    print(f"{len(names) - len(different)} of {len(names)} runs are the same", *different, sep="\n  differs: ")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())
