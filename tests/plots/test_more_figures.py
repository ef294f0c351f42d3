"""Figures of comparison, policy, lessons and powder patterns: each shows the numbers it is given, where they belong."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from rlcsp_core import plots
from rlcsp_core.actions import ACTIONS
from rlcsp_core.analysis.aggregate import Aggregate, AxisRange, PooledMinima
from rlcsp_core.analysis.diffraction import Pattern, Profile
from rlcsp_core.analysis.metrics import BestSoFar
from rlcsp_core.analysis.policy_map import PolicyMap
from rlcsp_core.analysis.study import StudyRow
from rlcsp_core.analysis.survival import Cost, SurvivalCurve
from rlcsp_core.analysis.trained import Change, Place
from rlcsp_core.plots.canvas import shown
from rlcsp_core.plots.compare import (
    Reference,
    best_energy_figure,
    minima_figure,
    reached_figure,
    run_trace,
)
from rlcsp_core.plots.learn import decision_figure, descent_figure, game_figure, moment_figure
from rlcsp_core.plots.palette import line_style
from rlcsp_core.plots.policy import (
    change_figure,
    course_figure,
    over_energy_figure,
    policy_map_figure,
    shared_figure,
    softmax_figure,
    theta_figure,
    training_figure,
    variance_figure,
)
from rlcsp_core.plots.structures import diffraction_figure
from rlcsp_core.plots.study import study_figure

STYLES = {"a": line_style("npg"), "b": line_style("ppo", "b1")}
STEP = np.array([0.0, 10.0, 20.0])
N_ACTIONS = len(ACTIONS)


def named(figure: go.Figure, name: str) -> go.Scatter:
    (trace,) = [trace for trace in figure.data if trace.name == name]
    return trace


def test_every_figure_function_has_a_test() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    modules = [
        importlib.import_module(f"{plots.__name__}.{m.name}") for m in pkgutil.iter_modules(plots.__path__)
    ]
    figures = {
        name for module in modules for name in vars(module) if name.endswith("_figure") and name[0] != "_"
    }
    assert len(figures) > 15
    assert [
        name for name in sorted(figures) if f" {name}(" not in written and f"({name}(" not in written
    ] == []


# comparison -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def median() -> Aggregate:
    middle = np.array([-26.0, -26.5, -27.0])
    return Aggregate(STEP, middle, middle - 0.2, middle + 0.1, np.array([3, 3, 2]))


def test_a_median_stands_inside_its_band_and_single_runs_are_drawn_on_demand(median) -> None:
    run = (STEP, median.median + 0.05)
    figure = best_energy_figure({"a": median}, STYLES, "Step", traces={"a": [run, run]})
    low, high = named(figure, "a, lower"), named(figure, "a, upper")
    np.testing.assert_array_equal(low.y, median.low)
    np.testing.assert_array_equal(high.y, median.high)
    assert high.fill == "tonexty"  # the band is filled down to the trace before it
    assert list(figure.data).index(high) == list(figure.data).index(low) + 1
    drawn = [trace for trace in figure.data if trace.name == "a"]
    assert [trace.y.tolist() for trace in drawn] == [run[1].tolist()] * 2 + [median.median.tolist()]
    assert len(best_energy_figure({"a": median}, STYLES, "Step").data) == 3


def test_dashes_lie_on_solid_lines_and_the_legend_keeps_its_order(median) -> None:
    styles = {"dashed": STYLES["b"], "solid": STYLES["a"]}
    figure = best_energy_figure(dict.fromkeys(styles, median), styles, "Step")
    lines = [trace for trace in figure.data if trace.name in styles]
    assert [trace.name for trace in lines] == ["solid", "dashed"]
    assert lines[1].legendrank < lines[0].legendrank


def test_the_axis_of_energies_shows_its_window_and_a_pinned_run(median) -> None:
    pinned = Reference("pinned", STEP, median.median)
    window = AxisRange(-27.0, -26.0, 1, 0)
    figure = best_energy_figure(
        {"a": median}, STYLES, "Step", reference=pinned, window=window, logarithmic=True
    )
    np.testing.assert_array_equal(named(figure, "pinned").y, median.median)
    assert figure.layout.xaxis.type == "log"
    low, high = figure.layout.yaxis.range
    assert [low, high] == shown(window)
    assert low < window.low < window.high < high


def test_a_staircase_keeps_its_corners_and_its_end() -> None:
    energy = np.array([-1.0, -1.0, -2.0, -2.0, -3.0, -3.0])
    best = BestSoFar(step=np.arange(6), elapsed=np.arange(6) / 2, energy=energy)
    x, y = run_trace(best, against_time=False)
    assert (x.tolist(), y.tolist()) == ([0, 2, 4, 5], [-1, -2, -3, -3])
    assert run_trace(best, against_time=True)[0].tolist() == [0, 1, 2, 2.5]


def test_reached_fractions_go_on_to_the_longest_run_and_cut_runs_have_a_tick() -> None:
    short = SurvivalCurve(
        STEP, np.array([0, 0.5, 0.5]), np.zeros(3), np.ones(3), np.array([15.0]), np.array([0.5]), 2, 1
    )
    long = SurvivalCurve(
        2 * STEP, np.array([0, 0.5, 1]), np.zeros(3), np.ones(3), np.empty(0), np.empty(0), 2, 2
    )
    figure = reached_figure({"a": short, "b": long}, STYLES)
    curve = named(figure, "a (1 of 2)")
    assert (curve.x[-1], curve.y[-1]) == (40, 0.5)
    assert curve.line.shape == "hv"
    ticks = named(figure, "a, stopped before the target")
    assert (ticks.x.tolist(), ticks.y.tolist()) == ([15], [0.5])
    assert named(figure, "b (2 of 2)").y.max() == 1


def test_pooled_minima_have_a_band() -> None:
    pooled = PooledMinima(STEP, np.full(3, -2.0), np.full(3, -2.5), np.full(3, -1.5), np.array([4, 5, 6]))
    figure = minima_figure({"a": pooled}, STYLES)
    assert [named(figure, n).y.tolist() for n in ("a, lower", "a", "a, upper")] == [
        [-2.5] * 3,
        [-2.0] * 3,
        [-1.5] * 3,
    ]
    assert named(figure, "a").customdata.tolist() == [4, 5, 6]


def cost(mean: float, n_reached: int, limit: float | None = None) -> Cost:
    return Cost(
        mean, mean - 10, mean + 20, mean, mean, mean, 5, n_reached, limit, n_reached == 5, np.array([mean])
    )


def row(configuration: str, steps: Cost, cpu: Cost | None = None) -> StudyRow:
    return StudyRow(configuration, "Y2O3", -27.4, 5, steps.n_reached, 0, 100, steps, cpu, 90, True)


def test_costs_that_are_lower_bounds_look_otherwise_than_known_ones() -> None:
    rows = [row("a", cost(100, 5)), row("b", cost(200, 3))]
    figure = study_figure(rows, STYLES, cpu=False)
    known, bound = named(figure, "a"), named(figure, "b")
    assert (known.x[0], bound.x[0]) == (100, 200)
    assert known.marker.symbol != bound.marker.symbol
    assert (known.error_x.array[0], known.error_x.arrayminus[0]) == (20, 10)
    paper = named(figure, "RL-CSP's N_mean")
    assert paper.x[0] == 90
    assert paper.text[0] == "> "
    assert len({*figure.layout.yaxis.categoryarray}) == 2


def test_runs_without_recorded_seconds_are_not_in_the_figure_of_seconds() -> None:
    figure = study_figure([row("a", cost(100, 5)), row("b", cost(9, 5), cost(7, 5))], STYLES, cpu=True)
    assert [(trace.name, list(trace.x)) for trace in figure.data] == [("b", [7])]


# policy ---------------------------------------------------------------------------------------------------------------


def test_probabilities_against_energy_have_the_colours_of_their_actions(rng) -> None:
    probabilities = rng.dirichlet(np.ones(N_ACTIONS), 3)
    figure = over_energy_figure(STEP - 27, probabilities, ACTIONS)
    for number, trace in enumerate(figure.data):
        np.testing.assert_array_equal(trace.y, probabilities[:, number])
        assert trace.line.color == ACTIONS[number].colour
    assert figure.layout.yaxis.range[1] >= probabilities.max()


def test_lines_are_named_at_their_ends_where_names_have_room() -> None:
    apart = np.array([[0.5, 0.3, 0.2]] * 3)
    assert len(over_energy_figure(STEP - 27, apart, ACTIONS[:3]).layout.annotations) == 3
    alike = np.array([[0.34, 0.33, 0.33]] * 3)
    (name,) = over_energy_figure(STEP - 27, alike, ACTIONS[:3]).layout.annotations
    assert ACTIONS[0].name in name.text


def test_a_change_is_a_bar_a_mark_and_points() -> None:
    changed = Change(
        ("up", "down", "same"), ("#000000",) * 3, np.array([0.2, 0.7, 0.1]), np.array([0.6, 0.3, 0.1])
    )
    after, before, words = change_figure(changed).data
    np.testing.assert_allclose(after.x, [60, 30, 10])
    np.testing.assert_allclose(before.x, [20, 70, 10])
    assert [text.strip() for text in words.text] == ["60 %, +40", "30 %, −40", "10 %, ±0"]


def test_a_training_curve_begins_at_nothing() -> None:
    figure = training_figure([Place(1, 90.0, 0.5), Place(2, 30.0, 1.0)])
    assert list(figure.data[0].x) == [1, 2]
    assert list(figure.data[0].y) == [90.0, 30.0]
    assert figure.layout.yaxis.rangemode == "tozero"


def test_the_map_has_a_row_for_each_energy_and_a_column_for_each_step(rng) -> None:
    data = PolicyMap(np.arange(4), np.array([-27.0, -26.0, -25.0]), rng.random((3, 4)))
    (drawn,) = policy_map_figure(data, "1 · Swap").data
    np.testing.assert_array_equal(drawn.z, data.probability)
    assert np.shape(drawn.z) == (len(drawn.y), len(drawn.x))
    assert drawn.zmin <= data.probability.min() < data.probability.max() <= drawn.zmax


def test_a_component_of_theta_is_drawn_for_every_action(rng) -> None:
    theta = rng.normal(size=(3, N_ACTIONS))
    figure = theta_figure(np.arange(3), theta, ACTIONS, "the constant")
    np.testing.assert_array_equal([trace.y for trace in figure.data], theta.T)
    assert figure.layout.yaxis.title.text == "θ of the constant"


def test_the_course_of_several_runs_can_be_told_apart() -> None:
    curves = {"a": (np.arange(3), STEP + 1), "b": (np.arange(3), STEP + 2)}
    figure = course_figure(curves, STYLES, "Entropy (nats)", log=True)
    assert [trace.y.tolist() for trace in figure.data] == [[1, 11, 21], [2, 12, 22]]
    assert figure.layout.yaxis.type == "log"
    a, b = (trace.line for trace in figure.data)
    assert (a.color, a.dash) != (b.color, b.dash)


def test_a_softmax_is_a_bar_for_each_action(rng) -> None:
    probabilities = rng.dirichlet(np.ones(N_ACTIONS))
    (bars,) = softmax_figure(probabilities, ACTIONS).data
    np.testing.assert_array_equal(bars.y, probabilities)
    assert list(bars.x) == [str(action.number) for action in ACTIONS]


def test_variances_are_relative_to_none_and_biases_have_their_errors() -> None:
    figure = variance_figure({"none": 4.0, "B2": 1.0}, {"none": (0.0, 0.1), "B2": (0.3, 0.2)})
    variance = named(figure, "variance")
    assert dict(zip(variance.y, variance.x, strict=True)) == {"none": 1.0, "B2": 0.25}
    bias = next(trace for trace in figure.data if trace.name.startswith("bias"))
    assert (list(bias.x), list(bias.error_x.array)) == ([0.0, 0.3], [0.1, 0.2])


def test_every_update_of_a_shared_policy_is_marked_by_the_run_that_made_it() -> None:
    figure = shared_figure(np.arange(4), np.array([1.0, 2.0, 3.0, 4.0]), ["x", "y", "x", "x"], "‖θ‖")
    assert named(figure, "all").y.tolist() == [1, 2, 3, 4]
    assert named(figure, "x").y.tolist() == [1, 3, 4]
    assert named(figure, "y").x.tolist() == [1]


# lessons and structures -----------------------------------------------------------------------------------------------


def test_a_descent_is_drawn_point_by_point() -> None:
    (trace,) = descent_figure([-1.0, -2.0, -2.5]).data
    assert list(trace.y) == [-1.0, -2.0, -2.5]


def test_the_action_taken_is_the_only_one_outlined() -> None:
    numbers = [action.number for action in ACTIONS]
    probabilities = np.arange(1, N_ACTIONS + 1) / 45
    (bars,) = decision_figure(numbers, probabilities, numbers[2]).data
    np.testing.assert_array_equal(bars.x, probabilities)
    assert np.flatnonzero(bars.marker.line.width).tolist() == [2]
    assert [k for k, text in enumerate(bars.text) if "taken" in text] == [2]


def test_both_players_of_a_game_start_at_step_0() -> None:
    figure = game_figure([-1.0, -2.0], [-1.0, -1.5, -3.0], "NPG", -4.0, 8)
    assert list(named(figure, "you").y) == [-1.0, -2.0]
    assert list(named(figure, "NPG").y) == [-1.0, -1.5, -3.0]
    assert [shape.y0 for shape in figure.layout.shapes] == [-4.0]
    start, end = figure.layout.xaxis.range
    assert start <= 0 < 8 <= end
    assert not game_figure([-1.0], [-1.0], "NPG", None, 8).layout.shapes


def test_a_moment_is_a_cursor_on_the_run() -> None:
    trials = np.array([-1.0, np.nan, -3.0])
    figure = moment_figure(STEP, trials, np.array([-1.0, -1.0, -3.0]), np.full(3, -1.0), 10)
    np.testing.assert_array_equal(named(figure, "trials").y, trials)
    assert named(figure, "lowest").y.tolist() == [-1, -1, -3]
    assert named(figure, "current").y.tolist() == [-1, -1, -1]
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(10, 10)]


def test_a_reference_pattern_lies_below_that_of_the_structure() -> None:
    angle = np.array([20.0, 30.0, 40.0])
    mine, other = (Profile(angle, np.array([0.0, top, 0.0])) for top in (100.0, 80.0))
    pattern = Pattern(np.array([30.0]), np.array([100.0]), ("1 1 1",))
    figure = diffraction_figure("trial", pattern, mine, ("rutile", other))
    np.testing.assert_array_equal(named(figure, "trial").y, mine.intensity)
    below = named(figure, "rutile").y
    assert below.max() < 0
    assert np.ptp(below) == np.ptp(other.intensity)
    assert (named(figure, "lines").x.tolist(), list(named(figure, "lines").text)) == ([30.0], ["1 1 1"])
