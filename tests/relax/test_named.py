"""Relaxers by name: the same call, clear words where a code is missing, no number where it fails."""

from __future__ import annotations

import itertools
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.energy import load_potential
from rlcsp_core.energy.choice import composition_in
from rlcsp_core.errors import CalculatorError, ConfigError
from rlcsp_core.outside import VARIABLE
from rlcsp_core.relax import RelaxConfig, foreign, limits_of, relax, relaxer_named
from rlcsp_core.relax.gulp import gulp_options
from rlcsp_core.relax.lammps_energy import buckingham_pairs
from tests import naive
from tests.energy.gulp import structure

ENGINE = "rlcsp_core.energy:IonicCalculator"


@pytest.fixture(autouse=True)
def trusted(monkeypatch):
    """The functions of this file may be imported."""
    functions = (f"{__name__}:{name}" for name in ("no_calculator", "broken", "no_forces", "dies"))
    monkeypatch.setenv(
        VARIABLE, ",".join((ENGINE, "no_such_module:make", "rlcsp_core.energy:nothing", *functions))
    )


def test_the_default_is_the_engine():
    start = structure("TiO2_rutile_skew")
    assert relaxer_named("builtin")(start).energy == relax(start, load_potential()).energy


@pytest.mark.slow
def test_any_ase_calculator_finds_the_same_minimum():
    start = structure("TiO2_rutile_skew")
    result = relaxer_named(ENGINE, limits_of("builtin"))(start)
    assert result.energy == pytest.approx(relaxer_named("builtin")(start).energy, abs=2e-5)


def made_up(kind: str):
    """An ASE calculator that fails in one way or another."""
    from ase.calculators.calculator import Calculator

    class Odd(Calculator):
        implemented_properties = ["energy"] if kind == "no forces" else ["energy", "forces", "stress"]

        def calculate(self, *_: object, **__: object) -> None:
            if kind == "dies":
                raise RuntimeError("no convergence")
            self.results = {"energy": 0.0}

    return Odd()


def no_forces():
    return made_up("no forces")


def dies():
    return made_up("dies")


def no_calculator():
    return 3


def broken():
    raise OSError("no weights")


@pytest.mark.slow
def test_a_foreign_code_has_limits_of_its_own():
    start = structure("TiO2_rutile_skew")
    result = relaxer_named(ENGINE)(start)
    assert result.converged
    assert 0.005 < result.max_force < 0.05
    assert limits_of(ENGINE).evaluations == 100
    assert limits_of(ENGINE, force=0.01).force == 0.01
    assert limits_of("builtin").force == RelaxConfig().force


@pytest.mark.parametrize(("function", "words"), [
    ("no_calculator", "is no ASE calculator"), ("broken", "no calculator .*: no weights"),
])  # fmt: skip
def test_what_makes_no_calculator_is_named(function, words):
    with pytest.raises(CalculatorError, match=words):
        relaxer_named(f"{__name__}:{function}")


def test_a_calculator_that_cannot_relax_is_an_error_and_one_that_fails_a_reason():
    start = structure("TiO2_rutile_skew")
    with pytest.raises(CalculatorError, match="cannot relax a crystal"):
        relaxer_named(f"{__name__}:no_forces")(start)
    result = relaxer_named(f"{__name__}:dies")(start)
    assert (result.energy, result.reason) == (None, "the calculator failed: RuntimeError")


@pytest.mark.parametrize(
    ("name", "formula"), [("pmmcs", "TiO2"), ("tosi-fumi", "NaCl"), ("lewis-catlow", "CeO2")]
)
def test_what_gulp_is_given_adds_up_to_the_pair_energy(name, formula):
    potential = load_potential(name)
    numbers = np.array([ion.number for ion in composition_of(formula).ions])
    kinds = tuple(np.unique(potential.kinds(numbers)).tolist())
    lines = gulp_options(potential, numbers, 10)
    r = np.linspace(1.2, 8.0, 50)
    for a, row in enumerate(potential.pairs(kinds)):
        for b, pair in enumerate(row[: a + 1]):
            names = f"{potential.ions[kinds[a]].element} core {potential.ions[kinds[b]].element} core "
            total = np.zeros_like(r)
            for keyword, line in itertools.pairwise(lines):
                if line.startswith(names):
                    x, y, *rest = (float(word) for word in line.removeprefix(names).split())
                    total += (
                        x * np.exp(-r / y) - rest[0] / r**6 if keyword == "buck" else x / r**12 - y / r**8
                    )
            plain = [naive.bare_pair_energy(pair, d)[0] - pair.coulomb / d for d in r]
            assert total == pytest.approx(plain, rel=1e-8, abs=1e-8)


