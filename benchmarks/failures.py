"""What the relaxation does with thousands of random starts: `python -m benchmarks.failures N [--json]`.

N of each composition; with 5000, thirty thousand relaxations at some hundred a second.

Two kinds: trials in modules as a search makes them, displaced by 0.05 Å, and gas-like starts, atoms thrown into a cell
of random shape with two of them 0.6 to 1 Å apart.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from rlcsp_core.cli.options import add_json
from rlcsp_core.cli.output import Column, Lines
from rlcsp_core.cli.progress import compile_once
from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.generate import random_sound_structure
from rlcsp_core.crystal.modular import build
from rlcsp_core.records import Crystal
from rlcsp_core.relax import relaxer_named

SEED = 1
COMPOSITIONS = ("Y2O3", "SrY2O4", "Y2TiO5", "Y2Ti2O7", "Sr4Ti3O10")
MOST_ATOMS = 80
MIN_DISTANCE = 1.2  # Å, in a sound trial
RATTLE = 0.05  # Å
GAS_VOLUME = (12.0, 40.0)  # Å³ per atom
GAS_CONTACT = (0.6, 1.0)  # Å
SHEAR = 0.4  # of a side, largest random skew of a gas-like cell

COLUMNS = (
    Column("composition", 12),
    Column("start", 9),
    Column("relaxations", 12),
    Column("failed", 7),
    Column("mean_evaluations", 17, ".1f"),
    Column("most_evaluations", 17),
    Column("per_second", 11, ".4g"),
    Column("reasons", 30),
)


def modular_trial(formula: str, most_atoms: int, rng: np.random.Generator) -> Crystal:
    """A random sound structure in modules, slightly displaced, as a search relaxes it."""
    composition = composition_of(formula)
    structure = None
    while structure is None:
        structure, _ = random_sound_structure(composition, most_atoms, MIN_DISTANCE, rng)
    crystal = build(structure, composition)
    moved = crystal.positions + rng.normal(0, RATTLE, crystal.positions.shape)
    return Crystal(crystal.numbers, moved, crystal.cell)


def gas_like(formula: str, most_atoms: int, rng: np.random.Generator) -> Crystal:
    """Atoms anywhere in a skew cell, two of them far too close."""
    composition = composition_of(formula)
    units = int(rng.integers(1, most_atoms // composition.n_atoms + 1))
    one = [
        ion.number
        for ion, count in zip(composition.ions, composition.counts, strict=True)
        for _ in range(count)
    ]
    numbers = np.tile(one, units)
    side = (len(numbers) * rng.uniform(*GAS_VOLUME)) ** (1 / 3)
    cell = side * (np.eye(3) + np.tril(rng.uniform(-SHEAR, SHEAR, (3, 3)), -1))
    positions = rng.random((len(numbers), 3)) @ cell
    direction = rng.normal(size=3)
    positions[-1] = positions[0] + rng.uniform(*GAS_CONTACT) * direction / np.linalg.norm(direction)
    return Crystal(numbers, positions, cell)


def count_failures(count: int, as_json: bool) -> int:
    """Prints a line for each composition and kind of start; returns 1 if anything failed."""
    lines = Lines(as_json, COLUMNS)
    compile_once()
    kinds: tuple[tuple[str, Callable[[str, int, np.random.Generator], Crystal], int], ...] = (
        ("modular", modular_trial, count),
        ("gas-like", gas_like, max(1, count // 5)),
    )
    relax, failed = relaxer_named("builtin"), 0
    for formula in COMPOSITIONS:
        for kind, make, number in kinds:
            rng, spent, evaluations = np.random.default_rng(SEED), 0.0, []
            reasons: Counter[str] = Counter()
            for _ in range(number):
                crystal = make(formula, MOST_ATOMS, rng)
                start = time.process_time()
                result = relax(crystal)
                spent += time.process_time() - start
                evaluations.append(result.evaluations)
                if result.reason is not None:
                    reasons[result.reason] += 1
            failed += reasons.total()
            lines.print(
                {
                    "composition": formula,
                    "start": kind,
                    "relaxations": number,
                    "failed": reasons.total(),
                    "mean_evaluations": float(np.mean(evaluations)),
                    "most_evaluations": max(evaluations),
                    "per_second": number / spent,
                    "reasons": ", ".join(f"{times} × {reason}" for reason, times in reasons.items()),
                }
            )
    return 1 if failed else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "count",
        type=int,
        metavar="N",
        help="trials in modules of each composition; a fifth of it gas-like starts",
    )
    add_json(parser)
    chosen = parser.parse_args(arguments)
    if chosen.count < 1:
        parser.error(f"N must be at least 1, got {chosen.count}")
    return count_failures(chosen.count, chosen.json)


if __name__ == "__main__":
    sys.exit(main())
