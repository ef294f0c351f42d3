"""The Compare page in words and tables: averages beside the published ones, conclusions, differing settings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.comparison import choice
from pages.shared.setup import plain
from pages.shared.wording import NOTHING
from rlcsp_core.agents import AGENTS
from rlcsp_core.analysis import compare, survival
from rlcsp_core.analysis.curves import Groups, RunCurve
from rlcsp_core.analysis.metrics import (
    MOVES_CONVENTIONS,
)
from rlcsp_core.analysis.published import published
from rlcsp_core.plots.palette import LineStyle

Styles = Mapping[str, LineStyle]
BOOTSTRAP_SEED = 1  # the intervals of a page do not change when it is opened again
SIDE_BY_SIDE = (  # columns of the table: what was published stands next to what was measured
    "experiment",
    "runs",
    "at target",
    "lowest (eV/atom)",
    "time (min)",
    "published time",
    "mean moves",
    "published moves",
    "mean generations",
    "published generations",
    "failed",
    "best of all",
    "drop (eV/atom)",
)


def summary_view(groups: Groups, _: Styles) -> None:
    """The report's Figure 4, ours and the published numbers side by side, and what may be concluded."""
    conclusions(groups)
    st.subheader("Averages over runs", anchor=False)
    convention = moves_convention()
    rows = compare.table(groups, convention)
    ours = _figure_4(rows)
    st.dataframe(
        ours.join(_published_rows(groups)),
        hide_index=True,
        column_order=SIDE_BY_SIDE,
        placeholder=NOTHING,
        alt="Averages over the runs of each experiment.",
    )
    st.caption(
        "Mean and 95 % interval over runs. Failed steps have no energy: they count as steps and are in no energy. "
        f"Moves: {MOVES_CONVENTIONS[convention].label}."
    )
    st.download_button(
        "Table (CSV)",
        data=lambda: pd.DataFrame([_flat(row) for row in rows]).to_csv(index=False),
        file_name="averages.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )
    st.caption(plain(f"Published: {published().report_source}, two runs each. {published().report_note}"))


def conclusions(groups: Groups) -> None:
    """What the tests allow to say, one sentence a pair."""
    results = compare.to_target(groups)
    if len(groups) < 2:
        st.info("Choose at least two experiments or algorithms: one alone cannot be compared.")
        return
    if len(results) == len(groups):
        limit = survival.common_limit(results)
        rng = np.random.default_rng(BOOTSTRAP_SEED)
        means = {label: survival.restricted_mean(runs, limit, rng) for label, runs in results.items()}
        tests = sorted(survival.log_rank(results), key=lambda test: 2.0 if test.p is None else test.p)
        sentences = [compare.conclusion(test, means) for test in tests]
    else:
        sentences = ["Not all of these runs had a target: steps to it cannot be compared."]
    sentences += [_on_energy(test) for test in compare.lowest_energy_tests(groups) if test.p_holm is not None]
    first, *others = sentences
    st.markdown(f"**What can be concluded.** {plain(first)}")
    if others:
        with st.expander(f"All {len(sentences)} comparisons (p-values corrected by Holm's method)"):
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))


def _on_energy(test: survival.PairTest) -> str:
    assert test.p_holm is not None
    verdict = "differ" if test.p_holm < compare.SIGNIFICANCE else "are not separated"
    return f"By their lowest energies, {test.a} and {test.b} {verdict} (Mann–Whitney, p = {test.p_holm:.2g})."


def moves_convention() -> str:
    names = {convention.label: key for key, convention in MOVES_CONVENTIONS.items()}
    return names[choice("Moves are counted as", list(names), "moves")]


def _figure_4(rows: tuple[compare.ExperimentRow, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": [row.label for row in rows],
            "runs": [row.n_runs for row in rows],
            "at target": [
                NOTHING if row.n_reached is None else f"{row.n_reached} of {row.n_runs}" for row in rows
            ],
            "failed": [f"{row.n_failed} of {row.n_steps}" for row in rows],
            "time (min)": [_interval(row.minutes, 1) for row in rows],
            "lowest (eV/atom)": [_interval(row.lowest_energy, 4) for row in rows],
            "best of all": [NOTHING if row.best_energy is None else f"{row.best_energy:.5f}" for row in rows],
            "drop (eV/atom)": [_interval(row.energy_drop, 4) for row in rows],
            "mean moves": [_interval(row.moves, 2) for row in rows],
            "mean generations": [_interval(row.generations, 2) for row in rows],
        }
    )


def _published_rows(groups: Groups) -> pd.DataFrame:
    """The report's figures for the experiments it has, in the order of ours."""
    known = {(row.algorithm, row.baseline): row for row in published().report}
    rows = [known.get(_algorithm(curves[0])) for curves in groups.values()]
    return pd.DataFrame(
        {
            "published time": [row.minutes if row else None for row in rows],
            "published moves": [row.mean_moves if row else None for row in rows],
            "published generations": [row.mean_generations if row else None for row in rows],
        }
    )


def _algorithm(curve: RunCurve) -> tuple[str, str]:
    """Algorithm and baseline; the algorithm's own baseline where none was chosen."""
    algorithm = str(curve.settings.get("algorithm"))
    own = AGENTS[algorithm].baseline if algorithm in AGENTS else None
    return algorithm, str(curve.settings.get("baseline") or own or "none")


def _interval(e: compare.Estimate, digits: int) -> str:
    if e.mean is None:
        return NOTHING
    if e.low is None or e.high is None:
        return f"{e.mean:.{digits}f}"
    return f"{e.mean:.{digits}f} ± {e.high - e.mean:.{digits}f}"


def _flat(row: compare.ExperimentRow) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in row._asdict().items():
        if isinstance(value, compare.Estimate):
            flat |= {f"{name}_{part}": number for part, number in value._asdict().items()}
        else:
            flat[name] = value
    return flat


def settings_view(groups: Groups, _: Styles) -> None:
    """In which settings the chosen runs differ."""
    settings = {
        label: {key: value for key, value in curves[0].settings.items() if key != "seed"}
        for label, curves in groups.items()
    }
    differing = compare.differing_settings(settings)
    if not differing:
        st.info("These experiments have the same settings; they differ in their seeds only.")
    else:
        table = (
            pd.DataFrame(differing).T.rename_axis("setting").map(lambda v: NOTHING if v is None else str(v))
        )
        st.dataframe(table, alt="Settings in which the experiments differ.")
    st.caption("Seeds: " + "; ".join(plain(f"{label}: {_seeds(curves)}") for label, curves in groups.items()))


def _seeds(curves: tuple[RunCurve, ...]) -> str:
    return ", ".join(str(c.seed) for c in curves)