def test_lammps_refuses_what_it_would_not_sum():
    assert len(buckingham_pairs(load_potential("lewis-catlow"), (0, 33))) == 2
    for name, formula in (("pmmcs", "MgO"), ("tosi-fumi", "NaCl")):
        potential = load_potential(name)
        kinds = tuple(potential.ions.index(ion) for ion in composition_in(formula, potential).ions)
        with pytest.raises(CalculatorError, match="not of Buckingham's form"):
            buckingham_pairs(potential, kinds)


def test_an_unfinished_relaxation_of_another_code_has_no_energy():
    result = relaxer_named(ENGINE, RelaxConfig(evaluations=2))(structure("TiO2_rutile_skew"))
    assert result.energy is None
    assert result.reason == "evaluation limit"


def test_a_long_relaxation_of_another_code_gives_signs_of_life(monkeypatch, capsys):
    start = structure("TiO2_rutile_skew")
    monkeypatch.setattr(foreign, "HEARTBEAT", 1e9)
    relaxer_named(ENGINE, RelaxConfig(evaluations=3))(start)
    assert capsys.readouterr().err == ""  # a quick one does not
    monkeypatch.setattr(foreign, "HEARTBEAT", 0.0)
    relaxer_named(ENGINE, RelaxConfig(evaluations=3))(start)
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith(f"relaxing {start.n_atoms} atoms: energy 2 of at most 3, largest force ")


@pytest.mark.parametrize(("name", "error", "words"), [
    ("vasp", ConfigError, "choose from builtin, gulp, lammps"),
    ("no_such_module:make", CalculatorError, "no_such_module"),
    ("rlcsp_core.energy:nothing", CalculatorError, "nothing"),
])  # fmt: skip
def test_a_name_that_does_not_exist_is_answered_with_a_sentence(name, error, words):
    with pytest.raises(error, match=words):
        relaxer_named(name)


def test_missing_programs_are_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("ASE_GULP_COMMAND", raising=False)
    with pytest.raises(CalculatorError, match="GULP is not installed"):
        relaxer_named("gulp")


def test_a_gulp_that_dies_is_an_error_not_an_energy(monkeypatch, tmp_path):
    program = tmp_path / "gulp"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("ASE_GULP_COMMAND", f"{program} < PREFIX.gin > PREFIX.got")
    with pytest.raises(CalculatorError, match="GULP"):
        relaxer_named("gulp")(structure("TiO2_rutile_skew"))


def test_gulp_is_given_every_number_of_the_potential():
    potential = load_potential()
    text = "\n".join(gulp_options(potential, np.array([39, 38, 22, 8]), 10))
    for element, charge in zip(potential.elements, potential.charges, strict=True):
        assert f"{element} core {charge:g}" in text
    for terms in potential.terms.values():
        for value in (*terms.exponentials[0], terms.C):
            assert f" {value:.10g}" in text


@pytest.mark.slow
def test_gulp_is_asked_in_two_stages_and_its_answer_understood(monkeypatch):
    program = Path(__file__).with_name("gulp_stand_in.py")
    monkeypatch.setenv("PYTHONPATH", str(program.parents[2]))
    monkeypatch.setenv("ASE_GULP_COMMAND", f"{sys.executable} {program} < PREFIX.gin > PREFIX.got")
    crystal = structure("TiO2_rutile_skew")
    theirs, ours = relaxer_named("gulp")(crystal), relaxer_named("builtin")(crystal)
    assert theirs.reason is None
    assert None not in (theirs.energy, ours.energy)
    # their input and output carry six decimals
    assert abs(theirs.energy - ours.energy) < 1e-5
    assert sorted(theirs.crystal.numbers) == sorted(crystal.numbers)
    again = relaxer_named("builtin")(theirs.crystal)
    assert again.energy == pytest.approx(theirs.energy, abs=1e-5)
    assert theirs.evaluations > 2  # cycles of both stages


@pytest.mark.slow
def test_a_gulp_that_does_not_converge_gives_a_reason_and_no_energy(monkeypatch):
    program = Path(__file__).with_name("gulp_stand_in.py")
    monkeypatch.setenv("PYTHONPATH", str(program.parents[2]))
    monkeypatch.setenv("ASE_GULP_COMMAND", f"{sys.executable} {program} < PREFIX.gin > PREFIX.got")
    crystal = structure("TiO2_rutile_skew")
    answer = relaxer_named("gulp", RelaxConfig(evaluations=1))(crystal)
    assert answer.energy is None
    assert answer.reason == "GULP did not reach a minimum"
