"""Charts over many compounds and over searches in a row: what is drawn where, and bounds drawn as bounds."""

import numpy as np

from rlcsp_core.analysis.across import Mean
from rlcsp_core.analysis.stream import Curve
from rlcsp_core.plots.across import BOUND, across_figure
from rlcsp_core.plots.palette import LineStyle
from rlcsp_core.plots.stream import stream_figure

STYLES = {"a": LineStyle("#8a929c", "solid"), "b": LineStyle("#1f83c9", "solid")}


def test_a_row_a_compound_the_dearest_on_top_and_bounds_as_triangles():
    means = [
        Mean("X", "a", 10, 5, 20, 20, 20),
        Mean("Y", "a", 900, 700, 1200, 18, 20),
        Mean("X", "b", 0, 0, 0, 20, 20),
        Mean("Y", "b", 80, 50, 100, 20, 20),
    ]
    figure = across_figure(means, STYLES, "steps", {"X": "X₂", "Y": "Y₂"})
    a, b = figure.data
    assert figure.layout.yaxis.categoryarray == ("X₂", "Y₂")  # from below
    assert list(a.marker.symbol) == ["circle", BOUND]
    assert a.customdata[1][0] == "more than "
    assert list(b.x) == [0.5, 80]  # none is drawn at 0, where a logarithmic axis has no place
    assert b.marker.color == STYLES["b"].colour


def test_a_learning_curve_has_its_band():
    k = np.arange(1, 4)
    curve = Curve(k, 100.0 / k, 50.0 / k, 200.0 / k, k == 1)
    band, line = stream_figure({"b": curve}, STYLES, "steps").data
    assert line.y.tolist() == [100.0, 50.0, 100.0 / 3]
    assert max(band.y) == 200.0
    assert list(line.marker.symbol) == ["triangle-up-open", "circle", "circle"]
    assert len(band.x) == 6
