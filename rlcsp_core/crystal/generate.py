"""Random modular structures (FUSE): lattice kind, then a number of sub-modules, then a number of formula units.

Cations go to the first site of sub-modules where possible; anions and vacancies fill the rest at random.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from rlcsp_core.crystal.composition import Composition
from rlcsp_core.crystal.ions import code_of
from rlcsp_core.crystal.lattice import HEXAGONAL, KINDS, kinds_for, random_assembly
from rlcsp_core.crystal.modular import SITES, Assembly, Modular, volume_factor
from rlcsp_core.crystal.soundness import DENSITY_RANGE, density_is_sound, unsound_because
from rlcsp_core.records import IntArray

MAX_ATTEMPTS = 100_000  # random structures tried for one sound trial; a few dozen is usual


def random_structure(composition: Composition, max_atoms: int, rng: np.random.Generator) -> Modular | None:
    """One random structure of at most max_atoms atoms, sound or not; None where the drawn cell holds no whole formula
    unit at a possible density."""
    kinds = possible_kinds(composition, max_atoms)
    if not kinds:
        return None
    kind = kinds[rng.integers(len(kinds))]
    sizes = _block_counts(composition, max_atoms, kind)
    assembly = random_assembly(kind, sizes[rng.integers(len(sizes))], rng)
    units = formula_units(assembly, composition, max_atoms)
    if not units:
        return None
    return Modular(assembly, random_sites(assembly, composition, units[rng.integers(len(units))], rng))


def random_sound_structure(
    composition: Composition, max_atoms: int, min_distance: float, rng: np.random.Generator
) -> tuple[Modular | None, int]:
    """The first sound random structure and how many were drawn; None where none of MAX_ATTEMPTS was sound."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        trial = random_structure(composition, max_atoms, rng)
        if trial is not None and unsound_because(trial, composition, min_distance) is None:
            return trial, attempt
    return None, MAX_ATTEMPTS


def random_sites(
    assembly: Assembly, composition: Composition, n_formula: int, rng: np.random.Generator
) -> IntArray:
    """Ion codes [n_c, n_a, n_b, 4] of n_formula formula units put on the sites of the assembly."""
    n_a, n_b, n_c = assembly.shape
    cations, anions = (_codes(composition, n_formula, cations=c) for c in (True, False))
    cations = rng.permutation(cations)
    first, rest = cations[: assembly.n_blocks], cations[assembly.n_blocks :]
    sites = np.zeros((assembly.n_blocks, SITES), dtype=np.int64)
    sites[rng.permutation(assembly.n_blocks)[: len(first)], 0] = first
    free = np.flatnonzero(sites.ravel() == 0)
    filling = np.concatenate([rest, anions])
    sites.ravel()[rng.permutation(free)[: len(filling)]] = filling
    return sites.reshape(n_c, n_a, n_b, SITES)


def _codes(composition: Composition, n_formula: int, *, cations: bool) -> IntArray:
    chosen = [
        (code_of(ion.symbol), n * n_formula)
        for ion, n in zip(composition.ions, composition.counts, strict=True)
        if ion.is_cation == cations
    ]
    return np.repeat(*np.array(chosen, dtype=np.int64).T)


@cache
def formula_units(assembly: Assembly, composition: Composition, max_atoms: int) -> tuple[int, ...]:
    """Numbers of formula units that fit the sites, the atom limit and the density of a sound trial."""
    most = min(max_atoms, SITES * assembly.n_blocks) // composition.n_atoms
    volume = assembly.n_blocks * assembly.volume_factor * composition.block_length**3 / 2
    return tuple(n for n in range(1, most + 1) if density_is_sound(n, volume, composition))


@cache
def _block_counts(composition: Composition, max_atoms: int, kind: str) -> tuple[int, ...]:
    """Numbers of sub-modules for which a cell of that kind can hold formula units within the atom limit.

    The upper end is the lowest sound density of the largest content, in a cell with γ as large as the kind allows.
    Flatter triclinic cells could hold more sub-modules, but drawing so many would seldom fit any other cell."""
    most_units = max_atoms // composition.n_atoms
    flattening = 1.0 if KINDS[kind].even else volume_factor(HEXAGONAL)
    block_volume = flattening * composition.block_length**3 / 2
    most = int(most_units * composition.ion_volume / DENSITY_RANGE[0] / block_volume)
    return tuple(n for n in range(1, most + 1) if kind in kinds_for(n) and composition.n_atoms <= SITES * n)


@cache
def possible_kinds(composition: Composition, max_atoms: int) -> tuple[str, ...]:
    """Lattice kinds that can hold a formula unit within the limit; empty where no cell can."""
    return tuple(kind for kind in KINDS if _block_counts(composition, max_atoms, kind))


def smallest_limit(composition: Composition) -> int:
    """The lowest atom limit that leaves a cell to search: the thinnest stack has two modules, which a single small
    formula unit may not fill."""
    limit = composition.n_atoms
    while not possible_kinds(composition, limit):
        limit += composition.n_atoms
    return limit
