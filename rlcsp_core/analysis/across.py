"""One way to search against another over many compounds.

    ratio      exp mean_c ln(m_cb / m_ca): how many times dearer b is than a, geometric mean over compounds c
               m_ca: mean cost over seeds, steps or CPU seconds; a search that did not arrive counts with what it spent
    interval   95 %, from resampled compounds and, of each, resampled seeds, the same of a and b
    p          Wilcoxon's signed-rank test: over the compounds of ln(m_cb / m_ca), and for each compound over its seeds,
               corrected by Holm for the number of compounds; where there is one compound only, over its seeds

Seeds are paired: with the same seed every way to search starts from the same population.  Where either of two costs is
a lower bound, so is what is said of their ratio.  Shapes: C compounds, S seeds, B resamples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from rlcsp_core.analysis.survival import RESAMPLES, SEED, SIGNIFICANCE, holm, interval, p_in_words
from rlcsp_core.records import Array

MOST_EXACT = 50  # differences
WHAT = {"steps": "steps", "cpu": "CPU seconds"}  # costs in words
LEAST = {"steps": 1.0, "cpu": 1e-3}  # what a mean counts at least, since it is a logarithm that is averaged


class Mean(NamedTuple):
    """Cost of one compound searched in one way."""

    composition: str
    label: str
    mean: float
    low: float
    high: float
    n_reached: int
    n: int

    @property
    def is_bound(self) -> bool:
        return self.n_reached < self.n


class Against(NamedTuple):
    """How many times dearer another way is."""

    label: str  # the other way
    ratio: float
    low: float
    high: float
    p: float
    better: tuple[str, ...]  # compounds on which it is significantly dearer
    worse: tuple[str, ...]  # compounds on which it is significantly cheaper
    missed: tuple[bool, bool]  # whether some searches of the first way, and of this one, did not arrive


def labels_in(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table["label"]))


def means(table: pd.DataFrame, cost: str) -> list[Mean]:
    """cost: "steps" or "cpu"; intervals are bootstraps over seeds."""
    rng = np.random.default_rng(SEED)
    found = []
    for (composition, label), part in table.groupby(["composition", "label"], sort=False):
        x = part[cost].to_numpy(dtype=float)
        x = x[np.isfinite(x)]
        if len(x):
            low, high = interval(x[rng.integers(len(x), size=(RESAMPLES, len(x)))].mean(axis=1))
            found.append(
                Mean(composition, label, float(x.mean()), low, high, int(part["reached"].sum()), len(part))
            )
    return found


def against(table: pd.DataFrame, cost: str, label: str, others: Sequence[str]) -> list[Against]:
    """`label` against each of the others, on the compounds and seeds that both have."""
    return [found for other in others if (found := _against(table, cost, label, other)) is not None]


def _against(table: pd.DataFrame, cost: str, label: str, other: str) -> Against | None:
    pairs = _pairs(table, cost, label, other)
    if not pairs:
        return None
    logs = np.array([_log_ratio(x, cost) for x in pairs.values()])
    rng = np.random.default_rng(SEED)
    resampled = np.empty((RESAMPLES, len(pairs)))
    for c, x in enumerate(pairs.values()):
        chosen = rng.integers(len(x), size=(RESAMPLES, len(x)))
        resampled[:, c] = _log_ratio(x[chosen], cost)
    compounds = rng.integers(len(pairs), size=resampled.shape)
    low, high = interval(np.exp(np.take_along_axis(resampled, compounds, axis=1).mean(axis=1)))
    differences = {name: np.log(np.maximum(x, LEAST[cost])) @ (-1.0, 1.0) for name, x in pairs.items()}
    alone = holm([signed_rank(d) for d in differences.values()])
    apart = {
        name: d
        for (name, d), p in zip(differences.items(), alone, strict=True)
        if p is not None and p < SIGNIFICANCE
    }
    compared = table[table["composition"].isin(pairs)]
    missed = [not compared[compared["label"] == name]["reached"].all() for name in (label, other)]
    return Against(
        other,
        float(np.exp(logs.mean())),
        low,
        high,
        signed_rank(logs if len(pairs) > 1 else next(iter(differences.values()))),
        tuple(name for name, d in apart.items() if d.mean() > 0),
        tuple(name for name, d in apart.items() if d.mean() < 0),
        (missed[0], missed[1]),
    )


def signed_rank(differences: Array) -> float:
    """p of Wilcoxon's test: exact where it can be, for no ties; SciPy would draw permutations for few with ties."""
    from scipy.stats import wilcoxon

    sizes = np.abs(differences)
    if not sizes.any():
        return 1.0
    exact = sizes.all() and len(np.unique(sizes)) == len(sizes) <= MOST_EXACT
    return float(wilcoxon(differences, method="exact" if exact else "asymptotic").pvalue)


