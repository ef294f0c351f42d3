"""Laws of compiling: nothing is left to do after it, and its order does not reach the numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from benchmarks.engine import FIRST
from rlcsp_core.crystal import contact_kernels, orbit_kernels
from rlcsp_core.energy import (
    lattice_kernels,
    real_kernels,
    reciprocal_kernels,
    signatures,
    total_kernels,
)
from rlcsp_core.energy.evaluation import compact, prepare
from rlcsp_core.energy.potential_file import load_potential
from rlcsp_core.energy.tables import tables_for
from rlcsp_core.kernel_cache import KERNEL, folder
from rlcsp_core.paths import DATA, PACKAGE
from rlcsp_core.relax import descent_kernels, is_warm, relaxer_named, stiffness_kernels, warm
from rlcsp_core.relax.descent_kernels import DESCEND, descend
from tests.energy.gulp import structure

MODULES = (contact_kernels, orbit_kernels, lattice_kernels, real_kernels, reciprocal_kernels, total_kernels,
           descent_kernels, stiffness_kernels)  # fmt: skip
KERNELS = [kernel for module in MODULES for kernel in vars(module).values() if isinstance(kernel, Dispatcher)]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.py_func.__name__)
def test_every_kernel_states_its_rounding(kernel):
    # Numba hands that of the kernel it compiles down to those it needs for it, and keeps them so on disk
    assert "fastmath" in kernel.targetoptions
    assert (
        kernel.targetoptions["fastmath"] == KERNEL["fastmath"]
        or "nnan" not in kernel.targetoptions["fastmath"]
    )


def test_a_new_process_finds_everything_compiled():
    warm()
    before = sorted(folder().rglob("*.nbc"))
    subprocess.run([sys.executable, "-c", FIRST], check=True)
    assert sorted(folder().rglob("*.nbc")) == before
    assert is_warm()


def test_another_copy_of_the_sources_finds_everything_compiled_too(tmp_path):
    warm()
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("results", "*.sqlite*"))
    for path in tmp_path.rglob("*_kernels.py"):
        os.utime(path)  # as a fresh checkout
    environment = {**os.environ, "RLCSP_CACHE_DIR": str(folder().parent)}
    before = sorted(folder().rglob("*.nbc"))
    code = f"{FIRST}\nfrom rlcsp_core.relax import warming; print(warming.__file__, warming.is_warm())"
    said = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, env=environment, text=True)
    assert said.split() == [str(tmp_path / "rlcsp_core" / "relax" / "warming.py"), "True"]
    assert sorted(folder().rglob("*.nbc")) == before


def test_progress_is_reported_up_to_the_end():
    shares = []
    warm(lambda name, share: shares.append((name, share)))
    assert [share for _, share in shares] == sorted(share for _, share in shares)
    assert shares[0][1] == 0.0
    assert shares[-1] == ("ready", 1.0)


def test_the_declared_types_are_those_of_a_call():
    relaxer_named("builtin")(structure("TiO2_rutile_skew"))
    crystal, potential = structure("TiO2_rutile_skew"), load_potential()
    ready = prepare(crystal, potential)
    x, cell, neighbours = compact(ready.positions, ready.cell, ready.starts, 5.0)
    tables = tables_for(potential, ready.ions, crystal.n_atoms)
    total_kernels.lattice_energy(
        x, cell, ready.kinds, ready.starts, tables, neighbours, np.empty_like(x), np.empty((3, 3))
    )
    for kernel, signature in (
        (descend, DESCEND),
        (total_kernels.lattice_energy, signatures.LATTICE_ENERGY),
        (total_kernels.deepest_contact, signatures.DEEPEST_CONTACT),
        (real_kernels.list_neighbours, signatures.LIST_NEIGHBOURS),
    ):
        assert kernel.signatures == [signature.args]
