"""Along a whole relaxation, atoms and cell moving, energy differences are the work of forces and stress."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from rlcsp_core.energy import evaluate, load_potential
from rlcsp_core.records import Crystal
from rlcsp_core.relax import relax_path
from tests.energy.gulp import structure

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)


def moved_by(start: Crystal, end: Crystal) -> tuple[np.ndarray, np.ndarray]:
    """Displacements [N, 3] and strain [3, 3] that lead from start to end; other lattice vectors allowed."""
    vectors = np.rint(end.cell @ np.linalg.inv(start.cell))
    strain = np.linalg.inv(vectors @ start.cell) @ end.cell - np.eye(3)
    back = end.positions @ np.linalg.inv(np.eye(3) + strain) - start.positions
    frac = back @ np.linalg.inv(start.cell)
    return (frac - np.rint(frac)) @ start.cell, strain


@pytest.mark.parametrize("name", ["TiO2_rutile_skew", "Y2Ti2O7_pyrochlore_prim"])
def test_the_work_along_the_path_is_the_fall_of_the_energy(name):
    potential = load_potential()
    frames = relax_path(structure(name), potential)
    work = 0.0
    for (start, _), (end, _) in pairwise(frames):
        displacement, strain = moved_by(start, end)
        for node, weight in zip((NODES + 1) / 2, WEIGHTS / 2, strict=True):
            deform = np.eye(3) + node * strain
            frame = start.positions + node * displacement
            at = evaluate(Crystal(start.numbers, frame @ deform, start.cell @ deform), potential)
            # r = X (1 + t ε): dE/dt = ∂E/∂r · (dX/dt (1 + t ε)) + tr[(1 + t ε)⁻¹ ε dE/dε]
            work += weight * np.sum(at.gradient * (displacement @ deform))
            work += weight * np.sum((np.linalg.inv(deform) @ strain) * at.strain_gradient)
    fall = (frames[-1][1] - frames[0][1]) * frames[0][0].n_atoms
    assert fall < -1e-3
    assert work == pytest.approx(fall, abs=1e-6 * frames[0][0].n_atoms)
