"""A map of structures has each once, in its own units, and steps between those that it shows."""

import numpy as np
import pytest

from rlcsp_core.analysis.distinct import Group, structure_map
from rlcsp_core.analysis.lineage import History
from rlcsp_core.plots.structure_map import READABLE, place_clicked, structure_map_figure
from rlcsp_core.store import Finding, Source


def found(source: Source, number: int, energy: float) -> Finding:
    return Finding("a", source, number, energy, 10)


GROUPS = [
    Group((found(Source.STEP, 3, -2.0), found(Source.STEP, 1, -2.0)), "Ia-3 (206)", 17.0),
    Group((found(Source.STEP, 2, -1.9),), "P1 (1)", 18.5),
    Group((found(Source.POPULATION, 1, -1.5),), "P1 (1)", 20.0),
]
ACCEPTED = np.array([True, True, True, False])
HISTORY = History(
    step=np.arange(1, 5),
    action=np.ones(4, dtype=int),
    energy=np.array([-2.0, -1.9, -2.0, -1.0]),
    accepted=ACCEPTED,
    parent=np.array([0.0, 1.0, 2.0, 3.0]),
    n_atoms=np.full(4, 10),
    population=np.array([np.nan, -1.5]),
)


def test_energies_are_above_the_lowest_in_mev() -> None:
    known = structure_map(GROUPS)
    assert known.above == pytest.approx([0, 100, 500])
    assert list(known.volume) == [17.0, 18.5, 20.0]
    assert known.edges.shape == (0, 2)


def test_edges_are_accepted_steps_between_different_structures_each_once() -> None:
    """0: population to step 1; step 2 from 1; step 3, which is the structure of step 1, from 2."""
    assert structure_map(GROUPS, HISTORY).edges.tolist() == [[2, 0], [0, 1], [1, 0]]
    again = HISTORY._replace(parent=np.array([0.0, 3.0, 1.0, 3.0]))  # step 3 came back to what step 1 is
    assert structure_map(GROUPS, again).edges.tolist() == [[2, 0], [0, 1]]


def test_a_click_is_answered_with_the_place_of_the_structure() -> None:
    figure = structure_map_figure(structure_map(GROUPS, HISTORY), chosen=1)
    answers = {place_clicked(figure, c, i) for c in range(len(figure.data)) for i in range(3)}
    assert answers == {None, 0, 1, 2}
    for curve, index in ((99, 0), (-1, 0), (1, 99), ("1", 0), (None, None), (1, -1)):
        assert place_clicked(figure, curve, index) is None


def test_more_edges_than_can_be_read_wait_for_the_legend() -> None:
    known = structure_map(GROUPS, HISTORY)
    assert structure_map_figure(known).data[0].visible is True
    many = known._replace(edges=np.repeat(known.edges, READABLE, axis=0))
    assert structure_map_figure(many).data[0].visible == "legendonly"
