"""The Compare page in words and tables: averages beside the published ones, conclusions, differing settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from pages.common.errors import plain
from pages.common.url import choice
from pages.common.wording import NOTHING, energy, number, typeset
from pages.components.chart import csv_button
from rlcsp_core.agents import AGENTS
from rlcsp_core.analysis import compare
from rlcsp_core.analysis.curves import Groups, RunCurve
from rlcsp_core.analysis.metrics import MOVES_CONVENTIONS
from rlcsp_core.analysis.published import published
from rlcsp_core.plots.palette import LineStyle

Styles = Mapping[str, LineStyle]
SIDE_BY_SIDE: Mapping[
    str, tuple[str, int]
] = {  # columns after the name, ours beside the published one: title and width (pixels)
    "at target": ("at target", 75),
    "lowest (eV/atom)": ("lowest (eV/atom)", 125),
    "time (min)": ("time (min)", 95),
    "published time": ("report", 65),
    "mean moves": ("mean moves", 95),
    "published moves": ("report", 65),
    "mean generations": ("generations", 95),
    "published generations": ("report", 65),
    "best overall": ("best overall", 85),
    "energy gain": ("energy gain", 125),
}


def summary_view(groups: Groups, _: Styles) -> None:
    """The report's Figure 4, ours and the published numbers side by side."""
    convention = moves_convention()
    rows = compare.table(groups, convention)
    ours = _figure_4(rows)
    theirs = _published_rows(groups)
    st.dataframe(
        ours.join(theirs),
        hide_index=True,
        column_order=["experiment"]
        + [name for name in SIDE_BY_SIDE if name not in theirs or theirs[name].notna().any()],
        column_config={
            name: st.column_config.Column(title, width=width) for name, (title, width) in SIDE_BY_SIDE.items()
        },
        placeholder=NOTHING,
        alt="Averages over the runs of each experiment.",
    )
    st.caption(
        "Mean and 95 % interval over runs, energies in eV/atom; “report”: the published number beside it. "
        "Failed steps have no energy: they count as steps and are in no energy. "
        f"Moves: {MOVES_CONVENTIONS[convention].label}."
    )
    denominators(groups)
    csv_button("Table (CSV)", "averages", lambda: pd.DataFrame([_flat(row) for row in rows]))
    if theirs.notna().any(axis=None):
        st.caption(plain(f"Published: {published().report_source}, two runs each. {published().report_note}"))


def conclusions(groups: Groups) -> None:
    """What the tests allow to say, one sentence a pair."""
    if len(groups) < 2:
        st.info("Choose at least two experiments or algorithms: one alone cannot be compared.")
        return
    found = compare.conclusions(groups)
    st.markdown(f"**Conclusions.** {plain(typeset(found.headline))}")
    with st.expander(
        f"Every pair: {_statements(len(found.statements))} (p-values corrected by Holm's method)"
    ):
        st.markdown("\n".join(f"- {plain(typeset(sentence))}" for sentence in found.statements))


def _statements(n: int) -> str:
    return "1 statement" if n == 1 else f"{n} statements"


def moves_convention() -> str:
    names = {convention.label: key for key, convention in MOVES_CONVENTIONS.items()}
    return names[choice("Moves are counted as", list(names), "moves")]


def _figure_4(rows: tuple[compare.ExperimentRow, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": [row.label for row in rows],
            "at target": [
                NOTHING if row.n_reached is None else f"{row.n_reached} of {row.n_runs}" for row in rows
            ],
            "time (min)": [_interval(row.minutes, 2) for row in rows],
            "lowest (eV/atom)": [_interval(row.lowest_energy, 5) for row in rows],
            "best overall": [energy(row.best_energy) for row in rows],
            "energy gain": [_interval(row.energy_drop, 4) for row in rows],
            "mean moves": [_interval(row.moves, 2) for row in rows],
            "mean generations": [_interval(row.generations, 2) for row in rows],
        }
    )


def _published_rows(groups: Groups) -> pd.DataFrame:
    """The report's figures for the experiments it has, in the order of ours."""
    known = {(row.algorithm, row.baseline): row for row in published().report}
    rows = [
        known.get(_algorithm(first)) if first.composition == published().report_composition else None
        for first, *_ in groups.values()
    ]
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
    mean = number(e.mean, digits)
    half = "" if e.low is None or e.high is None else number(e.high - e.mean, digits)
    return f"{mean} ± {half}" if half.strip("0.") else mean  # nothing varies: no interval of that width


def _flat(row: compare.ExperimentRow) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in row._asdict().items():
        if isinstance(value, compare.Estimate):
            flat |= {f"{name}_{part}": number for part, number in value._asdict().items()}
        else:
            flat[name] = value
    return flat


def denominators(groups: Groups) -> None:
    """How many runs and steps are behind what is shown, and how many of them failed."""
    sizes = {label: len(curves) for label, curves in groups.items()}
    steps = {label: sum(c.n_steps for c in curves) for label, curves in groups.items()}
    failed = {label: sum(c.n_failed for c in curves) for label, curves in groups.items()}
    runs = "; ".join(f"{typeset(label)}: {_runs(n)}" for label, n in sizes.items())
    if len(sizes) > 1 and len(set(sizes.values())) == 1:
        runs = f"{_runs(next(iter(sizes.values())))} each"
    parts = [f"{typeset(label)} {n} of {steps[label]}" for label, n in failed.items() if n]
    st.caption(plain(f"{runs}. Failed steps: {'; '.join(parts) or f'none of {sum(steps.values())}'}."))


def _runs(n: int) -> str:
    return "1 run" if n == 1 else f"{n} runs"


def settings_view(groups: Groups, _: Styles) -> None:
    """In which settings the chosen runs differ, also those that share a label."""
    differing = compare.differing_settings(groups)
    if not differing:
        st.info("These experiments have the same settings; they differ in their seeds only.")
    else:
        table = pd.DataFrame(differing).T.rename_axis("setting").map(_in_words)
        st.dataframe(table, alt="Settings in which the experiments differ.")
    mixed = [key for key, row in differing.items() if any(len(values) > 1 for values in row.values())]
    if mixed:
        st.warning(plain(f"Runs that are pooled under one name differ in {', '.join(mixed)}."))
    st.caption("Seeds: " + "; ".join(plain(f"{label}: {_seeds(curves)}") for label, curves in groups.items()))


def _in_words(values: Sequence[object]) -> str:
    return " or ".join(NOTHING if value is None else str(value) for value in values)


def _seeds(curves: tuple[RunCurve, ...]) -> str:
    """ "1–20" where they follow each other."""
    seeds = sorted({curve.seed for curve in curves if curve.seed is not None})
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]}–{seeds[-1]}"
    return ", ".join(map(str, seeds))
