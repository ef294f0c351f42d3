"""The nine actions of RL-CSP as pure functions: structure in, changed structure out.

    1 swap two sites    9 permute 3 … N−1 sites    10 permute all sites
        of a pool: cations, anions or all, weights 4 : 4 : 1, with or without vacancies at even odds
    2 swap two sub-modules            4 swap two modules (needs more than two)
    3 new assembly instructions       5 double along one axis (needs ≤ half the atom limit)
    6 new random structure no larger than this one      7 new random structure of any allowed size

Every function returns None where its draw came to nothing.  No input is changed.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from rlcsp_core.actions.action import Action, CurrentStructure, Family, Problem, modular_action
from rlcsp_core.crystal.generate import random_structure
from rlcsp_core.crystal.ions import VACANCY, all_ions
from rlcsp_core.crystal.lattice import kind_of, kinds_for, random_assembly
from rlcsp_core.crystal.modular import SITES, Assembly, Modular
from rlcsp_core.records import BoolArray, IntArray

POOL_WEIGHTS = {"cations": 4.0, "anions": 4.0, "all": 1.0}
MIN_PERMUTED = 3  # fewer would be a swap


# sites: 1, 9, 10 -----------------------------------------------------------------------------------------------------


def swap_sites(structure: Modular, _: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 1: exchange the occupants of two sites that differ."""
    pool = _pool(structure, rng)
    if pool is None:
        return None
    codes = structure.sites.ravel()
    first = pool[rng.integers(len(pool))]
    others = pool[codes[pool] != codes[first]]
    return _with_moved(structure, np.array([first, others[rng.integers(len(others))]]), np.array([1, 0]))


def permute_some_sites(structure: Modular, _: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 9: permute the occupants of 3 … N−1 sites of a pool of N."""
    pool = _pool(structure, rng)
    if pool is None or len(pool) <= MIN_PERMUTED:
        return None
    chosen = rng.permutation(pool)[: rng.integers(MIN_PERMUTED, len(pool))]
    return _with_moved(structure, chosen, rng.permutation(len(chosen)))


def permute_all_sites(structure: Modular, _: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 10: permute the occupants of all sites of a pool."""
    pool = _pool(structure, rng)
    return None if pool is None else _with_moved(structure, pool, rng.permutation(len(pool)))


def _pool(structure: Modular, rng: np.random.Generator) -> IntArray | None:
    """Indices of the sites to draw from, of a pool that holds at least two kinds of occupants; None where none does."""
    codes = structure.sites.ravel()
    pools = _pools(codes)
    if not pools:
        return None
    weights = np.array([weight for _, weight in pools])
    chosen, _ = pools[_draw(weights, rng)]
    return np.flatnonzero(chosen)


def _draw(weights: np.ndarray, rng: np.random.Generator) -> int:
    """Index drawn in proportion to the weights."""
    cumulative = np.cumsum(weights)
    return int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))


def _pools(codes: IntArray) -> list[tuple[BoolArray, float]]:
    """(members, weight) of the pools in which an exchange can change anything."""
    cation, vacant = _is_cation()[codes], codes == VACANCY
    members = {"cations": cation, "anions": ~cation & ~vacant, "all": ~vacant}
    pools = []
    for name, weight in POOL_WEIGHTS.items():
        for pool in (members[name], members[name] | vacant):
            held = codes[pool]
            if len(held) > 1 and (held != held[0]).any():
                pools.append((pool, weight))
    return pools


@cache
def _is_cation() -> BoolArray:
    """By ion code."""
    return np.array([False, *(ion.is_cation for ion in all_ions())])


def _with_moved(structure: Modular, sites: IntArray, order: IntArray) -> Modular | None:
    """The structure with site sites[i] now holding what sites[order[i]] held; None where that changes nothing."""
    codes = structure.sites.ravel().copy()
    moved = codes[sites[order]]
    if np.array_equal(moved, codes[sites]):
        return None
    codes[sites] = moved
    return Modular(structure.assembly, codes.reshape(structure.sites.shape))


# blocks: 2, 4 --------------------------------------------------------------------------------------------------------


