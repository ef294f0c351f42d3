"""What to expect of a search: how stored ones of the same settings have ended."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

import pandas as pd

from rlcsp_core.analysis.outcomes import read_outcomes, shipped_outcomes
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.presets import FAST_STEPS
from rlcsp_core.store import RunInfo

FAST_SEARCHES = (
    "learning-across",
    "Learned + belief",
)  # shipped outcomes of the preset Fast: experiment, label
FREE = ("seed", "steps", "time_limit", "patience")  # in which searches of one kind may differ


class Expectation(NamedTuple):
    """Of searches of one kind."""

    n: int
    reached: int  # of them the target, within the steps of the search that is to come
    seconds: float | None  # median of those
    steps: float | None  # median of those


def expectation(runs: Iterable[RunInfo], config: SearchConfig) -> Expectation | None:
    """None where no run is of this kind, or there is no target to reach."""
    if config.target is None:
        return None
    usual = SearchConfig().as_dict()  # of what a run of an earlier version does not name
    wanted = {name: value for name, value in config.as_dict().items() if name not in FREE}
    alike = [
        run
        for run in runs
        if run.composition == config.composition
        and all(run.config.get(name, usual[name]) == value for name, value in wanted.items())
        and run.config["steps"] >= config.steps  # whatever came of it: to leave out failures would flatter
    ]
    arrived = [run for run in alike if run.target_step is not None and run.target_step <= config.steps]
    if not alike:
        return None
    times, steps = ([run.elapsed for run in arrived], [run.target_step or 0 for run in arrived])
    return Expectation(
        len(alike), len(arrived), median(times) if times else None, median(steps) if steps else None
    )


def of_fast(composition: str, steps: int = FAST_STEPS) -> Expectation | None:
    """Of the preset Fast, from the outcomes that are shipped; None for compounds that are not among them."""
    experiment, label = FAST_SEARCHES
    path = shipped_outcomes().get(experiment)
    return None if path is None else from_outcomes(read_outcomes(path), label, composition, steps)


def from_outcomes(table: pd.DataFrame, label: str, composition: str, steps: int) -> Expectation | None:
    alike = table[(table["label"] == label) & (table["composition"] == composition)]
    if alike.empty:
        return None
    arrived = alike[alike["reached"] & (alike["steps"] <= steps)]
    times, counts = (None if arrived.empty else float(arrived[name].median()) for name in ("cpu", "steps"))
    return Expectation(len(alike), len(arrived), times, counts)
