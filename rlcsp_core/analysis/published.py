"""What the literature reports, from data/published.toml, to stand beside our own numbers and marked as theirs."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import NamedTuple

from rlcsp_core.paths import DATA

PUBLISHED_FILE = DATA / "published.toml"


class PublishedNMean(NamedTuple):
    """Mean steps to the global minimum, RL-CSP Figure 5a."""

    composition: str
    algorithm: str  # key of the agents' table
    steps: int
    is_lower_bound: bool  # printed with a ">"


class PublishedRow(NamedTuple):
    """One line of the report's Figure 4; its energies are failure codes and not repeated here."""

    label: str
    algorithm: str
    baseline: str
    n_runs: int
    minutes: float
    mean_moves: float
    mean_generations: float


class Published(NamedTuple):
    """Everything in the file."""

    n_mean: tuple[PublishedNMean, ...]
    n_mean_source: str
    report: tuple[PublishedRow, ...]
    report_source: str
    report_composition: str
    report_note: str


@cache
def published() -> Published:
    """The file, read once."""
    with PUBLISHED_FILE.open("rb") as file:
        data = tomllib.load(file)
    figure5a, figure4 = data["rl_csp_figure_5a"], data["report_figure_4"]
    return Published(
        n_mean=tuple(
            PublishedNMean(row["composition"], algorithm, steps, algorithm in row.get("lower_bounds", ()))
            for row in figure5a["systems"]
            for algorithm, steps in row["steps"].items()
        ),
        n_mean_source=figure5a["source"],
        report=tuple(PublishedRow(n_runs=figure4["runs"], **row) for row in figure4["rows"]),
        report_source=figure4["source"],
        report_composition=figure4["composition"],
        report_note=figure4["note"],
    )
