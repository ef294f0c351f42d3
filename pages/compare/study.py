"""Ablation study, what each addition gains: steps and CPU seconds to the target by configuration, against one of them.

The only view that shows several compositions at once: they stand below each other and are never pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf

import pandas as pd
import streamlit as st

from pages.common.cache import cached
from pages.common.errors import plain
from pages.common.url import choice, one_of
from pages.common.wording import NOTHING, energy, typeset
from pages.compare.comparison import curves_read, style_of
from pages.components.chart import chart, csv_button
from rlcsp_core.analysis.curves import RunCurve
from rlcsp_core.analysis.published import published
from rlcsp_core.analysis.reading import with_cpu
from rlcsp_core.analysis.study import StudyRow, configuration, ratio, reference_rows, study, sums
from rlcsp_core.analysis.survival import Cost
from rlcsp_core.plots.palette import LineStyle, distinct_styles
from rlcsp_core.plots.study import study_figure
from rlcsp_core.store import Reader, RunInfo

STUDY = "Ablation study"
COSTS = ("steps", "CPU seconds")
MEANS = ("restricted to a common horizon", "of all runs as they ended (N_mean)")
EXPLAINED = {
    True: "Mean up to a horizon, counting a run that never arrives as the horizon. It is the same for all "
    "configurations of a composition: the longest that all of them were watched for. > marks a mean with such runs. "
    "Median over runs, ∞ or “not reached” where too few arrived to say. Intervals (…) are 95 % bootstraps over runs. "
    "Ratios are restricted means over that of the reference; below 1 is cheaper, unknown where no run of either "
    "arrived.",
    False: "Mean and median over runs with 95 % bootstrap intervals (…), ∞ or “not reached” where too few arrived. "
    "Runs that did not reach the target count with what they spent: ≥ marks such a mean, and its interval covers the "
    "choice of seeds only, not what the stopped runs would have needed. Ratios are means over that of the reference, "
    "below 1 is cheaper: ≥ where this mean is a lower bound, ≤ where the reference's is, unknown where both are.",
}
BOUNDS = (
    "Dots are means with 95 % bootstrap intervals over runs. An open triangle with an arrow: some runs did not arrive, "
    "the true mean and interval lie beyond. "
)
WHOLE = 1000  # numbers from here on have no decimals
WIDTHS = {  # pixels; else columns are as wide as their first cells
    "mean steps": 180,
    "steps, ratio": 150,
    "median steps": 170,
    "CPU s": 180,
    "CPU s, ratio": 150,
    "CPU s, median": 170,
}
OF_CPU = ("CPU s", "CPU s, ratio", "CPU s, median")  # shown where a run recorded its CPU time
KEPT = 8  # choices of runs whose costs are held in memory


def study_view(store: Reader, runs: Sequence[RunInfo]) -> None:
    """Table, sums and chart of all chosen runs that had a target."""
    curves = curves_read(store, runs)
    restricted = choice("Means", list(MEANS), "means") == MEANS[0]
    rows = _rows(store, runs, curves, restricted)
    if not rows:
        st.info("These runs had no target energy, so there is no cost of reaching it. Choose runs with one.")
        return
    names = list(dict.fromkeys(row.configuration for row in rows))
    reference = one_of("Reference configuration", names, "against") or names[0]
    table = pd.DataFrame(_lines(rows, reference))
    st.dataframe(
        table,
        hide_index=True,
        placeholder=NOTHING,
        # the paper's means count all steps of every run: beside restricted ones they would say nothing
        column_order=[
            name
            for name in table
            if name != ("paper's N_mean" if restricted else "horizon")
            and not (name in OF_CPU and (table[name] == NOTHING).all())
        ],
        column_config={name: st.column_config.TextColumn(width=width) for name, width in WIDTHS.items()},
        alt="Cost of the target by configuration.",
    )
    st.caption(plain(EXPLAINED[restricted]))
    without = len(runs) - sum(row.n_runs for row in rows)
    if without:
        st.caption(f"{without} of the {len(runs)} chosen runs had no target and are left out.")
    _download(rows, reference)
    if not restricted:
        _sums(rows)
    kind = choice("Cost", list(COSTS), "cost")
    _figure(rows, _styles(curves), cpu=kind == COSTS[1])


@cached(KEPT)
def _rows(
    store: Reader,
    runs: Sequence[RunInfo],  # noqa: ARG001 - stands for the curves in the cache
    _curves: Sequence[RunCurve],
    restricted: bool,
) -> tuple[StudyRow, ...]:
    found = study(with_cpu(store, _curves), restricted=restricted)
    return tuple(row._replace(configuration=typeset(row.configuration)) for row in found)


def _figure(rows: Sequence[StudyRow], styles: dict[str, LineStyle], *, cpu: bool) -> None:
    if cpu and not any(row.cpu for row in rows):
        st.info("None of these runs recorded its CPU time; runs made from now on do.")
        return
    words = "; ".join(f"{row.configuration}, {row.composition}: {_cost(_of(row, cpu), row)}" for row in rows)
    named = [row._replace(composition=typeset(row.composition)) for row in rows]
    chart(study_figure(named, styles, cpu=cpu), "study", f"Mean cost of the target. {words}")
    theirs = f"Published: {published().n_mean_source}, to another limit; > marks a bound."
    st.caption(BOUNDS + plain(theirs if not cpu and rows[0].steps.limit is None else ""))


def _of(row: StudyRow, cpu: bool) -> Cost | None:
    return row.cpu if cpu else row.steps


def _styles(curves: Sequence[RunCurve]) -> dict[str, LineStyle]:
    several = len({curve.experiment for curve in curves}) > 1
    first: dict[str, LineStyle] = {}
    for curve in curves:
        first.setdefault(typeset(configuration(curve, with_experiment=several)), style_of(curve))
    return distinct_styles(first)


def _lines(rows: Sequence[StudyRow], reference: str) -> list[dict[str, object]]:
    against = reference_rows(rows, reference)
    return [
        {
            "composition": typeset(row.composition),
            "configuration": row.configuration,
            "reached": f"{row.n_reached} of {row.n_runs}",
            "mean steps": _cost(row.steps, row),
            "steps, ratio": _ratio(row.steps, base.steps if base else None),
            "horizon": None if row.steps.limit is None else f"{row.steps.limit:.0f} steps",
            "median steps": _median(row.steps),
            "paper's N_mean": None
            if row.published is None
            else f"{'> ' * row.published_is_bound}{row.published}",
            "CPU s": _cost(row.cpu, row),
            "CPU s, ratio": _ratio(row.cpu, base.cpu if base else None),
            "CPU s, median": _median(row.cpu),
            "failed steps": f"{row.n_failed} of {row.n_steps}",
            "target (eV/atom)": energy(row.target),
        }
        for row in rows
        for base in [against.get((row.composition, row.target))]
    ]


def _cost(cost: Cost | None, row: StudyRow) -> str:
    if cost is None:
        return NOTHING
    some = "" if cost.n_runs == row.n_runs else f"; {cost.n_runs} runs"
    sign = "≥ " if cost.is_lower_bound else "> " * (not cost.all_arrived)
    return f"{sign}{_number(cost.mean)} ({_number(cost.low)} … {_number(cost.high)}{some})"


def _median(cost: Cost | None) -> str:
    if cost is None:
        return NOTHING
    if isinf(cost.median_low):
        return "not reached"
    return f"{_number(cost.median)} ({_number(cost.median_low)} … {_number(cost.median_high)})"


def _number(value: float) -> str:
    """Four digits, never an exponent."""
    if isinf(value):
        return "∞"
    return f"{value:.0f}" if abs(value) >= WHOLE else f"{value:.4g}"


def _ratio(mine: Cost | None, reference: Cost | None) -> str:
    found = ratio(mine, reference) if mine and reference else None
    if found is None:
        return NOTHING
    if mine is reference:
        return "1 (reference)"
    if found.bound == "?":
        return "unknown"
    return f"{found.bound} {found.value:.3g} ({found.low:.3g} … {found.high:.3g})".strip()


def _sums(rows: Sequence[StudyRow]) -> None:
    """The paper's five compositions together, where they are all there."""
    for total in sums(rows):
        mean = f"{'at least ' * total.is_lower_bound}{total.steps:.0f} steps"
        interval = f"{total.low:.0f} … {total.high:.0f}"
        st.markdown(
            plain(
                f"{total.configuration}: {mean} ({interval}) summed over the five compositions of RL-CSP, "
                f"whose own sum is {total.published}."
            )
        )


def _download(rows: Sequence[StudyRow], reference: str) -> None:
    csv_button(
        "Table (CSV)", "study-table", lambda: pd.DataFrame([_flat(row, rows, reference) for row in rows])
    )


def _flat(row: StudyRow, rows: Sequence[StudyRow], reference: str) -> dict[str, object]:
    """Numbers in full, one a column."""
    base = reference_rows(rows, reference).get((row.composition, row.target))
    flat = {name: value for name, value in row._asdict().items() if name not in ("steps", "cpu")}
    for name in ("steps", "cpu"):
        cost = getattr(row, name)
        theirs = getattr(base, name) if base else None
        parts = {} if cost is None else {k: v for k, v in cost._asdict().items() if k != "resampled"}
        found = ratio(cost, theirs) if cost and theirs else None
        parts |= {} if found is None else {f"ratio_{k}": v for k, v in found._asdict().items()}
        flat |= {f"{name}_{key}": value for key, value in parts.items()}
    return flat | {"reference": reference}
