"""What the panel of a run draws, made once for all who look, and how often they look.

Figures are the larger part of a look and the same for all.  Where they take long, because the machine is busy, they are
made less often; where many look, each looks less often, so that clicks are still answered at once.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

import numpy as np
import streamlit as st

from pages.shared.viewer import Frame, view_data
from pages.shared.wording import energy
from rlcsp_core.actions import Action, action_set
from rlcsp_core.analysis.progress import steps_per_second
from rlcsp_core.plots.live import energy_figure, outcome_figure, policy_figure
from rlcsp_core.records import Crystal
from rlcsp_core.runs.curves import Reader
from rlcsp_core.store import RunInfo, RunState, StepTable, StructureInfo

REFRESH = 1.0  # s between looks at the store
REST = 20.0  # times as long as a view took to make, before it is made again
SLOWER = 6  # visitors who look every REFRESH; those who come when there are twice as many look half as often
SLOWEST = 8.0  # s
GONE = 30.0  # s after the last look of a visitor
CHART_POINTS = 2000


class Drawing(NamedTuple):
    """A figure as its JSON, and in words."""

    figure: str
    words: str


class View(NamedTuple):
    """A run at one moment."""

    energies: Drawing
    policy: Drawing
    outcomes: Drawing
    best: tuple[StructureInfo, Crystal] | None
    rate: float | None  # steps a second
    drawn: int  # steps in the charts


class _Shared:
    """The view of one run, for all of its visitors."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._view: View | None = None
        self._of: tuple[RunState, int] | None = None  # state and steps that it shows
        self._until = 0.0  # monotonic, when it may be made again

    def get(self, store: Reader, run: RunInfo, compact: bool) -> View:
        with self._lock:
            now = (run.state, run.n_steps + run.n_population)
            fresh = self._of is not None and (
                now == self._of or (now[0] == self._of[0] and run.active and time.monotonic() < self._until)
            )
            if self._view is None or not fresh:
                began = time.monotonic()
                self._view, self._of = _made(store, run, compact), now
                took = time.monotonic() - began
                self._until = began + max(REFRESH, REST * took)
            return self._view


def view(store: Reader, run: RunInfo, *, compact: bool) -> View:
    """Of the last step of a run that has ended; of a moment ago while it is at work."""
    return _shared(store.url, run.id, compact).get(store, run, compact)


@st.cache_resource(max_entries=64, show_spinner=False)
def _shared(url: str, run_id: str, compact: bool) -> _Shared:  # noqa: ARG001 - the key of the cache
    return _Shared()


class _Visitors:
    """Who has looked at a live panel of late."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def looks(self, name: str) -> int:
        """Note a look; how many there are with this one."""
        with self._lock:
            now = time.monotonic()
            self._seen = {each: at for each, at in self._seen.items() if now - at < GONE} | {name: now}
            return len(self._seen)


@st.cache_resource(show_spinner=False)
def _visitors() -> _Visitors:
    return _Visitors()


def looked() -> int:
    """Note a look of this visitor; how many look."""
    return _visitors().looks(st.session_state.setdefault("visitor", uuid4().hex))


def pace() -> float:
    """Seconds between two looks of whoever opens a panel now: the more look, the longer, in steps of two."""
    crowds = looked() / SLOWER
    return min(REFRESH * 2 ** max(0, math.ceil(math.log2(crowds))), SLOWEST)


def _made(store: Reader, run: RunInfo, compact: bool) -> View:
    table = store.overview(run.id, CHART_POINTS)
    actions = actions_of(run)
    energies = energy_figure(
        table, store.population(run.id), target=run.config.get("target"), height=340 if compact else 420
    )
    best = None if compact else store.best_structure(run.id)
    if best is not None:
        view_data([Frame(best[1], "")])  # now and once, instead of by every visitor at once
    return View(
        energies=Drawing(energies.to_json(), _energies_in_words(run)),
        policy=Drawing(
            policy_figure(table, actions, height=220 if compact else 300).to_json(),
            _policy_in_words(table, actions),
        ),
        outcomes=Drawing(
            outcome_figure(run.tally, actions, height=300).to_json(), _outcomes_in_words(run, actions)
        ),
        best=best,
        rate=steps_per_second(table.step, table.elapsed),
        drawn=len(table),
    )


def actions_of(run: RunInfo) -> tuple[Action, ...]:
    """What its policy chooses from; runs of earlier versions knew the published actions only."""
    return action_set(run.config.get("actions", "published"))


def _energies_in_words(run: RunInfo) -> str:
    best = "no energy yet" if run.best_energy is None else f"lowest {energy(run.best_energy)} eV/atom"
    return f"Energy of every trial against steps, and the lowest so far. {run.n_steps} steps, {best}."


def _policy_in_words(table: StepTable, actions: Sequence[Action]) -> str:
    words = "Probabilities of the actions against steps, stacked."
    if not len(table):
        return f"{words} No steps yet."
    likeliest = int(np.argmax(table.probabilities[-1]))
    share = table.probabilities[-1][likeliest]
    return f"{words} At the last step, {actions[likeliest].name} is the most probable, with {share:.2f}."


def _outcomes_in_words(run: RunInfo, actions: Sequence[Action]) -> str:
    counts = "; ".join(
        f"{action.name}: {tally.accepted} accepted of {tally.total}"
        for action in actions
        if (tally := run.tally.get(action.number))
    )
    return f"Steps accepted, rejected and failed for each action. {counts}"
