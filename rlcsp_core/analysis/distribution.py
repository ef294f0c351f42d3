"""Mean, median, mode and deviation of a sequence of counts, as in the report's Figure 3.

Deviation is that of a sample (n − 1).  The mode is the most frequent value, the smallest of several.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from rlcsp_core.records import IntArray


class Distribution(NamedTuple):
    """How the entries of a sequence are distributed; None where there are too few of them."""

    n: int
    mean: float | None
    median: float | None
    mode: int | None
    deviation: float | None
    values: IntArray  # [K] that occur, rising
    counts: IntArray  # [K] how often


def distribution(sequence: IntArray) -> Distribution:
    """Of one sequence."""
    values, counts = np.unique(np.asarray(sequence, dtype=np.int64), return_counts=True)
    n = int(counts.sum())
    if n == 0:
        return Distribution(0, None, None, None, None, values, counts)
    return Distribution(
        n=n,
        mean=float(np.mean(sequence)),
        median=float(np.median(sequence)),
        mode=int(values[counts.argmax()]),
        deviation=float(np.std(sequence, ddof=1)) if n > 1 else None,
        values=values,
        counts=counts,
    )


def pooled_distribution(sequences: Iterable[IntArray]) -> Distribution:
    """Of several sequences put together: every entry weighs the same, whichever run it is from, but in the mean, which
    is that over runs, as in tables of averages."""
    parts = [np.asarray(sequence, dtype=np.int64) for sequence in sequences]
    pooled = distribution(np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64))
    means = [float(np.mean(part)) for part in parts if len(part)]
    return pooled._replace(mean=float(np.mean(means)) if means else None)
