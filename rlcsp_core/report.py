"""What stands in the report of a run: gathered from the store, drawn by `plots.report`."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping
from typing import Any

from rlcsp_core.actions import actions_of
from rlcsp_core.agents import algorithm_name
from rlcsp_core.analysis.second_look import TRAINED_ON_KNOWN, Row, in_a_sentence, look_of_run
from rlcsp_core.analysis.verdict import verdict_of_run
from rlcsp_core.plots.live import energy_figure, outcome_figure, policy_figure
from rlcsp_core.plots.report import Chart, Numbers, report_page
from rlcsp_core.relax.learned import MODELS, label_of
from rlcsp_core.search import SETTINGS, SearchConfig
from rlcsp_core.store import Reader, RunInfo

MINUS = "−"
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
POINTS = 2000  # steps drawn
IN_PYTHON = """import json
from rlcsp_core import Search, SearchConfig

config = SearchConfig.from_dict(json.load(open("settings.json")))
for record in Search(config):
    print(record)"""


def report(store: Reader, run: RunInfo) -> str:
    """The page as text."""
    table, actions = store.overview(run.id, POINTS), actions_of(run.config)
    best = store.best_structure(run.id)
    charts = [
        Chart(
            "Energies",
            energy_figure(table, store.population(run.id), target=run.config.get("target")),
            f"Energy of every trial, and the lowest so far. {len(table)} of {run.n_steps} steps are drawn.",
        ),
        Chart(
            "Policy",
            policy_figure(table, actions),
            "Probabilities of the actions against steps, stacked to 1.",
        ),
        Chart(
            "Outcome by action", outcome_figure(run.tally, actions), "Steps accepted, rejected and failed."
        ),
    ]
    line = command(run.config)
    again = {"With settings.json, in Python": IN_PYTHON} if line is None else {"On the command line": line}
    again["Settings, as settings.json"] = json.dumps(run.config, indent=1, ensure_ascii=False)
    crystal = best[1] if best else None
    return report_page(_title(run), _facts(store, run), charts, _second_looks(store, run), crystal, again)


def _second_looks(store: Reader, run: RunInfo) -> list[Numbers]:
    """What other models have made of its structures: one table a model."""
    made = store.refinements([run.id])
    tables = []
    for model in dict.fromkeys(each.model for each in made):
        mine, label = [each for each in made if each.model == model], label_of(model)
        look = look_of_run(store, run, mine)
        versions = "; ".join(dict.fromkeys(each.version for each in mine))
        words = [f"Both energies are in eV/atom; they have different zeros. Relaxed again by {versions}."]
        lowest = store.lowest([run.id], 1)
        if look.rows and look.rows[0].group.best in lowest:  # else it is not the first on ions
            words.insert(0, in_a_sentence(look, label) or "")
        if model in MODELS:
            words.append(TRAINED_ON_KNOWN)
        columns = (
            "rank",
            f"by {label}",
            "energy",
            f"energy by {label}",
            "volume",
            "space group",
            "known crystal",
        )
        rows = [_row(row) for row in look.rows]
        tables.append(Numbers(f"Second look by {label}", columns, rows, " ".join(filter(None, words))))
    return tables


def _row(row: Row) -> list[str]:
    second, groups = row.second, [group for group in row.space_groups if group is not None]
    energies = (row.energy, None if second is None else second.energy)
    return [
        str(row.rank),
        "none" if row.second_rank is None else str(row.second_rank),
        *("none" if energy is None else f"{energy:.5f}".replace("-", MINUS) for energy in energies),
        "" if row.swelling is None else f"{row.swelling:+.1%}".replace("-", MINUS),
        " → ".join(dict.fromkeys(groups)),
        row.known.name if row.known is not None else (second.reason or "" if second is not None else ""),
    ]


def command(config: Mapping[str, Any]) -> str | None:
    """The command that runs a search of these settings; None where one of them is no plain word or number."""
    usual = SearchConfig().as_dict()
    wanted = {
        name: config[name]
        for name in SETTINGS
        if name in config and name != "settings" and (config[name] != usual[name] or name == "potential")
    }
    if any(isinstance(value, Mapping | list) for value in wanted.values()):
        return None
    words = [word for name, value in wanted.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    words += [word for name, value in config["settings"].items() for word in ("--set", f"{name}={value}")]
    return shlex.join(["rlcsp", "run", "--policy", "untrained", *words])


def _title(run: RunInfo) -> str:
    algorithm = algorithm_name(run.algorithm, run.config.get("baseline"))
    return f"{run.composition.translate(LOWERED)}, {algorithm}, seed {run.seed}"


def _facts(store: Reader, run: RunInfo) -> dict[str, str]:
    found = verdict_of_run(store, run)
    lowest = "none" if run.best_energy is None else f"{run.best_energy:.6f} eV/atom, at step {run.best_step}"
    target = "none was set" if run.config.get("target") is None else "not reached"
    return {
        "Result": "no structure" if found is None else found.words,
        "Lowest energy": lowest.replace("-", MINUS),
        "Target": target if run.target_step is None else f"reached at step {run.target_step}",
        "Steps": f"{run.n_steps} in {run.elapsed:.0f} s: {run.n_accepted} accepted, {run.n_rejected} rejected, "
        f"{run.n_failed} failed",
        "Ended": run.ending or f"not yet: {run.state}",
        "Seed": str(run.seed),
        "Run": f"{run.id}, of {time.strftime('%Y-%m-%d %H:%M', time.gmtime(run.created))} UTC",
        "Made with": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
    }