def _pairs(table: pd.DataFrame, cost: str, label: str, other: str) -> Mapping[str, Array]:
    """[S, 2] costs of both by composition."""
    wide = table.pivot_table(cost, ["composition", "seed"], "label", sort=False)
    if not {label, other} <= set(wide):
        return {}
    both = wide[[label, other]].dropna()
    return {str(name): part.to_numpy() for name, part in both.groupby(level=0, sort=False)}


def _log_ratio(x: Array, cost: str) -> Array:
    """ln of the ratio of the means over seeds; x [..., S, 2]."""
    mean = np.log(np.maximum(x.mean(axis=-2), LEAST[cost]))
    return np.asarray(mean[..., 1] - mean[..., 0])


def sentence(found: Against, label: str, n: int, cost: str) -> str:
    """What one comparison says, over n compounds."""
    where, what = _where(n), WHAT[cost]
    p = p_in_words(found.p)
    if found.p >= SIGNIFICANCE:
        return f"{where.capitalize()}, {label} and {found.label} cannot be told apart in {what} ({p})."
    more = found.ratio > 1
    ratio, low, high = (
        (found.ratio, found.low, found.high) if more else (1 / found.ratio, 1 / found.high, 1 / found.low)
    )
    # costs of searches that did not arrive are bounds from below, of the cheaper way as of the dearer one
    cheap_missed, dear_missed = found.missed if more else found.missed[::-1]
    if cheap_missed and dear_missed:
        return (
            f"{label} and {found.label} differ {where} in the {what} spent ({p}), by how much is not known: "
            "searches of both did not arrive."
        )
    least = "at most " if cheap_missed else "at least " * dear_missed
    few, many = (label, found.label) if more else (found.label, label)
    late = few if cheap_missed else many
    why = f"; {least.strip()}, as some searches by {late} did not arrive" if least else ""
    return (
        f"{few} needs {least}{ratio:.1f} times fewer {what} than {many} "
        f"({low:.1f}–{high:.1f}; {'geometric mean' if n > 1 else 'means'} {where}, {p}{why})."
    )


def sentences(found: Sequence[Against], label: str, n: int, cost: str) -> list[str]:
    """What all comparisons say; several that tell nothing apart share one."""
    same = [one for one in found if one.p >= SIGNIFICANCE]
    if len(same) < 2:
        return [sentence(one, label, n, cost) for one in found]
    apart = [sentence(one, label, n, cost) for one in found if one.p < SIGNIFICANCE]
    cannot = f"{_where(n).capitalize()}, {label} cannot be told apart in {WHAT[cost]} from"
    names = "; ".join(f"{one.label} ({p_in_words(one.p)})" for one in same)
    return [*apart, *[f"{cannot} any other."] * (not apart), f"{cannot}: {names}."]


def _where(n: int) -> str:
    return f"over {n} compounds" if n > 1 else "over the seeds"


def alone(found: Sequence[Against], label: str, n: int) -> list[str]:
    """What single compounds say; comparisons that none of them decides share a sentence."""
    undecided = [one.label for one in found if not one.better and not one.worse]
    told = [exceptions(one, label, n) for one in found if one.better or one.worse]
    nothing = f"No compound taken alone tells {label} from: {'; '.join(undecided)}."
    return [*told, *[nothing] * bool(undecided)]


def exceptions(found: Against, label: str, n: int) -> str:
    """On how many compounds taken alone the two differ significantly."""
    worse = f"significantly dearer on {', '.join(found.worse) or 'none'}"
    better = f"{label} is significantly cheaper than {found.label} on {len(found.better)} of {n} compounds"
    return f"Taken alone, {better}, {worse}."
