"""Reads a GULP input from standard input and answers in GULP's words, with energies of the built-in engine.

It stands in for a program that cannot be installed by pip, so that the way there and back can be tested.
"""

from __future__ import annotations

import sys

import numpy as np
from ase.data import atomic_numbers
from ase.geometry import cellpar_to_cell

from rlcsp_core.energy import evaluate, load_potential
from rlcsp_core.records import Crystal
from rlcsp_core.relax.named import relaxer_named
from rlcsp_core.relax.relaxer import RelaxConfig

RULE = "-" * 80


def read(lines: list[str]) -> tuple[str, Crystal]:
    """Keywords and crystal of an input."""
    cell = cellpar_to_cell([float(word) for word in lines[lines.index("cell") + 1].split()])
    numbers, scaled = [], []
    for line in lines[lines.index("frac") + 1 :]:
        words = line.split()
        if len(words) != 5 or words[1] != "core":
            break
        numbers.append(atomic_numbers[words[0]])
        scaled.append([float(word) for word in words[2:]])
    return lines[0], Crystal(np.array(numbers), np.array(scaled) @ cell, cell)


def main() -> None:
    lines = [line.rstrip("\n") for line in sys.stdin]
    keywords, crystal = read(lines)
    assert {"opti", "conp", "c6"} <= set(keywords.split())
    most = int(next(line for line in lines if line.startswith("maxcyc")).split()[1])
    relaxed = relaxer_named("builtin", RelaxConfig(evaluations=most))(crystal)
    for cycle in range(relaxed.evaluations):
        print(f"  Cycle: {cycle:6d} Energy: ")
    ended = (
        "Optimisation achieved" if relaxed.converged else "Maximum number of function calls has been reached"
    )
    print(f"  **** {ended} ****")
    print(f"  Total lattice energy       = {evaluate(relaxed.crystal, load_potential()).energy:20.8f} eV")
    print("  Final fractional coordinates of atoms :\n\n" + RULE)
    print("   No.  Atomic        x           y          z         Radius\n        Label\n" + RULE)
    scaled = relaxed.crystal.positions @ np.linalg.inv(relaxed.crystal.cell)
    for i, (x, y, z) in enumerate(scaled, 1):
        print(f"  {i:4d}  X     c  {x:12.6f} {y:12.6f} {z:12.6f}    0.000000")
    print(RULE + "\n\n  Final Cartesian lattice vectors (Angstroms) :\n")
    for row in relaxed.crystal.cell:
        print("   {:12.6f} {:12.6f} {:12.6f}".format(*row))


if __name__ == "__main__":
    main()
