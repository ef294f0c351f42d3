"""A hull is drawn where its compositions are, and says what has no energy and what is in doubt."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import dist

import plotly.graph_objects as go
import pytest

from rlcsp_core.analysis.hull_map import HullMap, HullMark, Place, in_triangle, share_of_atoms
from rlcsp_core.plots.export import figure_table
from rlcsp_core.plots.hull_names import NAME_HEIGHT
from rlcsp_core.plots.palette import CONTRAST, PAGES, TARGET, contrast
from rlcsp_core.plots.phase_field import SCALE, phase_field_figure
from rlcsp_core.plots.structure_map import place_clicked

TERNARY, BINARY = ("Y2O3", "SrO", "TiO2"), ("SrO", "TiO2")
KNOWN = {"Y2O3": "bixbyite", "SrTiO3": "perovskite", "Sr3Ti2O7": "layered", "Sr2TiO4": "layered"}
FRACTIONS = {
    "Y2O3": (1, 0, 0), "SrO": (0, 1, 0), "TiO2": (0, 0, 1), "SrTiO3": (0, 1 / 2, 1 / 2), "Sr3Ti2O7": (0, 3 / 5, 2 / 5),
    "Sr4Ti3O10": (0, 4 / 7, 3 / 7), "Sr2TiO4": (0, 2 / 3, 1 / 3), "Y2SrTiO6": (1 / 3, 1 / 3, 1 / 3),
}  # fmt: skip
ABOVE = {"Y2SrTiO6": 31.5, "Sr2TiO4": 4.0, "Sr4Ti3O10": None}  # meV/atom; the others are on the hull
FORMATION = {"SrTiO3": -280.0, "Sr3Ti2O7": -250.0, "Sr2TiO4": -220.0}


def mark(formula: str, members: tuple[str, ...]) -> HullMark:
    above = ABOVE.get(formula, 0.0)
    fractions = FRACTIONS[formula][-len(members) :]
    place = in_triangle(fractions) if len(members) == 3 else Place(fractions[1], FORMATION.get(formula, 0.0))
    return HullMark(
        formula=formula,
        fractions=fractions,
        place=None if above is None and len(members) == 2 else place,
        x=place.x,
        formation=None if above is None else FORMATION.get(formula, 0.0),
        above=above,
        stable=above == 0,
        known=KNOWN.get(formula),
        hits=1 if formula == "SrTiO3" else 3,
        n_finished=3,
        doubtful=formula == "SrTiO3",
        words=("said of it",),
    )


def hull(members: tuple[str, ...] = TERNARY) -> HullMap:
    inside = [f for f in FRACTIONS if sum(FRACTIONS[f][-len(members) :]) == 1]
    marks = tuple(mark(formula, members) for formula in inside)
    return HullMap(members, "by DIEP", marks, ((0, 1), (1, 2)))


def drawn(figure: go.Figure) -> dict[int, go.Scatter]:
    """The trace of each composition."""
    return {place: trace for trace in figure.data for place in trace.customdata or ()}


def test_a_triangle_has_equal_sides_and_mixtures_lie_between_what_they_are_mixed_of() -> None:
    corners = [in_triangle(f) for f in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    assert [dist(a, b) for a, b in combinations(corners, 2)] == pytest.approx([1, 1, 1])
    one, other, mixed = (
        in_triangle((0.2, 0.5, 0.3)),
        in_triangle((0.6, 0.1, 0.3)),
        in_triangle((0.3, 0.4, 0.3)),
    )
    assert mixed == pytest.approx([0.75 * a + 0.25 * b for a, b in zip(one, other, strict=True)])


def test_energies_per_atom_are_linear_in_the_share_of_the_atoms() -> None:
    """A mixture of SrTiO3 (5 atoms) and TiO2 (3) has the mean energy of its atoms; one of each, 8 atoms."""
    shares = [share_of_atoms(f, (2, 3)) for f in ((1 / 2, 1 / 2), (1 / 3, 2 / 3), (0, 1))]
    assert shares == pytest.approx([3 / 5, 6 / 8, 1])
    energies = -1.8, (5 * -1.8 + 3 * -2.0) / 8, -2.0
    slope = (energies[2] - energies[0]) / (shares[2] - shares[0])
    assert energies[1] == pytest.approx(energies[0] + slope * (shares[1] - shares[0]))


@pytest.mark.parametrize("members", [TERNARY, BINARY])
def test_every_composition_is_drawn_once_and_answers_a_click(members: tuple[str, ...]) -> None:
    known = hull(members)
    figure = phase_field_figure(known, chosen=0)
    answers = [
        place_clicked(figure, curve, index)
        for curve in range(len(figure.data))
        for index in range(len(known.marks))
    ]
    assert sorted(each for each in answers if each is not None) == list(range(len(known.marks)))
    for place, trace in drawn(figure).items():
        x = trace.x[list(trace.customdata).index(place)]
        assert x == known.marks[place].x


def test_what_is_on_the_hull_is_filled_and_the_rest_open() -> None:
    known = hull()
    for place, trace in drawn(phase_field_figure(known)).items():
        each = known.marks[place]
        assert (trace.marker.color == TARGET) == each.stable
        assert (trace.marker.symbol == "diamond") == (each.known is not None and each.above is not None)
        if each.above:
            colours = dict(zip(trace.customdata, trace.marker.line.color, strict=True))
            assert colours[place] == each.above


def test_what_has_no_energy_has_no_height() -> None:
    """In a binary hull it stands on the floor, on an axis without numbers."""
    known = hull(BINARY)
    [place] = [p for p, each in enumerate(known.marks) if each.above is None]
    trace = drawn(phase_field_figure(known))[place]
    assert (trace.yaxis, trace.name) == ("y2", "no energy")
    assert phase_field_figure(known).layout.yaxis2.visible is False


def test_a_minimum_that_was_not_found_again_has_a_dotted_ring() -> None:
    known = hull()
    rings = [shape for shape in phase_field_figure(known).layout.shapes if shape.type == "circle"]
    assert [(ring.xanchor, ring.yanchor) for ring in rings] == [
        each.place for each in known.marks if each.doubtful
    ]


def test_names_are_of_what_is_stable_or_known_and_do_not_cover_each_other() -> None:
    figure = phase_field_figure(hull())
    heights = {text.text: text.y for text in figure.layout.annotations}
    assert "Y₂SrTiO₆" not in heights
    assert {"<b>Y₂O₃</b>", "SrTiO₃", "Sr₂TiO₄"} <= set(heights)
    beside = sorted(y for name, y in heights.items() if name.startswith("Sr"))
    assert min(b - a for a, b in pairwise(beside)) >= NAME_HEIGHT - 1e-12


def test_the_table_of_the_figure_has_the_compositions_and_no_coordinates() -> None:
    known = hull()
    table = figure_table(phase_field_figure(known))
    assert list(table["composition"]) == [each.formula for each in known.marks]
    assert table["fraction of TiO2"].tolist() == [each.fractions[2] for each in known.marks]
    above = table["above the hull by DIEP (meV/atom)"]
    assert above.isna().tolist() == [each.above is None for each in known.marks]


@pytest.mark.parametrize("page", PAGES)
def test_the_scale_stands_out_from_the_page(page: str) -> None:
    assert all(contrast(colour, page) >= CONTRAST for _, colour in SCALE)
