"""Relaxing again by another model: the laws of any calculator, and the shipped models where they are installed."""

import os
import sys

import numpy as np
import pytest
from ase.build import bulk
from threadpoolctl import threadpool_info, threadpool_limits

from rlcsp_core.crystal.formats import from_ase
from rlcsp_core.crystal.known import references
from rlcsp_core.crystal.symmetry import space_group
from rlcsp_core.errors import CalculatorError, ConfigError
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import (
    MODELS,
    calculator_named,
    checked_model,
    installed,
    label_of,
    relax_again,
    version_of,
)
from tests.refining import calculators

REASONS = {
    "burst": "blew the cell up to more than 2 times",
    "no_number": "not finite",
    "no_force": "not finite",
    "fall": "closer than 0.5 Å",
    "crash": "the calculator failed: ValueError",
}


def test_a_minimum_of_the_same_potential_is_found_again(minima):
    rng = np.random.default_rng(5)
    energy, crystal = minima[0]
    moved = Crystal(
        crystal.numbers, crystal.positions + rng.normal(scale=0.05, size=(2, 3)), crystal.cell * 1.01
    )
    found = relax_again(moved, calculators.same())
    assert found.reason is None
    assert found.energy == pytest.approx(energy, abs=1e-3)
    assert found.crystal.volume == pytest.approx(crystal.volume, rel=0.01)


@pytest.mark.parametrize("name", REASONS)
def test_an_explosion_has_a_reason_and_no_energy(minima, trusted, name):  # noqa: ARG001
    found = relax_again(minima[0][1], calculator_named(f"tests.refining.calculators:{name}"))
    assert found.energy is None
    assert REASONS[name] in found.reason


def test_where_the_energy_has_settled_rough_forces_do_not_matter(minima):
    energy, crystal = minima[3]  # wurtzite type: atoms that can move
    moved = Crystal(crystal.numbers, crystal.positions, crystal.cell * 1.01)
    found = relax_again(moved, calculators.rough())
    assert found.reason is None
    assert found.max_force > 0.03
    assert found.energy == pytest.approx(energy, abs=1e-3)


def test_who_watches_ends_it(minima):
    found = relax_again(minima[0][1], calculators.Burst(), lambda _: "enough")
    assert (found.energy, found.reason, found.evaluations) == (None, "enough", 1)


def test_the_number_of_cores_has_no_part_in_it(minima):
    threads = []

    def count(_atoms):
        threads.extend(
            library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
        )

    with threadpool_limits(2, user_api="blas"):
        relax_again(minima[0][1], calculators.same(), count)
    assert threads
    assert threads[0] == 1  # NumPy's own; what SciPy brings is at work on three rows at most


def test_who_listens_may_go_before_the_end(minima, monkeypatch):
    """A closed pipe is no fault of the structure, which would be marked for good."""
    monkeypatch.setattr("rlcsp_core.relax.foreign.HEARTBEAT", 0.0)
    reader, writer = os.pipe()
    os.close(reader)
    moved = Crystal(minima[0][1].numbers, minima[0][1].positions, minima[0][1].cell * 1.02)
    closed = os.fdopen(writer, "w")
    monkeypatch.setattr(sys, "stderr", closed)
    found = relax_again(moved, calculators.same())
    with pytest.raises(BrokenPipeError):
        closed.close()
    assert found.evaluations > 1
    assert found.reason is None


def test_an_unknown_model_is_refused_with_the_choices():
    with pytest.raises(ConfigError, match="unknown model 'magic'; choose from diep, chgnet, sevennet"):
        checked_model("magic")


def test_code_of_others_is_imported_only_where_the_user_says_so(monkeypatch):
    monkeypatch.delenv("RLCSP_TRUST", raising=False)
    with pytest.raises(ConfigError, match="RLCSP_TRUST"):
        calculator_named(calculators.SAME)


@pytest.mark.parametrize("name", MODELS)
def test_without_the_extra_it_is_said_how_to_get_it(name):
    if installed(name):
        pytest.skip(f"{label_of(name)} is installed")
    with pytest.raises(CalculatorError, match=r"is not installed: make app ML=1, or pip install '\.\[ml\]'"):
        calculator_named(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_model_keeps_two_known_crystals(name):
    """Lattice constants of experiment within 2 %: rock-salt MgO, and perovskite SrTiO3 (data/references)."""
    if not installed(name):
        pytest.skip(f"{label_of(name)} is not installed: it comes with the extra ml")
    calculator = calculator_named(name)
    assert "torch" in version_of(name)
    perovskite = next(r.crystal for r in references() if (r.formula, r.name) == ("SrTiO3", "perovskite"))
    for start, number in ((from_ase(bulk("MgO", "rocksalt", a=4.3)), 225), (perovskite, 221)):
        found = relax_again(start, calculator)
        assert found.converged, found.reason
        group = space_group(found.crystal, 0.05)
        assert group is not None
        assert group.number == number
        size = 4.212**3 / 4 if number == 225 else 3.905**3
        assert (found.crystal.volume / size) ** (1 / 3) == pytest.approx(1, abs=0.02)
