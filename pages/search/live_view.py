"""What the panel of a run draws at one moment, made once for all sessions that look at it.

Charts are most of the work of a look.  While a run is at work they are made once in every REFRESH seconds: the first
session to look makes them, the others send what it has made.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from pages.common.cache import cached
from pages.common.wording import number
from rlcsp_core.actions import Action, actions_of
from rlcsp_core.analysis.progress import Frame, frame_of, joint, processor_share, steps_per_second
from rlcsp_core.plots.live import energy_figure, outcome_figure, policy_figure
from rlcsp_core.records import Crystal
from rlcsp_core.store import PopulationTable, Reader, RunInfo, RunState, StepTable, StructureInfo

REFRESH = 1.0  # s between looks at the store
CHART_POINTS = 2000
KEPT = 32  # moments; a few runs are watched at a time


class Size(NamedTuple):
    """Of the charts: heights in pixels, and whether bands of the policy have names at their ends."""

    energies: int
    policy: int
    outcomes: int
    named: bool


LARGE, COMPACT = Size(420, 300, 300, named=True), Size(340, 220, 220, named=False)


class Moment(NamedTuple):
    """What tells a view from another: the state of its run, and its records or, as long as they grow, the time."""

    run_id: str
    state: RunState
    records: tuple[int, int] | None = None
    tick: int | None = None


class View(NamedTuple):
    """Figures as the JSON text that travels to the browser."""

    energies: str
    policy: str
    policy_in_words: str
    outcomes: str
    n_drawn: int  # of the run's steps
    above: str  # which trials lie above the axis, in words; empty where none
    steps_per_second: float | None  # lately
    processor: float | None  # that it had lately


def view_of(store: Reader, run: RunInfo, size: Size, others: Sequence[RunInfo] = ()) -> View:
    """others: runs whose charts stand beside; all have the same axes."""
    frame = None
    if others:
        frames = [_frame(_moment(each), store, each) for each in (run, *others)]
        known = [found for found in frames if found is not None]
        frame = joint(known) if known else None
    return _view(_moment(run), size, frame, store, run)


def best_of(store: Reader, run: RunInfo) -> tuple[StructureInfo, Crystal] | None:
    """The best structure so far, read once for all sessions."""
    return _best(_Lowest(run.id, run.best_step, run.best_energy), store)


class _Lowest(NamedTuple):
    """What tells one best structure of a run from the next."""

    run_id: str
    step: int | None
    energy: float | None


@cached(KEPT)
def _best(lowest: _Lowest, _store: Reader) -> tuple[StructureInfo, Crystal] | None:
    return _store.best_structure(lowest.run_id)


def _moment(run: RunInfo) -> Moment:
    if run.state is RunState.RUNNING:
        return Moment(run.id, run.state, tick=int(time.monotonic() / REFRESH))
    return Moment(run.id, run.state, records=(run.n_population, run.n_steps))


@cached(KEPT)
def _tables(moment: Moment, _store: Reader) -> tuple[StepTable, PopulationTable]:
    return _store.overview(moment.run_id, CHART_POINTS), _store.population(moment.run_id)


def _frame(moment: Moment, store: Reader, run: RunInfo) -> Frame | None:
    table, population = _tables(moment, store)
    return frame_of(table.step, table.energy, population.energy, run.config.get("target"))


@cached(KEPT)
def _view(moment: Moment, size: Size, frame: Frame | None, _store: Reader, _run: RunInfo) -> View:
    table, population = _tables(moment, _store)
    actions = actions_of(_run.config)
    target = _run.config.get("target")
    return View(
        energy_figure(table, population, target=target, height=size.energies, frame=frame).to_json(),
        policy_figure(table, actions, height=size.policy, named=size.named).to_json(),
        _policy_in_words(table, actions),
        outcome_figure(_run.tally, actions, height=size.outcomes).to_json(),
        len(table),
        _above(frame or _frame(_moment(_run), _store, _run), table, population),
        steps_per_second(table.step, table.elapsed),
        processor_share(table.elapsed, table.cpu_seconds),
    )


def _above(frame: Frame | None, table: StepTable, population: PopulationTable) -> str:
    n = 0 if frame is None else sum(int((each.energy > frame.high).sum()) for each in (table, population))
    return f"Triangles: {n} crystals above {number(frame.high, 2)} eV/atom." if frame and n else ""


def _policy_in_words(table: StepTable, actions: Sequence[Action]) -> str:
    if not len(table):
        return "No steps yet."
    share, likeliest = max(zip(table.probabilities[-1], actions, strict=True), key=lambda both: both[0])
    return f"At the last step, {likeliest.name} is the most probable, with {share:.2f}."
