"""Calculators that stand in for machine-learned models: named as module:function."""

import os
import time

import numpy as np
from ase.calculators.calculator import Calculator

from rlcsp_core.energy.ase_calculator import IonicCalculator

SLOW = "RLCSP_TEST_SLOW"  # s an evaluation of `slow` takes

SAME = f"{__name__}:same"
SLOWLY = f"{__name__}:slow"


def same():
    """The potential of the search itself: whatever was a minimum stays one."""
    return IonicCalculator()


def slow():
    calculator = IonicCalculator()
    evaluate = calculator.calculate

    def calculate(*arguments, **options):
        time.sleep(float(os.environ[SLOW]))
        evaluate(*arguments, **options)

    calculator.calculate = calculate
    return calculator


def rough():
    """Forces of 0.05 eV/Å that turn round at each evaluation and belong to no energy."""
    calculator = IonicCalculator()
    evaluate = calculator.calculate
    turns = []

    def calculate(*arguments, **options):
        evaluate(*arguments, **options)
        turns.append(1)
        push = np.zeros_like(calculator.results["forces"])
        push[0, 0], push[1, 0] = 0.05, -0.05
        calculator.results["forces"] = calculator.results["forces"] + push * (-1) ** len(turns)

    calculator.calculate = calculate
    return calculator


class Toy(Calculator):
    """Forces and stress that do not depend on the structure."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012
    pressure = 0.0  # eV/Å³; above 0 it swells
    energy = 0.0

    def force(self, atoms):
        return np.zeros((len(atoms), 3))

    def calculate(self, atoms=None, properties=("energy",), changes=()) -> None:
        super().calculate(atoms, properties, changes)
        self.results = {
            "energy": self.energy,
            "forces": self.force(self.atoms),
            "stress": np.array([-self.pressure] * 3 + [0.0] * 3),
        }


class Burst(Toy):
    pressure = 1.0


class NoNumber(Toy):
    energy = float("nan")


class NoForce(Toy):
    def force(self, atoms):
        return np.full((len(atoms), 3), np.nan)


class Fall(Toy):
    """The second atom is pulled to the first."""

    def force(self, atoms):
        force = np.zeros((len(atoms), 3))
        towards = atoms.get_distance(1, 0, mic=True, vector=True)
        force[1] = towards / np.linalg.norm(towards)
        return force


class Crash(Toy):
    def force(self, atoms):
        raise ValueError(f"{len(atoms)} atoms are too many for me")


def burst():
    return Burst()


def no_number():
    return NoNumber()


def no_force():
    return NoForce()


def fall():
    return Fall()


def crash():
    return Crash()
