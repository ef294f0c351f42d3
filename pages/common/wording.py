"""How numbers and states are said on the pages; plain text and colours, nothing else."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from rlcsp_core.agents import algorithm_name
from rlcsp_core.analysis.expectation import Expectation
from rlcsp_core.analysis.trained import WITHOUT
from rlcsp_core.crystal.ions import all_ions
from rlcsp_core.records import TARGET_TOLERANCE
from rlcsp_core.relax.learned import label_of
from rlcsp_core.search import SETTINGS, SearchConfig
from rlcsp_core.search.policies import load_policy, policy_names
from rlcsp_core.store import Refinement, RunInfo, RunState

MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING, MINUS = "–", "−"
AT_TARGET = 1000 * TARGET_TOLERANCE  # meV/atom
FORMULA = re.compile(rf"\b(?:(?:{'|'.join(ion.element for ion in all_ions())})\d*){{2,}}\b")
TOGETHER = re.compile(r"(?<=\d) (?=%)|(?<=\bp) (?=[<=])|(?<=\bp [<=]) ")
BAR = re.compile(r"(?<=[A-Za-z])-(?=[1346])")  # over a number, in a space group
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TOLD = {  # settings that have words of their own in `search_in_words`, or none
    "composition", "algorithm", "baseline", "actions", "seed", "max_atoms", "steps", "population", "time_limit",
    "target", "kT", "settings", "policy",
}  # fmt: skip


class StateWord(NamedTuple):
    """A state of a run as the reader sees it."""

    label: str
    colour: Literal["blue", "gray", "green", "orange", "red"]
    icon: str


STATES: dict[RunState, StateWord] = {
    RunState.QUEUED: StateWord("waiting for a free core", "gray", ":material/hourglass_empty:"),
    RunState.RUNNING: StateWord("running", "blue", ":material/play_arrow:"),
    RunState.PAUSED: StateWord("paused", "orange", ":material/pause:"),
    RunState.STOPPING: StateWord("stopping", "orange", ":material/stop:"),
    RunState.FINISHED: StateWord("finished", "green", ":material/check:"),
    RunState.STOPPED: StateWord("stopped", "gray", ":material/stop:"),
    RunState.FAILED: StateWord("failed", "red", ":material/error:"),
    RunState.INTERRUPTED: StateWord("interrupted", "orange", ":material/power_off:"),
}


def typeset(text: str) -> str:
    """A text with the digits of the formulas in it lowered: Y₂O₃."""
    return FORMULA.sub(lambda formula: formula[0].translate(LOWERED), text)


def unbroken(text: str) -> str:
    """A text in whose numbers and space groups no line ends: 25 %, p < 0.001, Pm-3m."""
    return BAR.sub("\N{NON-BREAKING HYPHEN}", TOGETHER.sub("\N{NO-BREAK SPACE}", text))


def run_title(run: RunInfo) -> str:
    """Its name, if somebody gave it one."""
    if run.title is not None:
        return run.title
    algorithm = algorithm_name(run.algorithm, run.config.get("baseline"))
    return f"{typeset(run.composition)} · {algorithm} · seed {run.seed}"


def ahead(runs: Sequence[RunInfo]) -> str:
    """Which of some searches side by side is ahead; by the target where it was reached, else by the lowest energy."""
    if len({run.composition for run in runs}) > 1:
        return "These searches are after different compositions: their energies cannot be compared."
    if any(run.best_energy is None for run in runs):
        return "Nobody is ahead yet."
    arrived = sorted((run.target_step, run_title(run)) for run in runs if run.target_step is not None)
    if arrived and len({step for step, _ in arrived}) == len(arrived):
        (step, winner), *later = arrived
        others = f", the other at step {later[0][0]}" if later else ""
        return f"{winner} is ahead: it reached the target at step {step}{others}."
    first, second = sorted(runs, key=lambda run: run.best_energy or 0.0)[:2]
    gap = 1000 * ((second.best_energy or 0.0) - (first.best_energy or 0.0))
    if gap < AT_TARGET:
        return "Nobody is ahead: the lowest energies are equal."
    return (
        f"{run_title(first)} is ahead: {number(gap, 2)} meV/atom lower, after {first.n_steps} steps against "
        f"{second.n_steps}."
    )


def duration(seconds: float | None) -> str:
    """ "42 s", "3 min 05 s", "2 h 10 min"."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)  # first: 119.6 s are 2 min 00 s and not 1 min 60 s
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    minutes = round(seconds / MINUTE)
    return f"{minutes // MINUTE} h {minutes % MINUTE:02} min"


