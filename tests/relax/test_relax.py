"""Laws of relaxation: published minima, honest outcomes, the same crystal, the same bits."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import ase.io
import numpy as np
import pytest

from rlcsp_core.energy import evaluate, load_potential
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Crystal
from rlcsp_core.relax import RelaxConfig, relax, relax_path
from tests.energy.gulp import REFERENCE, crystal_of, structure

REFERENCES = Path(__file__).parents[2] / "data" / "references"
TIGHT = RelaxConfig(force=2e-4, stress=1e-5)

# lowest minima of the potential, eV/atom: Zamaraeva et al., Digital Discovery 2023, 2, 1831
PUBLISHED = {
    "Y2O3_bixbyite": -27.394619,
    "SrY2O4_spinel": -24.428313,
    "Y2TiO5_ground_state": -32.682202,
    "Y2Ti2O7_pyrochlore": -35.153744,
    "Sr4Ti3O10_intergrowth": -29.984896,
    "Sr4Ti3O10_ruddlesden_popper": -29.984796,
}


@pytest.fixture(scope="module")
def potential():
    return load_potential()


def literature(name: str) -> Crystal:
    atoms = ase.io.read(REFERENCES / f"{name}.cif")
    return Crystal(atoms.numbers, atoms.positions, np.array(atoms.cell))


def gas(seed: int, contact: float) -> Crystal:
    """Ions thrown into a loose cell, two of them as near as `contact` [Å]."""
    rng = np.random.default_rng(seed)
    numbers = np.array([39, 39, 22, 8, 8, 8, 8, 8] * 2)
    cell = np.eye(3) * (25.0 * len(numbers)) ** (1 / 3) + rng.normal(0, 0.5, (3, 3))
    positions = rng.random((len(numbers), 3)) @ cell
    direction = rng.normal(size=3)
    positions[1] = positions[0] + contact * direction / np.linalg.norm(direction)
    return Crystal(numbers, positions, cell)


@pytest.mark.parametrize(("name", "energy"), PUBLISHED.items())
def test_published_minima_follow_from_crystallographic_coordinates(name, energy, potential):
    result = relax(literature(name), potential, TIGHT)
    assert result.converged
    assert abs(result.energy - energy) < 1e-6


@pytest.mark.parametrize("path", sorted(REFERENCES.glob("*.cif")), ids=lambda path: path.stem)
def test_every_shipped_structure_relaxes(path, potential):
    assert relax(literature(path.stem), potential).converged


@pytest.mark.parametrize("entry", REFERENCE, ids=lambda entry: entry["name"])
def test_a_converged_result_is_a_point_without_forces(entry, potential):
    config = RelaxConfig()
    result = relax(crystal_of(entry), potential, config)
    at = evaluate(result.crystal, potential)
    assert result.energy == pytest.approx(at.energy / entry["n_atoms"], abs=1e-9)
    assert result.energy < entry["energy_per_atom"]
    assert np.linalg.norm(at.gradient, axis=1).max() < config.force
    assert np.abs(at.strain_gradient).max() / result.crystal.volume < config.stress


def test_the_choice_of_cell_does_not_change_the_minimum(potential):
    base = structure("TiO2_rutile_skew")
    other = Crystal(base.numbers, base.positions, np.array([[1, 0, 0], [3, 1, 0], [-5, 2, 1]]) @ base.cell)
    first, second = relax(base, potential, TIGHT), relax(other, potential, TIGHT)
    assert first.energy == pytest.approx(second.energy, abs=1e-7)


def test_the_reported_cell_is_reduced(potential):
    cell = relax(structure("pert_Y2O3_10_skew"), potential).crystal.cell
    lengths = np.linalg.norm(cell, axis=1)
    cosines = np.abs((cell @ cell.T) / np.outer(lengths, lengths))[np.triu_indices(3, 1)]
    assert cosines.max() <= 0.5 + 1e-3  # 60° … 120°
    assert np.linalg.det(cell) > 0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("contact", [0.6, 1.0])
def test_gas_like_starts_relax(seed, contact, potential):
    assert relax(gas(seed, contact), potential).reason is None


def test_the_energy_falls_along_the_path_and_ends_at_the_minimum(potential):
    start = structure("Y2Ti2O7_pyrochlore_prim")
    path = relax_path(start, potential)
    energies = np.array([energy for _, energy in path])
    assert np.diff(energies).max() < 1e-8
    assert energies[0] > energies[-1]
    assert energies[-1] == pytest.approx(relax(start, potential).energy, abs=1e-5)


def test_the_same_start_gives_the_same_bits_on_any_thread(potential):
    starts = [gas(seed, 1.0) for seed in range(4)]
    alone = [relax(start, potential) for start in starts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda start: relax(start, potential), starts))
    for one, other in zip(alone, together, strict=True):
        assert one.energy == other.energy
        assert one.evaluations == other.evaluations
        assert np.array_equal(one.crystal.positions, other.crystal.positions)


def test_a_relaxation_that_is_cut_short_has_no_energy(potential):
    result = relax(gas(0, 1.0), potential, RelaxConfig(evaluations=7))
    assert result.energy is None
    assert result.reason == "evaluation limit"
    assert result.evaluations <= 7 + 1


def test_the_clock_ends_a_relaxation(potential, monkeypatch):
    """A clock of our own, a second a look: how fast this machine is does not matter."""
    ticks = itertools.count()
    monkeypatch.setattr("rlcsp_core.relax.relaxer.time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    result = relax(gas(0, 1.0), potential, RelaxConfig(force=1e-30, evaluations=10**5, seconds=3))
    assert (result.energy, result.reason) == (None, "time limit")
    assert next(ticks) < 10


def test_two_ions_on_one_site_never_count_as_a_minimum(potential):
    result = relax(Crystal(np.array([38, 8]), np.zeros((2, 3)), 4 * np.eye(3)), potential)
    assert result.energy is None
    assert result.reason


def test_a_thousand_atoms_are_no_hang(potential):
    base = literature("Y2O3_bixbyite")
    shifts = np.array(list(np.ndindex(1, 3, 4)))
    positions = (base.positions[None] + (shifts @ base.cell)[:, None]).reshape(-1, 3)
    large = Crystal(np.tile(base.numbers, len(shifts)), positions, np.diag([1, 3, 4]) @ base.cell)
    assert large.n_atoms == 960
    result = relax(large, potential)
    assert result.energy == pytest.approx(PUBLISHED["Y2O3_bixbyite"], abs=2e-6)


def test_limits_must_be_positive():
    with pytest.raises(ConfigError, match="force"):
        RelaxConfig(force=0)
