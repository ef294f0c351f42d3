"""One run as it goes: numbers, charts, best structure, and the buttons that steer it.

The panel is a fragment that reads the store every second while the run is at work; when the run has ended the page is
drawn once more without the timer.
"""

from __future__ import annotations

import time

import streamlit as st

from pages.common.columns import beside, cells
from pages.common.errors import plain, show_error, show_errors
from pages.common.session import library, manager
from pages.common.wording import (
    NOTHING,
    STATES,
    above_target,
    duration,
    energy,
    reason_of,
    run_title,
)
from pages.components.chart import live_chart
from pages.components.crystal_view import show_crystal
from pages.search.live_view import COMPACT, LARGE, REFRESH, View, actions_of, view_of
from pages.search.run_downloads import downloads
from rlcsp_core.crystal.composition import presets
from rlcsp_core.errors import RLCSPError
from rlcsp_core.relax import is_warm
from rlcsp_core.runs import RunManager
from rlcsp_core.runs.curves import Reader
from rlcsp_core.store import ENDED, RESUMABLE, RunInfo, RunState

VIEWER_HEIGHT = 400


def run_panel(run_id: str, *, compact: bool) -> None:
    """The run, live as long as it is at work; compact where several stand side by side."""
    live = library().run(run_id).state not in ENDED
    st.fragment(_panel, run_every=REFRESH if live else None)(run_id, live, compact)


def _panel(run_id: str, live: bool, compact: bool) -> None:
    runs = manager()
    try:
        run = library().run(run_id)
    except RLCSPError as error:  # deleted by somebody else, or the database is away
        show_error(str(error))
        return
    if live and run.state in ENDED:
        st.rerun()  # once more as a whole, without the timer
    _header(runs, run)
    with show_errors():
        view = view_of(library(), run, COMPACT if compact else LARGE)
        _numbers(run, view, compact)
        if compact:
            _charts(library(), run, view)
            return
        left, right = beside("run", [3, 2])
        with left:
            _charts(library(), run, view)
        with right:
            _best_structure(library(), run)
            _outcomes(run, view)


def _header(runs: RunManager, run: RunInfo) -> None:
    word = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(run_title(run)), anchor=False, width="content")
        st.badge(word.label, icon=word.icon, color=word.colour)
        if reason := reason_of(run):
            st.caption(plain(reason), width="content")
        _controls(runs, run)
    with (
        st.container()
    ):  # news come and go in a place of their own: all below would be drawn anew if it moved
        _news(runs, run)


def _news(runs: RunManager, run: RunInfo) -> None:
    if found := found_phase(run):
        st.success(found, icon=":material/check_circle:")
    if run.state is RunState.QUEUED:
        place = runs.place_in_queue(run.id)
        st.info(f"Waiting for a free core, number {place} in the queue." if place else "About to start.")
    elif run.state is RunState.RUNNING and run.n_population < run.config["population"]:
        _starting(runs, run)


def found_phase(run: RunInfo) -> str | None:
    """The news that a search has ended at the known minimum of its composition."""
    preset = presets().get(run.composition)
    if run.target_step is None or preset is None or run.config.get("target") != preset.target:
        return None
    when = f"after {run.target_step} steps" if run.target_step else "in the initial population"
    return f"Found {preset.name} ({preset.symbol}), the known minimum of {run.composition}, {when}."


def _starting(runs: RunManager, run: RunInfo) -> None:
    """Before the first step: loading takes a second, compiling on a new machine up to a minute."""
    members, wanted = run.n_population, run.config["population"]
    if members:
        st.progress(members / wanted, f"Initial population: {members} of {wanted} random structures relaxed")
    elif is_warm():
        st.progress(0.0, "Loading the engine …")
    else:
        so_far = duration(time.time() - (run.started or run.created))
        st.progress(
            0.0,
            f"Compiling the energy engine for this machine: once, for about a minute ({so_far} so far). "
            f"{plain(runs.message(run.id))}",
        )


