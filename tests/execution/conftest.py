"""A database, and a manager whose workers run the fake search."""

import os

import numpy as np
import pytest

from rlcsp_core.execution import RunManager
from tests.execution.fake import ROOT, fake_command


@pytest.fixture
def manager(path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    manager = RunManager(str(path), limit=2, command=fake_command)
    yield manager
    manager.close()


@pytest.fixture
def rng():
    return np.random.default_rng(11)
