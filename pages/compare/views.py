"""The views of the Compare page in charts; each shows one side of the same runs, with its data to download."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.common.columns import beside
from pages.common.errors import plain
from pages.common.glossary import caption
from pages.common.url import choice, one_of, switch
from pages.compare.summary import (
    conclusions,
    denominators,
    moves_convention,
    settings_view,
    summary_view,
)
from pages.components.chart import chart
from rlcsp_core.analysis import aggregate, compare, survival
from rlcsp_core.analysis.curves import Groups, RunCurve
from rlcsp_core.analysis.distribution import distribution, pooled_distribution
from rlcsp_core.analysis.metrics import best_so_far, generations, minima, moves_sequence
from rlcsp_core.analysis.published import published
from rlcsp_core.crystal.composition import presets
from rlcsp_core.plots import compare as plots
from rlcsp_core.plots.distributions import distribution_figure, minima_of_runs_figure
from rlcsp_core.plots.palette import LineStyle
from rlcsp_core.plots.study import mean_steps_figure
from rlcsp_core.records import Array, IntArray

Styles = Mapping[str, LineStyle]
POOLED = "all experiments, pooled over their runs"
ABOVE, PLAIN = "above the minimum", "as computed"
AS_ENDED = "the steps it made (N_mean)"
ROWS = 5  # runs shown below each other


def energy_view(groups: Groups, styles: Styles, options: Any) -> None:
    """Best energy against steps or time; `options` is where its choices stand."""
    target = next(iter(groups.values()))[0].target
    names = {f"{c.label}, seed {c.seed} ({c.run_id})": c for curves in groups.values() for c in curves}
    with options.popover("Axes and runs", icon=":material/tune:"):
        scales = [ABOVE, PLAIN] if target is not None else [PLAIN]
        minimum = target if choice("Energy", scales, "energy") == ABOVE else None
        against_time = choice("Against", ["steps", "time"], "against") == "time"
        logarithmic = switch("Logarithmic steps or time", "log")
        every = switch("Every run", "every")
        outliers = minimum is None and switch("Show outliers", "outliers")
        pinned = one_of("Pinned reference run", list(names), "reference", none="none")
    axis: aggregate.Axis = "time" if against_time else "steps"
    medians = {label: aggregate.best_energy(curves, axis) for label, curves in groups.items()}
    window = None if outliers or minimum is not None else aggregate.window(medians.values())
    n_alike = aggregate.n_ending_alike(medians.values())
    if minimum is not None:
        medians = {label: aggregate.above_minimum(each, minimum) for label, each in medians.items()}
    traces = {
        label: [_trace(curve, against_time, minimum) for curve in curves] for label, curves in groups.items()
    }
    figure = plots.best_energy_figure(
        medians,
        styles,
        "Time (s)" if against_time else "Step",
        traces=traces if every else None,
        reference=_reference(names[pinned], against_time, minimum) if pinned else None,
        window=window,
        logarithmic=logarithmic,
        above=None if minimum is None else _name_of(minimum, groups),
    )
    chart(figure, "best-energy", "Lowest energy so far, median over runs with a band of quartiles.")
    note = "Median over runs; the band holds the middle half of them."
    if n_alike > 1:
        note += f" {n_alike} of {len(medians)} medians end at the same energy."
    if minimum is not None:
        note += f" What is within {aggregate.AT_MINIMUM:g} meV/atom of {_name_of(minimum, groups)} is drawn there."
        if lower := aggregate.n_lower([curve for curves in groups.values() for curve in curves], minimum):
            note += f" {lower} {'run' if lower == 1 else 'runs'} went below it: see *{PLAIN}*."
    if window is not None and window.n_above + window.n_below:
        note += f" {window.n_above + window.n_below} points lie outside the axis."
    st.caption(note + " A run that ended early counts up to its end, at its target beyond it.")
    denominators(groups)


def _name_of(target: float, groups: Groups) -> str:
    known = presets().get(next(iter(groups.values()))[0].composition)
    return "the known minimum" if known is not None and known.target == target else "the target"


def _trace(curve: RunCurve, against_time: bool, minimum: float | None) -> tuple[Array, Array]:
    x, energy = plots.run_trace(best_so_far(curve), against_time=against_time)
    return x, energy if minimum is None else aggregate.above(energy, minimum)


def _reference(curve: RunCurve, against_time: bool, minimum: float | None) -> plots.Reference:
    return plots.Reference(f"{curve.label}, seed {curve.seed}", *_trace(curve, against_time, minimum))


def target_view(groups: Groups, styles: Styles, _: Any) -> None:
    """How many runs reached the target, and when."""
    results = compare.to_target(groups)
    if not results:
        st.info("These runs had no target energy, so there is no time to it. Choose runs with a target.")
        return
    curves = {label: survival.kaplan_meier(runs) for label, runs in results.items()}
    chart(
        plots.reached_figure(curves, styles),
        "reached",
        "Fraction of runs that reached the target against steps. "
        + "; ".join(f"{label}: {c.n_reached} of {c.n_runs}" for label, c in curves.items()),
    )
    caption("Kaplan–Meier estimate with 95 % band; a tick marks a run that was stopped before the target.")
    denominators(groups)
    limit = survival.common_limit(results)
    restricted = f"{limit:.0f} steps"
    kind = choice("In the mean, a run that never arrives counts as", [restricted, AS_ENDED], "mean")
    means = compare.mean_steps(results, limit if kind == restricted else None)
    # the published means count all steps of every run: beside restricted ones they would say nothing
    theirs = {} if kind == restricted else _published_steps(groups)
    chart(mean_steps_figure(means, styles, theirs), "mean-steps", _means_in_words(means))
    note = "95 % bootstrap intervals. An open triangle: some runs did not arrive, the true mean lies beyond."
    if theirs:
        note += plain(f" Published values: {published().n_mean_source}, over 40 repeats.")
    st.caption(note)


def _published_steps(groups: Groups) -> dict[str, tuple[float, bool]]:
    """N_mean of RL-CSP for the labels it has; another machine's runs, to another limit."""
    known = {(row.composition, row.algorithm): row for row in published().n_mean}
    found: dict[str, tuple[float, bool]] = {}
    for label, curves in groups.items():
        settings = curves[0].settings
        row = known.get((curves[0].composition, str(settings.get("algorithm"))))
        if row is not None and settings.get("actions", "published") == "published":
            found[label] = (row.steps, row.is_lower_bound)
    return found


