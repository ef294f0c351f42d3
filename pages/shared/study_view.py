"""What each addition buys: steps and CPU seconds to the target by configuration, against one of them.

The only view that shows several compositions at once: they stand below each other and are never pooled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.chart_with_data import chart
from pages.shared.comparison import choice, curves_read, one_of, style_of
from pages.shared.setup import plain
from pages.shared.wording import NOTHING
from rlcsp_core.analysis.curves import RunCurve
from rlcsp_core.analysis.published import published
from rlcsp_core.analysis.study import (
    Cost,
    StudyRow,
    configuration,
    ratio,
    reference_rows,
    study,
    sums,
)
from rlcsp_core.plots.palette import LineStyle
from rlcsp_core.plots.study import study_figure
from rlcsp_core.runs.curves import Reader, Stage, stage, with_cpu
from rlcsp_core.store import RunInfo

STUDY = "What each addition buys"
COSTS = ("steps", "CPU seconds")
KEPT = 8  # choices of runs whose costs are held in memory


def study_view(store: Reader, runs: Sequence[RunInfo]) -> None:
    """Table, sums and chart of all chosen runs that had a target."""
    curves = curves_read(store, runs)
    rows = _rows(store, curves, store.url, tuple(map(stage, runs)))
    if not rows:
        st.info("These runs had no target energy, so there is no cost of reaching it. Choose runs with one.")
        return
    names = list(dict.fromkeys(row.configuration for row in rows))
    reference = one_of("Reference configuration", names, "against") or names[0]
    table = pd.DataFrame(_lines(rows, reference))
    st.dataframe(table, hide_index=True, placeholder=NOTHING, alt="Cost of the target by configuration.")
    st.caption(
        "Mean and median over runs with 95 % bootstrap intervals. Runs that did not reach the target count with what "
        "they spent: ≥ marks such a mean. Ratios are means over that of the reference; below 1 is cheaper."
    )
    without = len(runs) - sum(row.n_runs for row in rows)
    if without:
        st.caption(f"{without} of the {len(runs)} chosen runs had no target and are left out.")
    _download(rows, reference)
    _sums(rows)
    kind = choice("Cost", list(COSTS), "cost")
    _figure(rows, _styles(curves), cpu=kind == COSTS[1])


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _rows(
    _store: Reader,
    _curves: Sequence[RunCurve],
    url: str,
    key: tuple[Stage, ...],  # noqa: ARG001
) -> tuple[StudyRow, ...]:
    return study(with_cpu(_store, _curves))


def _figure(rows: Sequence[StudyRow], styles: dict[str, LineStyle], *, cpu: bool) -> None:
    if cpu and not any(row.cpu for row in rows):
        st.info("None of these runs recorded its CPU time; runs made from now on do.")
        return
    words = "; ".join(f"{row.configuration}, {row.composition}: {_cost(_of(row, cpu))}" for row in rows)
    chart(study_figure(rows, styles, cpu=cpu), "study", f"Mean cost of the target. {words}")
    st.caption("A triangle is a lower bound. " + plain(f"Published: {published().n_mean_source}."))


def _of(row: StudyRow, cpu: bool) -> Cost | None:
    return row.cpu if cpu else row.steps


def _styles(curves: Sequence[RunCurve]) -> dict[str, LineStyle]:
    several = len({curve.experiment for curve in curves}) > 1
    return {configuration(curve, with_experiment=several): style_of(curve) for curve in reversed(curves)}


def _lines(rows: Sequence[StudyRow], reference: str) -> list[dict[str, object]]:
    against = reference_rows(rows, reference)
    return [
        {
            "composition": row.composition,
            "target (eV/atom)": row.target,
            "configuration": row.configuration,
            "reached": f"{row.n_reached} of {row.n_runs}",
            "mean steps": _cost(row.steps),
            "median steps": _median(row.steps),
            "paper's N_mean": None
            if row.published is None
            else f"{'> ' * row.published_is_bound}{row.published}",
            "steps, ratio": _ratio(row.steps, base.steps if base else None),
            "CPU s": _cost(row.cpu),
            "CPU s, median": _median(row.cpu),
            "CPU s, ratio": _ratio(row.cpu, base.cpu if base else None),
            "failed steps": f"{row.n_failed} of {row.n_steps}",
        }
        for row in rows
        for base in [against.get((row.composition, row.target))]
    ]


def _cost(cost: Cost | None) -> str:
    if cost is None:
        return NOTHING
    return (
        f"{'≥ ' * cost.is_lower_bound}{cost.mean:.4g} ({cost.low:.4g} … {cost.high:.4g}; n = {cost.n_runs})"
    )


def _median(cost: Cost | None) -> str:
    if cost is None:
        return NOTHING
    return f"{_end(cost.median)} ({_end(cost.median_low)} … {_end(cost.median_high)})"


def _end(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "not reached"


def _ratio(mine: Cost | None, reference: Cost | None) -> str:
    found = ratio(mine, reference) if mine and reference else None
    if found is None:
        return NOTHING
    if mine is reference:
        return "1 (reference)"
    if found.bound == "?":
        return "unknown: both are bounds"
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
    st.download_button(
        "Table (CSV)",
        data=lambda: pd.DataFrame([_flat(row, rows, reference) for row in rows]).to_csv(index=False),
        file_name="study.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
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
