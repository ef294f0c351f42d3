"""`relax FILE…`: relax atoms and cell of structures to the nearest minimum, or say why not.

At zero pressure.  One line for each structure of each file; a relaxation that does not converge has a reason and no
energy.  Structures that cannot be used are named on standard error, the others are done; the exit code is then 2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlcsp_core.cli.frames import add_files, add_potential, for_each_frame, potential_chooser
from rlcsp_core.cli.options import add_json, number, whole
from rlcsp_core.cli.output import Column, Lines
from rlcsp_core.cli.progress import compile_once
from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Crystal, Relaxation

COLUMNS = (
    Column("file", 30),
    Column("frame", 5),
    Column("n_atoms", 7),
    Column("energy_per_atom", 15, ".8f"),
    Column("converged", 9),
    Column("reason", 20),
    Column("evaluations", 11),
    Column("seconds", 8, ".3f"),
    Column("space_group", 12),
    Column("volume_per_atom", 15, ".4f"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_files(parser)
    add_potential(parser)
    parser.add_argument(
        "--evaluations", type=whole, metavar="N", help="most energies with gradients for one structure"
    )
    parser.add_argument(
        "--time-limit", type=number, metavar="S", help="longest wall clock for one structure, s"
    )
    parser.add_argument("--force", type=number, metavar="EV/Å", help="largest force at convergence")
    parser.add_argument("--stress", type=number, metavar="EV/Å³", help="largest stress at convergence")
    parser.add_argument("--output", metavar="FILE", help="write the relaxed structures, as extended XYZ")
    parser.add_argument(
        "--calculator",
        default="builtin",
        metavar="NAME",
        help="who computes energies: builtin, gulp, lammps, or "
        "module:function for an ASE calculator, with limits of its own: 0.05 eV/Å, 100 evaluations",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.energy.evaluation import CONTACT, in_contact, prepare
    from rlcsp_core.energy.tables import tables_for
    from rlcsp_core.outside import is_outside, trust
    from rlcsp_core.relax import RelaxConfig, limits_of, relaxer_named, warm

    chosen = {
        "evaluations": arguments.evaluations,
        "seconds": arguments.time_limit,
        "force": arguments.force,
        "stress": arguments.stress,
    }
    if is_outside(arguments.calculator):
        trust(arguments.calculator)  # who writes it here says so
    elif arguments.time_limit is None:
        chosen["seconds"] = RelaxConfig.seconds
    config = limits_of(arguments.calculator, **chosen)
    if arguments.output is not None:
        start_output(arguments.output, arguments.files)
    foreign = relaxer_named(arguments.calculator, config) if is_outside(arguments.calculator) else None
    if foreign is None:
        compile_once()
        warm()  # what is compiled is loaded now: the time limit is that of the relaxation
    potential = potential_chooser(arguments.potential)
    lines = Lines(arguments.json, COLUMNS)

    def report(file: str, frame: int, crystal: Crystal, note: str | None) -> str | None:
        if foreign is not None:
            result = foreign(crystal)
        else:
            own = potential(crystal)
            start = prepare(crystal, own)
            if in_contact(start, start.positions, start.cell, own):
                note = "; ".join(filter(None, [note, f"the structure as given has {CONTACT}"]))
            tables_for(own, start.ions, crystal.n_atoms)  # kept
            result = relaxer_named(arguments.calculator, config, own)(crystal)
        lines.print({"file": file, "frame": frame, **summary(result), "note": note})
        if arguments.output:
            save(result, file, frame, arguments.output)
        return note

    return for_each_frame(arguments.files, report)


def summary(result: Relaxation) -> Mapping[str, Any]:
    from rlcsp_core.crystal.symmetry import space_group

    crystal = result.crystal
    group = space_group(crystal) if result.converged else None
    return {
        "formula": formula_of(crystal.numbers),
        "n_atoms": crystal.n_atoms,
        "energy_per_atom": result.energy,
        "converged": result.converged,
        "reason": result.reason,
        "evaluations": result.evaluations,
        "seconds": result.seconds,
        "space_group": group.symbol if group else None,
        "space_group_number": group.number if group else None,
        "volume_per_atom": crystal.volume / crystal.n_atoms,
    }


def start_output(path: str, files: Sequence[str]) -> None:
    """An empty file, so that a place that cannot be written to is known before the work."""
    try:
        if any(Path(path).samefile(file) for file in files if Path(path).exists() and Path(file).exists()):
            raise ConfigError(f"--output {path} is one of the files that are read; name another")
        Path(path).write_bytes(b"")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def save(result: Relaxation, file: str, frame: int, path: str) -> None:
    """Append a relaxed structure; those that did not converge are left out."""
    if result.energy is None:
        print(f"{file}, structure {frame}: {result.reason}; not written", file=sys.stderr)
        return
    from rlcsp_core.crystal.formats import to_ase

    atoms = to_ase(result.crystal)
    atoms.info = {"energy_per_atom": result.energy, "source": Path(file).name, "frame": frame}
    atoms.write(path, format="extxyz", append=True)
