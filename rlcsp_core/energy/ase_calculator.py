"""The engine as an ASE calculator: energy [eV], forces [eV/Å], stress [eV/Å³, Voigt xx yy zz yz xz xy, ASE's sign]."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from rlcsp_core.energy.choice import potential_for
from rlcsp_core.energy.evaluation import evaluate
from rlcsp_core.energy.potential import Potential
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal


class IonicCalculator(Calculator):
    """Rigid-ion lattice energy of a crystal that is periodic in three directions."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 - ASE declares it

    def __init__(self, potential: Potential | None = None) -> None:
        super().__init__()
        self.potential = potential  # None: the usual one for each structure

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Any = ("energy",),
        system_changes: Any = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        if not self.atoms.pbc.all():
            raise StructureError(
                "a lattice energy needs a structure that is periodic in all three directions"
            )
        crystal = Crystal(self.atoms.numbers, self.atoms.positions, np.array(self.atoms.cell))
        answer = evaluate(crystal, self.potential or potential_for(crystal.numbers))
        self.results = {
            "energy": answer.energy,
            "free_energy": answer.energy,
            "forces": -answer.gradient,
            "stress": full_3x3_to_voigt_6_stress(answer.strain_gradient / self.atoms.get_volume()),
        }
