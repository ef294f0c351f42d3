"""Structures as files, and the command line called in this process."""

import json

import pytest
from ase import Atoms
from ase.build import bulk

from rlcsp_core.cli.main import main

A_SRTIO3 = 3.905  # Å
# GULP 6.2.0 for the ideal cubic perovskite of that lattice constant
E_SRTIO3 = -31.6985299016  # eV/atom
STRAIN_SRTIO3 = -4.81380604  # eV, dE/dε of each axis


def perovskite(a=A_SRTIO3):
    scaled = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    return Atoms("SrTiO3", scaled_positions=scaled, cell=[a] * 3, pbc=True)


@pytest.fixture
def srtio3(tmp_path):
    path = tmp_path / "SrTiO3.cif"
    perovskite().write(path)
    return str(path)


@pytest.fixture
def frames(tmp_path):
    path = tmp_path / "frames.xyz"
    for atoms in (perovskite(), bulk("SrO", "rocksalt", a=5.16), perovskite(4.0)):
        atoms.write(path, append=True, format="extxyz")
    return str(path)


@pytest.fixture
def call(capsys):
    """call(words) -> exit code, JSON objects on standard output, text on standard error."""

    def run(*words):
        code = main([*words, "--json"])
        out, err = capsys.readouterr()
        return code, [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()], err

    return run


@pytest.fixture
def database(tmp_path):
    return str(tmp_path / "runs.sqlite")