def ago(moment: float) -> str:
    """How long since a Unix time."""
    seconds = max(time.time() - moment, 0.0)
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def number(value: float, digits: int, sign: str = "") -> str:
    """With so many digits, a true minus, and none before a zero; "+" in `sign` stands before what is above it."""
    text = f"{value:{sign}.{digits}f}"
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", MINUS)


def rough(value: float) -> str:
    """To two digits: 0.12, 3.1 × 10⁻¹⁰."""
    digits, tens, exponent = f"{value:.2g}".partition("e")
    return f"{digits} × 10{str(int(exponent)).translate(RAISED)}" if tens else digits


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def signed(value: float, digits: int) -> str:
    return number(value, digits, "+")


def energy(value: float | None) -> str:
    """To the accuracy that tells two minima apart."""
    return NOTHING if value is None else number(value, 5)


def again_in_words(made: Refinement) -> str:
    """What a second model says of a structure."""
    label = label_of(made.model)
    if made.energy is None:
        return f"Relaxed again by {label}: no energy, {made.reason}."
    return f"Relaxed again by {label}: {energy(made.energy)} eV/atom, on the scale of that model alone."


def above_target(value: float | None, target: float | None) -> str | None:
    """Distance to the target in meV/atom."""
    if value is None or target is None:
        return None
    distance = 1000 * (value - target)
    if abs(distance) < AT_TARGET:
        return "at the target"
    return f"{number(abs(distance), 2)} meV/atom {'above' if distance > 0 else 'below'} the target"


def beside_known_minimum(value: float, known: float) -> str:
    """A relaxed energy beside the known minimum, both in eV/atom, as a sentence."""
    distance = 1000 * (value - known)
    if abs(distance) < AT_TARGET:
        return "This is the energy of the known minimum."
    return f"The known minimum lies {abs(distance):.2f} meV/atom {'lower' if distance > 0 else 'higher'}."


def expected_in_words(found: Expectation) -> str:
    """What shipped searches of one kind lead one to expect."""
    of_this_kind = f"{found.n} shipped searches of this kind: "
    if found.seconds is None or found.steps is None:
        return f"{of_this_kind}none reached the target in so many steps."
    return (
        f"{of_this_kind}{percent(found.reached / found.n)} reached the target, in {duration(found.seconds)} and "
        f"{found.steps:.0f} steps (medians)."
    )


def learned_on(policy: str) -> str:
    """What a shipped policy is called: the compounds it was trained on."""
    n = len(load_policy(policy)["provenance"]["compositions"])
    if policy.startswith(WITHOUT):
        return f"{n} compounds, {typeset(policy.removeprefix(WITHOUT))} left out"
    return f"all {n} compounds"


def _start_in_words(policy: Mapping[str, Any]) -> str:
    name = str(policy["name"])
    if name in policy_names() and policy["theta"] == load_policy(name)["theta"]:  # not another of that name
        return f"from a policy trained on {learned_on(name)}"
    return f"from the policy {name}"


def search_in_words(config: SearchConfig, policy: str | None = None) -> str:
    """What a search will do: what always matters, and whatever else differs from the defaults."""
    usual, mine = SearchConfig().as_dict(), config.as_dict()
    parts = [
        f"{typeset(config.composition)} with {algorithm_name(config.algorithm, config.baseline)}, "
        f"{config.actions} actions, seed {config.seed}",
        f"at most {config.max_atoms} atoms in the cell",
        f"{config.steps} steps after {config.population} random structures, "
        f"at most {duration(config.time_limit)}",
        "no target" if config.target is None else f"until {energy(config.target)} eV/atom",
        f"kT {config.kT:g} eV",
        *(f"{name.replace('_', ' ')} {value}" for name, value in config.settings.items()),
        *(
            f"{setting.label[0].lower()}{setting.label[1:]} {mine[name]}"
            for name, setting in SETTINGS.items()
            if name not in TOLD and mine[name] != usual[name]
        ),
    ]
    if isinstance(config.policy, Mapping):
        parts.append(_start_in_words(config.policy))
    if policy is not None:
        parts.append(f"sharing the policy {policy}")
    return " · ".join(parts)
