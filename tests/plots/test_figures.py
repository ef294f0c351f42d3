"""Figures show what they are given: no energy where there is none, and the same numbers in the exported table."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rlcsp_core.actions import ACTIONS
from rlcsp_core.analysis.distribution import distribution
from rlcsp_core.analysis.metrics import EnergySequence, StepsToTarget
from rlcsp_core.analysis.policy_map import PolicyMap
from rlcsp_core.analysis.progress import MOSTLY
from rlcsp_core.analysis.study import StudyRow
from rlcsp_core.analysis.survival import Cost, columns, cost
from rlcsp_core.plots.distributions import distribution_figure, minima_of_runs_figure
from rlcsp_core.plots.export import figure_table
from rlcsp_core.plots.learn import decision_figure, game_figure, moment_figure
from rlcsp_core.plots.live import energy_figure, outcome_figure, policy_figure
from rlcsp_core.plots.palette import line_style
from rlcsp_core.plots.policy import course_figure, policy_map_figure
from rlcsp_core.plots.study import BOUND, mean_steps_figure, study_figure
from rlcsp_core.store import PopulationTable, StepTable, Tally

N = 40


@pytest.fixture
def population() -> PopulationTable:
    energy = np.array([-27.0, np.nan, -26.9])
    zero = np.zeros(3)
    return PopulationTable(
        np.arange(3), np.ones(3, int), energy, np.array([None, "x", None]), np.ones(3, int), zero
    )


@pytest.fixture
def table(rng: np.random.Generator) -> StepTable:
    energy = -27 + 0.1 * rng.normal(size=N)
    energy[::7] = np.nan
    accepted = (rng.random(N) < 0.3) & np.isfinite(energy)
    best = np.fmin.accumulate(np.concatenate([[-27.0], energy]))[1:]
    ones = np.ones(N)
    return StepTable(
        step=np.arange(1, N + 1), action=rng.choice([a.number for a in ACTIONS], N), attempts=np.ones(N, int),
        energy=energy, reason=np.where(np.isnan(energy), "step limit", None), accepted=accepted,
        current_energy=best, best_energy=best, reward=ones, probabilities=rng.dirichlet(np.ones(9), N), kT=ones,
        n_atoms=np.full(N, 10), evaluations=np.full(N, 30), relax_seconds=ones, elapsed=np.cumsum(ones),
        cpu_seconds=np.cumsum(ones), parent=np.zeros(N),
    )  # fmt: skip


def points(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def test_every_trial_is_drawn_once_and_failures_have_no_energy(table, population) -> None:
    figure = energy_figure(table, population, target=-27.4)
    accepted, rejected = points(figure, "accepted"), points(figure, "rejected")
    assert len(accepted.y) + len(rejected.y) == np.isfinite(table.energy).sum()
    assert np.isfinite(np.concatenate([accepted.y, rejected.y])).all()
    failed = points(figure, "failed")
    assert len(failed.x) == np.isnan(table.energy).sum()
    assert failed.yaxis == "y2", "a failure is a mark on the floor and not on the axis of energies"


def test_what_lies_above_the_axis_is_marked_at_its_edge_and_not_exported_twice(table, population) -> None:
    high = dataclasses.replace(table, energy=table.energy + np.linspace(0.0, 5.0, N))
    figure = energy_figure(high, population, target=None)
    top = figure.layout.yaxis.autorangeoptions.clipmax
    marks = points(figure, "above the axis")
    assert len(marks.x) == (high.energy > top).sum() + (population.energy > top).sum() > 0
    assert (marks.customdata > top).all()
    exported = figure_table(figure)
    assert "above the axis" not in set(exported["curve"])


def test_a_failure_has_no_energy_in_the_exported_table(table, population) -> None:
    exported = figure_table(energy_figure(table, population, target=None))
    failed = exported[exported["curve"] == "failed"]
    assert len(failed) == np.isnan(table.energy).sum() > 0
    assert failed["Energy (eV/atom)"].isna().all()


def test_the_policy_is_stacked_to_one(table) -> None:
    figure = policy_figure(table, ACTIONS)
    assert np.allclose(np.sum([trace.y for trace in figure.data], axis=0), 1.0)


def test_the_outcomes_add_up() -> None:
    tally = {1: Tally(3, 4, 1), 7: Tally(0, 9, 0)}
    figure = outcome_figure(tally, ACTIONS)
    assert sum(sum(trace.x) for trace in figure.data) == sum(t.total for t in tally.values())


def test_the_exported_table_is_what_is_drawn(table, population) -> None:
    figure = energy_figure(table, population, target=None)
    exported = figure_table(figure)
    drawn = exported[exported["curve"] == "lowest so far"]
    np.testing.assert_array_equal(drawn["Energy (eV/atom)"], table.best_energy)
    np.testing.assert_array_equal(drawn["Step"], table.step)


def steps_taken(arrived: bool) -> Cost:
    return Cost(30.0, 20.0, 45.0, 30.0, 20.0, 45.0, 5, 4, None, arrived, np.empty(0))


def test_intervals_are_in_the_exported_table() -> None:
    mean = steps_taken(arrived=False)
    exported = figure_table(mean_steps_figure({"a": mean}, {"a": line_style("npg")}, {"a": (99.0, False)}))
    assert exported["low"][0] == 20
    assert exported["high"][0] == 45
    assert np.isnan(exported["high"][1])  # the published mean has none


def test_a_lower_bound_is_not_drawn_as_an_exact_mean() -> None:
    means = {"a": steps_taken(arrived=False), "b": steps_taken(arrived=True)}
    bound, exact = mean_steps_figure(means, dict.fromkeys(means, line_style("npg")), {}).data
    assert bound.marker.symbol != exact.marker.symbol


def test_a_restricted_mean_of_runs_that_did_not_arrive_says_so() -> None:
    late = [StepsToTarget(2000, 1.0, False)] * 20
    quick = [StepsToTarget(30, 1.0, True)] * 20
    means = {name: cost(*columns(runs), 2000) for name, runs in (("late", late), ("quick", quick))}
    first, second = mean_steps_figure(means, dict.fromkeys(means, line_style("npg")), {}).data
    assert (first.marker.symbol, second.marker.symbol) == ((BOUND,), ("circle",))
    assert (first.text[0], second.text[0]) == ("> 2000 →", "")


def test_no_published_mean_stands_beside_a_restricted_one() -> None:
    def row(limit: float | None) -> StudyRow:
        spent, reached = np.full(20, 2000.0), np.zeros(20, dtype=bool)
        found = cost(spent, reached, limit)
        return StudyRow("npg", "Y2O3", -27.4, 20, 0, 0, 40_000, found, None, 37_800, False)

    style = {"npg": line_style("npg")}
    (alone,) = study_figure([row(2000.0)], style, cpu=False).data
    assert alone.marker.symbol == (BOUND,)
    assert alone.text == ("> 2000 →",)
    assert len(study_figure([row(None)], style, cpu=False).data) == 2


def test_noise_is_not_drawn_as_learning() -> None:
    step, energy = np.arange(50), np.linspace(-27, -26, 8)
    flat = PolicyMap(step, energy, np.linspace(0.04618, 0.04628, 400).reshape(8, 50))
    figure = policy_map_figure(flat, "5 · Double").data[0]
    assert figure.zmax - figure.zmin >= 0.1
    assert figure.zmin <= 0.04618 <= 0.04628 <= figure.zmax
    wide = policy_map_figure(flat._replace(probability=np.linspace(0.2, 0.9, 400).reshape(8, 50)), "x").data[
        0
    ]
    assert np.allclose([wide.zmin, wide.zmax], [0.2, 0.9])
    curve = {"a": (step, np.full(50, 2.1))}
    entropy = course_figure(curve, {"a": line_style("npg")}, "Entropy (nats)", highest=np.log(9))
    assert entropy.layout.yaxis.range[0] == 0
    assert entropy.layout.yaxis.range[1] >= np.log(9)


def test_numbers_on_an_axis_may_have_as_many_digits_as_they_need(table, population) -> None:
    steps = np.arange(3.0)
    figures = [
        energy_figure(table, population, target=None),
        policy_figure(table, ACTIONS),
        decision_figure([1, 2], np.array([0.4, 0.6]), 1),
        moment_figure(steps, steps, steps, steps, 1),
    ]
    for figure in figures:  # a format of its own would print neighbours alike: 0.1 0.1 0.2 0.2
        assert not any(axis.tickformat for axis in [*figure.select_xaxes(), *figure.select_yaxes()])


def test_an_action_that_cannot_apply_is_drawn_as_such(table) -> None:
    masked = table.probabilities.copy()
    masked[10:20, 4] = 0
    masked /= masked.sum(axis=1, keepdims=True)
    figure = policy_figure(dataclasses.replace(table, probabilities=masked), ACTIONS)
    idle = points(figure, "5 · Double, cannot apply")
    assert idle.fillpattern.shape == "."
    assert (np.flatnonzero(idle.y) == np.arange(10, 20)).all()
    assert np.allclose(np.sum([trace.y for trace in figure.data], axis=0), 1.0)
    assert "cannot apply" in decision_figure([1, 5], np.array([1.0, 0.0]), 1).data[0].text[1]


def test_the_film_of_a_run_shows_where_the_search_stood(rng) -> None:
    current = np.sort(-27 + 0.1 * rng.random(200))[::-1]
    trials = current + 4 * rng.random(200)
    axis = moment_figure(np.arange(200.0), trials, current, current, 7).layout.yaxis.autorangeoptions
    assert axis.clipmax - axis.clipmin < 0.2
    assert axis.clipmin < current.min() < np.quantile(current, MOSTLY) < axis.clipmax


@pytest.mark.parametrize(("trial", "shown"), [(-26.95, -26.95), (-24.0, None)])
def test_the_trial_of_a_moment_is_marked_where_the_axis_ends_if_it_lies_above(
    trial: float, shown: float | None
) -> None:
    current = np.linspace(-26.9, -27.0, 200)
    figure = moment_figure(np.arange(200.0), current, current, current, 7, trial)
    mark = figure.data[-1]
    assert list(mark.x) == [7]
    axis = figure.layout.yaxis.autorangeoptions
    assert mark.y[0] == shown or (shown is None and axis.clipmin < mark.y[0] < axis.clipmax < trial)
    assert (mark.text[0] != "") == (shown is None)
    assert f"{abs(trial):.5f}" in mark.hovertemplate


def test_a_game_is_as_wide_as_it_is_long() -> None:
    low, high = game_figure([-27.0], [-27.0], "RLCSP", None, 20).layout.xaxis.range
    assert -1 < low <= 0
    assert 20 <= high < 21


def test_the_buttons_of_a_chart_cover_nothing() -> None:
    figure = game_figure([-27.0], [-27.0], "RLCSP", None, 20)
    assert figure.layout.modebar.orientation == "v"
    assert figure.layout.margin.r >= 30  # pixels, which they take


def test_a_distribution_is_drawn_as_shares(rng) -> None:
    d = distribution(rng.integers(1, 5, 200))
    figure = distribution_figure({"a": d}, {"a": line_style("npg")}, "Moves")
    assert np.isclose(np.sum(figure.data[0].y), 1.0)


def test_every_run_has_axes_of_its_own() -> None:
    runs = {name: EnergySequence(np.array([3, 9]), np.array([-1.0, -2.0])) for name in "abc"}
    figure = minima_of_runs_figure(runs, dict.fromkeys(runs, line_style("npg")), None)
    assert {trace.yaxis for trace in figure.data} == {"y", "y2", "y3"}
    assert [row for (row,) in figure.layout.grid.subplots] == ["xy", "xy2", "xy3"]
    assert (
        len(distribution_figure({}, {}, "Moves").data) == len(minima_of_runs_figure({}, {}, None).data) == 0
    )


def test_figures_of_nothing_are_empty_and_not_errors(table, population) -> None:
    nothing = StepTable(**{name: values[:0] for name, values in vars(table).items()})
    assert len(policy_figure(nothing, ACTIONS).data) == 0
    figure = energy_figure(nothing, population, target=None)
    drawn = {trace.name: np.isfinite(np.asarray(trace.y, float)).sum() for trace in figure.data}
    assert {name: n for name, n in drawn.items() if n} == {"initial population": 2, "above the axis": 1}
