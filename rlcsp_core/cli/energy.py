"""`energy FILE…`: lattice energy of structures as they stand.

Lattice energy [eV/atom], largest force on an atom [eV/Å] and pressure [GPa], which is −tr(dE/dε) / 3V: positive where
the cell wants to grow.  Structures that cannot be used are named on standard error, the others are done; the exit code
is then 2.
"""

from __future__ import annotations

import argparse

import numpy as np

from rlcsp_core.cli.frames import add_files, add_potential, for_each_frame, potential_chooser
from rlcsp_core.cli.options import add_json
from rlcsp_core.cli.output import Column, Lines
from rlcsp_core.cli.progress import compile_once
from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.records import Crystal

GPA = 160.21766208  # of 1 eV/Å³

COLUMNS = (
    Column("file", 30),
    Column("frame", 5),
    Column("formula", 12),
    Column("n_atoms", 7),
    Column("energy_per_atom", 15, ".8f"),
    Column("max_force", 10, ".5f"),
    Column("pressure", 10, ".4f"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_files(parser)
    add_potential(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.energy import evaluate, refuse_contacts

    compile_once()
    potential = potential_chooser(arguments.potential)
    lines = Lines(arguments.json, COLUMNS)

    def report(file: str, frame: int, crystal: Crystal, note: str | None) -> str | None:
        chosen = potential(crystal)
        refuse_contacts(crystal, chosen)
        result = evaluate(crystal, chosen)
        lines.print(
            {
                "file": file,
                "frame": frame,
                "formula": formula_of(crystal.numbers),
                "n_atoms": crystal.n_atoms,
                "energy_per_atom": result.energy / crystal.n_atoms,
                "max_force": float(np.linalg.norm(result.gradient, axis=1).max()),
                "pressure": float(-np.trace(result.strain_gradient) / (3 * crystal.volume) * GPA),
                "note": note,
            }
        )
        return note

    return for_each_frame(arguments.files, report)