CONTROLS: dict[RunState, tuple[str, ...]] = {
    RunState.QUEUED: ("stop",),
    RunState.RUNNING: ("pause", "stop"),
    RunState.PAUSED: ("resume", "step", "stop"),
    **dict.fromkeys(RESUMABLE, ("resume",)),
}
LABELS = {
    "pause": ("Pause", ":material/pause:"),
    "resume": ("Go on", ":material/play_arrow:"),
    "step": ("One step", ":material/skip_next:"),
    "stop": ("Stop", ":material/stop:"),
}


def _controls(runs: RunManager, run: RunInfo) -> None:
    for verb in CONTROLS.get(run.state, ()):
        label, icon = LABELS[verb]
        if st.button(label, icon=icon, key=f"{verb}-{run.id}"):
            with show_errors():
                getattr(runs, verb)(run.id)
                st.rerun()  # the timer may have to start again


def _numbers(run: RunInfo, view: View, compact: bool) -> None:
    target = run.config.get("target")
    rate = view.steps_per_second
    relaxed = run.n_accepted + run.n_rejected
    figures = [
        ("Lowest (eV/atom)", energy(run.best_energy), above_target(run.best_energy, target)),
        ("Steps", str(run.n_steps), f"of {run.config['steps']}"),
        ("Accepted", str(run.n_accepted), f"{run.n_accepted / relaxed:.0%}" if relaxed else NOTHING),
        ("Rejected", str(run.n_rejected), f"{run.n_rejected / relaxed:.0%}" if relaxed else NOTHING),
        ("Failed", str(run.n_failed + run.n_population_failed), "no energy"),
        ("Steps / s", NOTHING if rate is None else f"{rate:.1f}", f"in {duration(run.elapsed)}"),
    ]
    shown = [figures[i] for i in (0, 1, 5)] if compact else figures
    columns = cells(f"numbers-{run.id}", [1.6] + [1] * (len(shown) - 1))
    for column, (label, value, note) in zip(columns, shown, strict=True):
        column.metric(label, value, note, delta_color="off", delta_arrow="off", border=True)


def _charts(store: Reader, run: RunInfo, view: View) -> None:
    best = "no energy yet" if run.best_energy is None else f"lowest {run.best_energy:.5f} eV/atom"
    live_chart(
        view.energies,
        key=f"energy-{run.id}",
        description=f"Energy of every trial against steps, and the lowest so far. {run.n_steps} steps, {best}.",
        filename=f"energies-{run.id}",
    )
    st.markdown("###### Policy: probability of each action")
    live_chart(
        view.policy,
        key=f"policy-{run.id}",
        description=f"Probabilities of the actions against steps, stacked. {view.policy_in_words}",
        filename=f"policy-{run.id}",
    )
    notes = ["Unusually high trials lie above the chart."]
    if view.n_drawn < run.n_steps:
        notes.append(f"{view.n_drawn} of {run.n_steps} steps are drawn; the download has all of them.")
    st.caption(" ".join(notes))
    downloads(store, run, actions_of(run))


def _best_structure(store: Reader, run: RunInfo) -> None:
    best = store.best_structure(run.id)
    if best is None:
        with st.container(height=VIEWER_HEIGHT + 40, border=True):
            st.caption("The best structure appears here as soon as the first trial is relaxed.")
        return
    info, crystal = best
    where = "the initial population" if run.best_step == 0 else f"step {run.best_step}"
    show_crystal(
        crystal,
        key=f"best-{run.id}",
        height=VIEWER_HEIGHT,
        caption=f"Best structure, from {where}: {energy(info.energy)} eV/atom, {info.n_atoms} atoms in the cell",
        name=f"best-{run.id}",
    )


def _outcomes(run: RunInfo, view: View) -> None:
    st.markdown("###### What became of each action")
    live_chart(
        view.outcomes,
        key=f"outcomes-{run.id}",
        description="Steps accepted, rejected and failed for each action. "
        + "; ".join(
            f"{action.name}: {tally.accepted} accepted of {tally.total}"
            for action in actions_of(run)
            if (tally := run.tally.get(action.number))
        ),
        filename=f"actions-{run.id}",
    )