def swap_submodules(structure: Modular, _: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 2: exchange two sub-modules that differ."""
    return _with_swapped_rows(structure, structure.sites.reshape(-1, SITES), rng)


def swap_modules(structure: Modular, _: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 4: exchange two modules (layers) that differ."""
    return _with_swapped_rows(structure, structure.sites.reshape(len(structure.sites), -1), rng)


def _with_swapped_rows(structure: Modular, rows: IntArray, rng: np.random.Generator) -> Modular | None:
    first = int(rng.integers(len(rows)))
    differs = np.flatnonzero((rows != rows[first]).any(axis=1))
    if not len(differs):
        return None
    second = int(differs[rng.integers(len(differs))])
    swapped = rows.copy()
    swapped[[first, second]] = rows[[second, first]]
    return Modular(structure.assembly, swapped.reshape(structure.sites.shape))


# the whole structure: 3, 5, 6, 7 -------------------------------------------------------------------------------------


def reassemble(structure: Modular, _: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 3: the same sub-modules in their order, under new lattice kind, shape, angles and shifts."""
    n_blocks = structure.assembly.n_blocks
    kinds = kinds_for(n_blocks)
    assembly = random_assembly(kinds[rng.integers(len(kinds))], n_blocks, rng)
    if assembly == structure.assembly:
        return None
    n_a, n_b, n_c = assembly.shape
    return Modular(assembly, structure.sites.reshape(n_c, n_a, n_b, SITES))


def double(structure: Modular, problem: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 5: twice the structure along one axis drawn at random."""
    if 2 * structure.n_atoms > problem.max_atoms:
        return None
    axis = int(rng.integers(3))  # a, b, c
    old = structure.assembly
    n_a, n_b, n_c = (n * 2 if i == axis else n for i, n in enumerate(old.shape))
    shape = (n_a, n_b, n_c)
    shifts = old.shifts * 2 if axis == 2 else old.shifts
    assembly = Assembly(kind_of(shape, old.angles), shape, old.angles, shifts)
    return Modular(assembly, np.concatenate([structure.sites] * 2, axis=(1, 2, 0)[axis]))


def renew_no_larger(current: CurrentStructure, problem: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 6: a new random structure with at most as many atoms."""
    return random_structure(problem.composition, min(current.relaxed.n_atoms, problem.max_atoms), rng)


def renew_any_size(_: CurrentStructure, problem: Problem, rng: np.random.Generator) -> Modular | None:
    """Action 7: a new random structure of any allowed size."""
    return random_structure(problem.composition, problem.max_atoms, rng)


# when they can apply -------------------------------------------------------------------------------------------------


def _modules(_: Modular, __: Problem) -> bool:
    return True


def _sites_differ(structure: Modular, _: Problem) -> bool:
    """Some pool of sites holds two kinds of occupants."""
    codes = structure.sites
    return bool((codes != codes.flat[0]).any())


def _blocks_differ(structure: Modular, _: Problem) -> bool:
    blocks = structure.sites.reshape(-1, SITES)
    return bool((blocks != blocks[0]).any())


def _layers_differ(structure: Modular, _: Problem) -> bool:
    """Exchanging two of two layers would only move the origin."""
    layers = structure.sites
    return len(layers) > 2 and bool((layers != layers[0]).any())


def _fits_twice(structure: Modular, problem: Problem) -> bool:
    return 2 * structure.n_atoms <= problem.max_atoms


# Any two colours differ by at least ΔE = 25 (CIE 1976), also to colour-blind readers.
ACTIONS: tuple[Action, ...] = (
    modular_action(1, "Swap two sites", "Exchange the occupants of two sites.",
                   Family.SITES, "#5ad1ff", swap_sites, _sites_differ),
    modular_action(2, "Swap sub-modules", "Exchange two blocks of four sites.",
                   Family.BLOCKS, "#a2cdb3", swap_submodules, _blocks_differ),
    modular_action(3, "Reassemble", "Stack the same blocks on another lattice.",
                   Family.LATTICE, "#cfb714", reassemble, _modules),
    modular_action(4, "Swap modules", "Exchange two layers.",
                   Family.BLOCKS, "#216236", swap_modules, _layers_differ),
    modular_action(5, "Double", "Repeat the structure along one axis.",
                   Family.LATTICE, "#896b04", double, _fits_twice),
    Action(number=6, name="Renew, no larger", description="A new random structure, no larger.",
           family=Family.NEW, colour="#f79967", change=renew_no_larger, modular=True),
    Action(number=7, name="Renew, any size", description="A new random structure of any size.",
           family=Family.NEW, colour="#a23c7b", change=renew_any_size, modular=True),
    modular_action(9, "Permute some sites", "Permute the occupants of some sites.",
                   Family.SITES, "#5681f6", permute_some_sites, _sites_differ),
    modular_action(10, "Permute all sites", "Permute the occupants of all sites.",
                   Family.SITES, "#5d3b9d", permute_all_sites, _sites_differ),
)  # fmt: skip
