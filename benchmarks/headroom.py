"""How much a policy over the nine published actions could gain at all: `python -m benchmarks.headroom Al2O3 SnO2 …`.

    h_a(z) = w_a + v_a z     preferences of action a at the standardised energy z; Uniform: w = v = 0

    screen    each action alone gets four times its odds or a quarter of them (w_a = ± ln 4: fixed weights), or odds
              that grow or fall with the energy (v_a = ± 1: weights that depend on the state); the same seeds for all
    confirm   on fresh seeds, against Uniform: the best fixed variant, the best that depends on the state, and for each
              of these two kinds all changes that helped by more than HELPED, put together

Costs are steps to the known minimum; a search that does not reach it counts with its limit, so that a gain is a bound:
from below where Uniform missed it, from above where the variant did.  What is best of many is best by luck too, hence
the fresh seeds.  One line a variant, as CSV.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from rlcsp_core.actions import ACTIONS
from rlcsp_core.analysis.across import signed_rank
from rlcsp_core.execution.experiment import load_experiment
from rlcsp_core.records import StopRecord
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.loop import Search
from rlcsp_core.search.policies import from_rows

NUMBERS = tuple(action.number for action in ACTIONS)
STRENGTH = {"fixed": math.log(4), "state": 1.0}
HELPED = 1.1  # gain in the screen from which on a change is put together with others
SCREENED = range(401, 413)
CONFIRMED = range(421, 441)
LIMIT = 2000  # steps
RESAMPLES = 10_000
Theta = dict[int, tuple[float, float]]  # w and v by action; 0 where there is none


class Cost(NamedTuple):
    """Steps of one search."""

    steps: int
    reached: bool


class Variant(NamedTuple):
    """Preferences that differ from Uniform."""

    name: str
    kind: str  # "uniform", "fixed", "state"
    theta: Theta


def variants() -> list[Variant]:
    """One action at a time."""
    found = [Variant("uniform", "uniform", {})]
    for number, kind, sign in product(NUMBERS, STRENGTH, (1, -1)):
        by = sign * STRENGTH[kind]
        theta = {number: (by, 0.0) if kind == "fixed" else (0.0, by)}
        found.append(Variant(f"{number} {'+' if sign > 0 else '-'} {kind}", kind, theta))
    return found


def problems() -> dict[str, dict[str, Any]]:
    """Of the experiments that are shipped, with the targets their searches are to reach."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("learning-across", "fast", "zoo"):
        for run in load_experiment(name).runs():
            config = run.config
            keys = ("composition", "max_atoms", "target", "potential")
            found.setdefault(config.composition, {key: getattr(config, key) for key in keys})
    return found


def cost(job: tuple[dict[str, Any], Theta, int]) -> Cost:
    """Of one search."""
    problem, theta, seed = job
    rows = {number: list(theta.get(number, (0.0, 0.0))) for number in NUMBERS}
    config = SearchConfig(
        **problem,
        actions="published",
        algorithm="fixed",
        settings={"exploration": 0.0},
        policy=from_rows("variant", "published", "published", rows),
        population=20,
        steps=LIMIT,
        time_limit=86400.0,
        seed=seed,
    )
    *_, end = Search(config)
    assert isinstance(end, StopRecord)
    return Cost(end.steps if end.target_step is None else end.target_step, end.target_step is not None)


def logs(costs: list[Cost]) -> np.ndarray:
    """[S] ln of the steps; those in the population count as one."""
    return np.log([max(found.steps, 1) for found in costs])


def together(screened: list[tuple[Variant, float]], kind: str) -> Variant | None:
    """All changes of a kind that helped; None where fewer than two did."""
    helped = [variant for variant, gain in screened if variant.kind == kind and gain > HELPED]
    theta: Theta = {}
    for variant in helped:
        for number, row in variant.theta.items():
            before = theta.get(number, (0.0, 0.0))
            theta[number] = (before[0] + row[0], before[1] + row[1])
    return Variant(f"all that helped, {kind}", kind, theta) if len(theta) > 1 else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("compositions", nargs="+", metavar="FORMULA", help="of learning-across, fast or zoo")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    known = problems()
    if unknown := [formula for formula in arguments.compositions if formula not in known]:
        parser.error(f"{unknown[0]} has no known minimum here; choose from {', '.join(known)}")
    out = csv.writer(sys.stdout)
    out.writerow(
        [
            "composition",
            "stage",
            "variant",
            "geometric_mean_steps",
            "reached",
            "n",
            "gain",
            "low",
            "high",
            "p",
        ]
    )
    with ProcessPoolExecutor(arguments.workers) as pool:

        def costs_of(problem: dict[str, Any], some: list[Variant], seeds: range) -> list[list[Cost]]:
            jobs = [(problem, variant.theta, seed) for variant in some for seed in seeds]
            found = list(pool.map(cost, jobs))
            return [found[i : i + len(seeds)] for i in range(0, len(found), len(seeds))]

        for formula in arguments.compositions:
            some = variants()
            costs = costs_of(known[formula], some, SCREENED)
            gains = [float(np.exp((logs(costs[0]) - logs(mine)).mean())) for mine in costs]
            screened = list(zip(some, gains, strict=True))
            for (variant, gain), mine in zip(screened, costs, strict=True):
                _write(out, formula, "screen", variant, mine, [f"{gain:.2f}", "", "", ""])
            best = [
                max((s for s in screened if s[0].kind == kind), key=lambda s: s[1])[0] for kind in STRENGTH
            ]
            chosen = [some[0], *best, *(v for kind in STRENGTH if (v := together(screened, kind)))]
            confirmed = costs_of(known[formula], chosen, CONFIRMED)
            for variant, mine in zip(chosen, confirmed, strict=True):
                _write(out, formula, "confirm", variant, mine, _against(confirmed[0], mine))
            sys.stdout.flush()


def _against(uniform: list[Cost], mine: list[Cost]) -> list[str]:
    """Gain with its 95 % bootstrap interval, and p of Wilcoxon's signed-rank test."""
    differences = logs(uniform) - logs(mine)
    chosen = np.random.default_rng(1).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.exp(np.quantile(differences[chosen].mean(axis=1), (0.025, 0.975)))
    return [
        f"{np.exp(differences.mean()):.2f}",
        f"{low:.2f}",
        f"{high:.2f}",
        f"{signed_rank(differences):.2g}",
    ]


def _write(
    out: Any, formula: str, stage: str, variant: Variant, costs: list[Cost], comparison: list[str]
) -> None:
    mean = f"{np.exp(logs(costs).mean()):.1f}"
    out.writerow([formula, stage, variant.name, mean, sum(c.reached for c in costs), len(costs), *comparison])


if __name__ == "__main__":
    main()
