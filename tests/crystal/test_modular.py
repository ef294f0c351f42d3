"""Modular structures: geometry of sub-modules, stacking rules, random filling, sound trials."""

from __future__ import annotations

import numpy as np
import pytest

from rlcsp_core.crystal.composition import composition_of, presets
from rlcsp_core.crystal.generate import random_sites, random_sound_structure, random_structure
from rlcsp_core.crystal.ions import code_of, ions_in
from rlcsp_core.crystal.lattice import KINDS, kind_of, kinds_for, random_assembly, shapes_of
from rlcsp_core.crystal.modular import SITES, Assembly, Modular, build
from rlcsp_core.crystal.soundness import unsound_because

PEROVSKITE = Assembly("cubic", (1, 1, 2), (90.0, 90.0, 90.0), (0, 1))


def perovskite() -> Modular:
    """Ti O ☐ O below Sr ☐ O ☐, the upper layer shifted by (½, ½): the perovskite structure in two sub-modules."""
    ti, sr, o = code_of("Ti"), code_of("Sr"), code_of("O")
    return Modular(PEROVSKITE, np.array([[[[ti, o, 0, o]]], [[[sr, 0, o, 0]]]]))


def test_two_sub_modules_make_a_perovskite():
    crystal = build(perovskite(), composition_of("SrTiO3"))
    a = composition_of("SrTiO3").block_length
    assert np.allclose(crystal.cell, a * np.eye(3))
    fractional = crystal.positions / a
    titanium = fractional[crystal.numbers == 22][0]
    offsets = {38: (0.5, 0.5, 0.5)}
    strontium = (fractional[crystal.numbers == 38][0] - titanium) % 1
    assert np.allclose(strontium, offsets[38])
    oxygens = {tuple(np.round((p - titanium) % 1, 6)) for p in fractional[crystal.numbers == 8]}
    assert oxygens == {(0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5)}


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_assembly_obeys_its_kind(kind, rng):
    sizes = [n for n in range(2, 33) if kind in kinds_for(n)]
    for _ in range(200):
        n_blocks = int(rng.choice(sizes))
        assembly = random_assembly(kind, n_blocks, rng)
        assert assembly.n_blocks == n_blocks
        assert assembly.shape in shapes_of(kind, n_blocks)
        assert assembly.volume_factor > 0
        assert list(KINDS).index(kind_of(assembly.shape, assembly.angles)) <= list(KINDS).index(kind)
        assert_stacked(assembly)


def assert_stacked(assembly: Assembly) -> None:
    shifts = assembly.shifts
    n_c = assembly.shape[2]
    assert len(shifts) == n_c >= 2
    assert all(shifts[k] != shifts[(k + 1) % n_c] for k in range(n_c))
    if assembly.angles[2] == 90.0:
        assert n_c % 2 == 0
        assert set(shifts) == {0, 1}
    else:
        assert set(shifts) <= {0, 2, 3}


def test_shapes_by_hand():
    assert shapes_of("cubic", 16) == ((2, 2, 4),)
    assert shapes_of("tetragonal", 8) == ((1, 1, 8), (2, 2, 2))
    assert shapes_of("hexagonal", 3) == ((1, 1, 3),)
    assert set(shapes_of("orthorhombic", 4)) == {(1, 1, 4), (1, 2, 2), (2, 1, 2)}
    assert set(shapes_of("monoclinic", 3)) == {(1, 1, 3)}
    assert shapes_of("cubic", 3) == ()


@pytest.mark.parametrize("formula", list(presets()))
def test_random_structures_keep_formula_limit_and_cations_first(formula, rng):
    composition, limit = composition_of(formula), presets()[formula].max_atoms
    cations = [code_of(ion.element) for ion in composition.ions if ion.is_cation]
    for _ in range(200):
        structure = random_structure(composition, limit, rng)
        if structure is None:
            continue
        assert structure.n_atoms <= limit
        n_formula = structure.n_atoms // composition.n_atoms
        held = {ion.element: int((structure.sites == code_of(ion.element)).sum()) for ion in composition.ions}
        assert held == {e: n * n_formula for e, n in composition.as_dict.items()}
        on_first = np.isin(structure.sites[..., 0], cations).sum()
        assert on_first == min(structure.assembly.n_blocks, np.isin(structure.sites, cations).sum())


def test_the_rest_is_filled_evenly(rng):
    """Two cations in two blocks leave three free sites in each for three anions: each is taken half the time."""
    composition = composition_of("Y2O3")
    n = 4000
    taken = np.zeros((2, SITES))
    for _ in range(n):
        taken += random_sites(PEROVSKITE, composition, 1, rng).reshape(2, SITES) == code_of("O")
    assert np.all(taken[:, 0] == 0)
    assert np.abs(taken[:, 1:] / n - 0.5).max() < 4 * np.sqrt(0.25 / n)  # 4σ


def test_the_volume_factor_is_that_of_the_cell(rng):
    composition = composition_of("Y2O3")
    for _ in range(100):
        structure = random_structure(composition, 40, rng)
        if structure is not None:
            expected = structure.assembly.n_blocks * composition.block_length**3 / 2
            crystal = build(structure, composition)
            assert crystal.volume == pytest.approx(expected * structure.assembly.volume_factor)


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["Y2O3", "Sr4Ti3O10"])
def test_soundness_agrees_with_its_slow_twin(formula, rng):
    composition = composition_of(formula)
    seen = set()
    for _ in range(50):
        structure = random_structure(composition, 40, rng)
        if structure is None:
            continue
        reason = unsound_because(structure, composition, 1.2)
        seen.add(reason)
        if reason != "density":
            assert (reason is None) == slow_contacts_are_sound(build(structure, composition))
    assert {None, "coordination"} <= seen


def slow_contacts_are_sound(crystal) -> bool:
    """Distances to every atom of a block of cells around the home cell."""
    ions = ions_in(crystal.numbers)
    span = range(-4, 5)
    images = np.array([(i, j, k) for i in span for j in span for k in span]) @ crystal.cell
    good = cations = 0
    for number, position in zip(crystal.numbers, crystal.positions, strict=True):
        distance = np.linalg.norm(crystal.positions[:, None] + images - position, axis=-1)
        if np.sort(distance.ravel())[1] <= 1.2:
            return False
        ion = ions[number]
        if not ion.is_cation:
            continue
        reach = 1.25 * (ion.radius + ions[8].radius)
        neighbours = (distance[crystal.numbers == 8] < reach).sum()
        cations += 1
        good += ion.coordination[0] - 1 <= neighbours <= ion.coordination[1] + 1
    return good >= 0.75 * cations


def test_density_rule_by_hand():
    """One formula unit of Y2O3 in two right-angled blocks: 41.26 Å³ of spheres in 106.6 Å³ is 0.387, too thin."""
    composition = composition_of("Y2O3")
    y, o = code_of("Y"), code_of("O")
    thin = Modular(PEROVSKITE, np.array([[[[y, o, 0, o]]], [[[y, 0, o, 0]]]]))
    assert unsound_because(thin, composition, 1.2) == "density"


@pytest.mark.parametrize("formula", list(presets()))
def test_a_sound_structure_is_found_for_every_preset(formula, rng):
    composition = composition_of(formula)
    structure, attempts = random_sound_structure(composition, presets()[formula].max_atoms, 1.2, rng)
    assert structure is not None
    assert attempts >= 1
    assert unsound_because(structure, composition, 1.2) is None