def _means_in_words(means: Mapping[str, survival.Cost]) -> str:
    return "Mean steps to the target. " + "; ".join(
        f"{label}: {'more than ' * (not m.all_arrived)}{m.mean:.0f} ({m.low:.0f} to {m.high:.0f})"
        for label, m in means.items()
    )


def sequences_view(groups: Groups, styles: Styles) -> None:
    """The report's Figures 3 and 5: moves, generations, and energies before each exploration."""
    which, how = beside("moves-shown", [1, 1], gap="small")
    with which:
        label = one_of("Show", list(groups), "only", none=POOLED)
    with how:
        convention = moves_convention()
    some = None if label is None else _some_runs(groups[label])
    moves: Callable[[RunCurve], IntArray] = lambda c: moves_sequence(c, convention)  # noqa: E731
    left, right = beside("moves", [1, 1], gap="small")
    with left:
        st.markdown("###### Moves in a step")
        _distributions(groups, styles, some, moves, "Moves", "moves")
    with right:
        st.markdown("###### Length of a generation")
        _distributions(groups, styles, some, generations, "Steps", "generations")
    st.caption(
        "Heights: fraction of all. Line: mean. Dashes: median. Dots: mode. "
        "Values above the 99th percentile are not shown."
    )
    st.markdown("###### Local minima before uphill moves")
    _minima(groups, styles, some)
    denominators(groups)


def _some_runs(curves: Sequence[RunCurve]) -> dict[str, RunCurve]:
    """The runs of one experiment that are shown below each other: all, or those that the reader turns to."""
    parts = [curves[start : start + ROWS] for start in range(0, len(curves), ROWS)]
    names = {f"{ROWS * n + 1}–{ROWS * n + len(part)}": part for n, part in enumerate(parts)}
    shown = curves if len(parts) < 2 else names[choice(f"Of {len(curves)} runs", list(names), "runs")]
    return {f"seed {curve.seed} ({curve.run_id})": curve for curve in shown}


def _alike(some: Mapping[str, RunCurve], styles: Styles) -> Styles:
    """Every run in the colour of its experiment."""
    return {name: styles[curve.label] for name, curve in some.items()}


def _distributions(
    groups: Groups,
    styles: Styles,
    some: Mapping[str, RunCurve] | None,
    of: Callable[[RunCurve], IntArray],
    x_title: str,
    name: str,
) -> None:
    if some is None:
        rows = {key: pooled_distribution(of(c) for c in curves) for key, curves in groups.items()}
        colours = styles
    else:
        rows = {key: distribution(of(curve)) for key, curve in some.items()}
        colours = _alike(some, styles)
    figure = distribution_figure(rows, colours, x_title)
    words = "; ".join(f"{key}: mean {d.mean:.2f}" for key, d in rows.items() if d.mean is not None)
    chart(figure, name, f"Distributions of {name}. {words}")


def _minima(groups: Groups, styles: Styles, some: Mapping[str, RunCurve] | None) -> None:
    if some is None:
        pooled = {key: aggregate.pooled_minima([minima(c) for c in curves]) for key, curves in groups.items()}
        figure = plots.minima_figure(pooled, styles)
        note = "Median and quartiles over all runs in stretches of steps."
    else:
        runs = {key: minima(curve) for key, curve in some.items()}
        window = aggregate.energy_range([m.energy for m in runs.values()])
        figure = minima_of_runs_figure(runs, _alike(some, styles), window)
        note = "Run by run."
        if window is not None and window.n_above + window.n_below:
            note += f" {window.n_above + window.n_below} points lie outside the axis."
    chart(figure, "minima", "Energies of the trials before each rise, against steps.")
    st.caption(f"The last energy before each rise. {note}")


def curves_view(groups: Groups, styles: Styles) -> None:
    """What the tests allow to say, and one of the two charts it is read from."""
    conclusions(groups)
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        curve = choice("Curve", list(CURVES), "curve", visible=False)
    CURVES[curve](groups, styles, row)


CURVES: Mapping[str, Callable[[Groups, Styles, Any], None]] = {"Energy": energy_view, "Target": target_view}
DETAILS: Mapping[str, Callable[[Groups, Styles], None]] = {
    "Averages": summary_view,
    "Moves, generations": sequences_view,
    "Settings": settings_view,
}
