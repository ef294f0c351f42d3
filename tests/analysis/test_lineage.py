"""Ancestors are the accepted steps before a structure, and the lowest member of the population at the root."""

import numpy as np
import pytest

from rlcsp_core.analysis.lineage import Ancestor, History, accepted_moves, changes, folded, lineage

STEP = np.arange(1, 7)
ACTION = np.array([1, 9, 10, 2, 7, 3])
ENERGY = np.array([-1.0, np.nan, -1.3, -1.1, -1.2, -1.5])
ACCEPTED = np.array([True, False, False, True, False, True])
POPULATION = np.array([-0.5, np.nan, -0.9])
UNKNOWN = np.full(6, np.nan)
ATOMS = np.array([10, 10, 20, 20, 40, 40])
OLD = History(STEP, ACTION, ENERGY, ACCEPTED, UNKNOWN, ATOMS, POPULATION)


def test_chain_of_an_accepted_step() -> None:
    assert lineage(6, OLD) == [
        Ancestor(6, None, 3, -1.5, 40),
        Ancestor(4, None, 2, -1.1, 20),
        Ancestor(1, None, 1, -1.0, 10),
        Ancestor(None, 2, None, -0.9, None),
    ]


def test_a_rejected_structure_has_the_same_parent_but_is_nobodys() -> None:
    chain = lineage(3, OLD)
    assert [link.step for link in chain] == [3, 1, None]
    assert all(link.step != 3 for link in lineage(6, OLD))


def test_later_steps_do_not_matter() -> None:
    for number in STEP:
        early = History(*(column[:number] for column in OLD[:-1]), OLD.population)
        assert repr(lineage(number, early)) == repr(lineage(number, OLD))


def test_recorded_parents_are_followed() -> None:
    """Step 6 goes back to step 4 and step 4 to the population, whatever was accepted in between."""
    known = OLD._replace(parent=np.array([0.0, 1.0, 1.0, 0.0, 1.0, 4.0]))
    assert [link.step for link in lineage(6, known)] == [6, 4, None]
    assert [link.step for link in lineage(5, known)] == [5, 1, None]


def test_moves_are_the_links_of_all_chains() -> None:
    assert accepted_moves(OLD) == [(0, 1), (1, 4), (4, 6)]
    assert accepted_moves(OLD._replace(parent=np.array([0.0, 1, 1, 0, 1, 4]))) == [(0, 1), (0, 4), (4, 6)]


def test_links_that_change_nothing_are_folded() -> None:
    """Doubling a crystal changes its size and not its energy; the swaps between change neither."""
    links = [
        (9, -1.5, 40),
        (8, -1.1, 40),
        (7, -1.1 + 1e-8, 40),
        (6, -1.1, 40),
        (5, -1.1, 20),
        (4, -1.1, 20),
        (3, -1.0, 20),
    ]
    chain = [
        *(Ancestor(step, None, 1, energy, n) for step, energy, n in links),
        Ancestor(None, 0, None, -0.9, None),
    ]
    parts = folded(chain)
    assert [[link.step for link in part.links] for part in parts] == [[9], [8, 7], [6], [5], [4], [3], [None]]
    assert [part.changed for part in parts] == [True, False, True, False, True, True, True]
    assert [link for part in parts for link in part.links] == chain


def test_changes_are_against_the_parent() -> None:
    chain = [Ancestor(step, None, 1, energy, 10) for step, energy in ((3, -2.0), (2, -1.998), (1, -1.999))]
    assert changes(chain) == [pytest.approx(-2.0), pytest.approx(1.0), None]
    assert changes([]) == []
