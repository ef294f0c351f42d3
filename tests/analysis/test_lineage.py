"""Ancestors are the accepted steps before a structure, and the lowest member of the population at the root."""

import numpy as np

from rlcsp_core.analysis.lineage import Ancestor, lineage

STEP = np.arange(1, 7)
ACTION = np.array([1, 9, 10, 2, 7, 3])
ENERGY = np.array([-1.0, np.nan, -1.3, -1.1, -1.2, -1.5])
ACCEPTED = np.array([True, False, False, True, False, True])
POPULATION = np.array([-0.5, np.nan, -0.9])


def test_chain_of_an_accepted_step() -> None:
    assert lineage(6, STEP, ACTION, ENERGY, ACCEPTED, POPULATION) == [
        Ancestor(6, None, 3, -1.5),
        Ancestor(4, None, 2, -1.1),
        Ancestor(1, None, 1, -1.0),
        Ancestor(None, 2, None, -0.9),
    ]


def test_a_rejected_structure_has_the_same_parent_but_is_nobodys() -> None:
    chain = lineage(3, STEP, ACTION, ENERGY, ACCEPTED, POPULATION)
    assert [link.step for link in chain] == [3, 1, None]
    assert all(link.step != 3 for link in lineage(6, STEP, ACTION, ENERGY, ACCEPTED, POPULATION))


def test_later_steps_do_not_matter() -> None:
    for number in STEP:
        early = number >= STEP
        whole = lineage(number, STEP, ACTION, ENERGY, ACCEPTED, POPULATION)
        part = lineage(number, STEP[early], ACTION[early], ENERGY[early], ACCEPTED[early], POPULATION)
        assert repr(whole) == repr(part)
