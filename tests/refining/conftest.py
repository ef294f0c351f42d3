"""A run that has kept four distinct structures of SrO, of which one twice, and one that failed."""

import pytest
from ase.build import bulk
from ase.spacegroup import crystal as from_group

from rlcsp_core.crystal.formats import from_ase
from rlcsp_core.energy.potential_file import load_potential
from rlcsp_core.outside import VARIABLE
from rlcsp_core.records import PopulationRecord
from rlcsp_core.relax import relax
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import RunState

CONFIG = SearchConfig(composition="SrO", population=6, steps=1, max_atoms=8).as_dict()


@pytest.fixture(scope="session")
def minima():
    """Relaxed by the potential of the searches: (energy [eV/atom], crystal)."""
    wurtzite = from_group(
        ["Sr", "O"],
        [(1 / 3, 2 / 3, 0), (1 / 3, 2 / 3, 0.38)],
        spacegroup=186,
        cellpar=[3.6, 3.6, 5.8, 90, 90, 120],
    )
    starts = [
        bulk("SrO", "rocksalt", a=5.1),
        bulk("SrO", "cesiumchloride", a=3.1),
        bulk("SrO", "zincblende", a=5.6),
        wurtzite,
        bulk("SrO", "rocksalt", a=5.2).repeat((2, 1, 1)),
    ]
    outcomes = [relax(from_ase(atoms), load_potential()) for atoms in starts]
    assert all(outcome.converged for outcome in outcomes)
    return [(outcome.energy, outcome.crystal) for outcome in outcomes]


@pytest.fixture
def run_id(store, minima):
    mine = store.create_claimed(CONFIG, name="SrO")
    members = [
        PopulationRecord(i, 1, energy, None, 10, 0.01, crystal, crystal)
        for i, (energy, crystal) in enumerate(minima)
    ]
    failed = PopulationRecord(len(members), 1, None, "cell collapse", 10, 0.01, minima[0][1], None)
    store.append(mine, [*members, failed], None)
    store.end(mine, RunState.STOPPED, "stopped")
    return mine.run_id


@pytest.fixture
def trusted(monkeypatch):
    """Lets this process and those it starts import the calculators of the tests."""
    names = [
        f"tests.refining.calculators:{name}"
        for name in ("same", "slow", "burst", "no_number", "no_force", "fall", "crash")
    ]
    monkeypatch.setenv(VARIABLE, ",".join(names))
