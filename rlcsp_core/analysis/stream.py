"""Searches in a row that learn from those before: what each costs against its number.

    mean     geometric, over streams, of steps or CPU seconds of the k-th search; at least LEAST
    band     95 %, from resampled streams
    fall     cost of the last half of the searches over that of the first three, geometric means in each stream;
             p: Wilcoxon's signed-rank test over streams

Shapes: M streams, K searches, B resamples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from rlcsp_core.analysis.across import LEAST, WHAT, signed_rank
from rlcsp_core.analysis.survival import CONFIDENCE, RESAMPLES, SEED, SIGNIFICANCE, p_in_words
from rlcsp_core.records import Array, BoolArray

SEEDS_APART = 1000  # of the searches of two streams: those of stream s are 1000 s + 1, 1000 s + 2, …
FIRST = 3  # searches that count as the beginning


class Curve(NamedTuple):
    """Cost against the number of the search."""

    search: Array  # [K] from 1
    mean: Array  # [K]
    low: Array  # [K]
    high: Array  # [K]
    is_bound: BoolArray  # [K] some streams did not arrive there: the mean lies higher


class Fall(NamedTuple):
    """What was learned over a stream."""

    first: float  # cost of the first searches
    last: float  # cost of the last half
    is_bound: tuple[bool, bool]  # of the two: some searches did not arrive there, the cost is higher
    p: float
    n_streams: int
    n_searches: int


def _logs(table: pd.DataFrame, label: str, cost: str) -> Array:
    """[M, K] ln of the cost, NaN where a search is missing."""
    mine = table[table["label"] == label]
    wide = mine.assign(stream=mine["seed"] // SEEDS_APART).pivot_table(cost, "stream", "search")
    return np.log(np.maximum(wide.to_numpy(dtype=float), LEAST[cost]))


def curve(table: pd.DataFrame, label: str, cost: str) -> Curve:
    """table: outcomes on one compound."""
    logs = _logs(table, label, cost)
    rng = np.random.default_rng(SEED)
    resampled = np.nanmean(logs[rng.integers(len(logs), size=(RESAMPLES, len(logs)))], axis=1)
    low, high = np.quantile(resampled, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2), axis=0)
    arrived = table[table["label"] == label].groupby("search")["reached"].all().to_numpy(dtype=bool)
    return Curve(
        np.arange(1, logs.shape[1] + 1), np.exp(np.nanmean(logs, axis=0)), np.exp(low), np.exp(high), ~arrived
    )


def fall(table: pd.DataFrame, label: str, cost: str) -> Fall:
    """table: outcomes on one compound."""
    logs = _logs(table, label, cost)
    # CPU time is missing where the initial population held the target
    first, last = np.nanmean(logs[:, :FIRST], axis=1), np.nanmean(logs[:, logs.shape[1] // 2 :], axis=1)
    half = logs.shape[1] // 2
    missed = table.loc[(table["label"] == label) & ~table["reached"].astype(bool), "search"]
    return Fall(
        float(np.exp(first.mean())),
        float(np.exp(last.mean())),
        (bool((missed <= FIRST).any()), bool((missed > half).any())),
        signed_rank(last - first),
        *logs.shape,
    )


def headline(falls: Mapping[str, Fall], cost: str) -> str:
    """Which of them became cheaper; one whose last searches did not all arrive is not counted."""
    cheaper = [
        label
        for label, found in falls.items()
        if found.p < SIGNIFICANCE and found.last < found.first and not found.is_bound[1]
    ]
    what = f"fewer {WHAT[cost]} in the later searches than in the first {FIRST}"
    if len(cheaper) == len(falls) > 1:
        return f"All {len(falls)} need {what}."
    if not cheaper:
        return f"None of {len(falls)} is seen to need {what}."
    return f"{len(cheaper)} of {len(falls)} need {what}: {', '.join(cheaper)}."


def sentence(found: Fall, label: str, cost: str) -> str:
    what = WHAT[cost]
    p = p_in_words(found.p)
    first, last = ("at least " * bound for bound in found.is_bound)
    numbers = (
        f"{first}{found.first:.3g} {what} in the first {FIRST} searches, {last}{found.last:.3g} in searches "
        f"{found.n_searches // 2 + 1}–{found.n_searches} ({found.n_streams} streams, {p})"
    )
    if found.p >= SIGNIFICANCE:
        return f"{label}: no change that these streams show, {numbers}."
    return f"{label}: {numbers}."
