"""How numbers and states are said on the pages; plain text and colours, nothing else."""

from __future__ import annotations

import time
from typing import Literal, NamedTuple

from rlcsp_core.agents import AGENTS, BASELINES
from rlcsp_core.store import RunInfo, RunState

MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING = "–"
AT_TARGET = 0.02  # meV/atom


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
REASONS = {
    "target": "reached the target energy",
    "steps": "made all its steps",
    "time": "used up its time",
    "stalled": "found nothing lower for long enough",
    "stopped": "stopped by hand",
}


def algorithm_name(algorithm: str, baseline: str | None) -> str:
    """ "PPO + B2"; the baseline only where it is not the algorithm's own."""
    kind = AGENTS.get(algorithm)
    label = kind.label if kind else algorithm
    if baseline is None or baseline not in BASELINES or (kind and baseline == kind.baseline == "none"):
        return label
    return f"{label} + {BASELINES[baseline].label}"


def run_title(run: RunInfo) -> str:
    return (
        f"{run.composition} · {algorithm_name(run.algorithm, run.config.get('baseline'))} · seed {run.seed}"
    )


def reason_of(run: RunInfo) -> str:
    """Why a run ended, in words; nothing while it goes on."""
    return REASONS.get(run.reason or "", run.reason or "")


def duration(seconds: float | None) -> str:
    """ "42 s", "3 min 05 s", "2 h 10 min"."""
    if seconds is None:
        return NOTHING
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min {seconds % MINUTE:02.0f} s"
    return f"{seconds // HOUR:.0f} h {seconds % HOUR // MINUTE:02.0f} min"


def ago(moment: float) -> str:
    """How long since a Unix time."""
    seconds = max(time.time() - moment, 0.0)
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def energy(value: float | None) -> str:
    """To the accuracy that tells two minima apart, with a true minus."""
    return NOTHING if value is None else f"{value:.5f}".replace("-", "−")


def signed(value: float, digits: int) -> str:
    """With its sign, a true minus, and none before a zero."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def above_target(value: float | None, target: float | None) -> str | None:
    """Distance to the target in meV/atom."""
    if value is None or target is None:
        return None
    distance = 1000 * (value - target)
    return (
        "at the target" if abs(distance) < AT_TARGET else f"{distance:+.2f} meV from target".replace("-", "−")
    )


def beside_known_minimum(value: float, known: float) -> str:
    """A relaxed energy beside the known minimum, both in eV/atom, as a sentence."""
    distance = 1000 * (value - known)
    if abs(distance) < AT_TARGET:
        return "This is the energy of the known minimum."
    return f"The known minimum lies {abs(distance):.2f} meV/atom {'lower' if distance > 0 else 'higher'}."
