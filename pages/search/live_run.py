"""One run as it goes: numbers, charts, best structure, and the buttons that steer it.

The panel is a fragment that reads the store every second while the run is at work; when the run has ended the page is
drawn once more without the timer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.common.columns import LIVE, beside
from pages.common.crystals import thumbnail_of
from pages.common.errors import plain, show_error, show_errors
from pages.common.session import library, manager
from pages.common.share import lecture_key
from pages.common.sitemap import STRUCTURES
from pages.common.waiting import starved, waiting
from pages.common.watching import has_changed, in_turn, seconds_between_looks
from pages.common.wording import (
    NOTHING,
    STATES,
    above_target,
    again_in_words,
    ahead,
    duration,
    energy,
    percent,
    run_title,
)
from pages.components.action_key import action_key
from pages.components.chart import live_chart
from pages.components.crystal_view import show_crystal
from pages.components.figures import show_figures
from pages.search.ending import show_ending
from pages.search.live_view import COMPACT, LARGE, REFRESH, View, best_of, view_of
from pages.search.run_downloads import downloads
from rlcsp_core.actions import actions_of
from rlcsp_core.analysis.learned import config_of
from rlcsp_core.errors import RLCSPError
from rlcsp_core.execution import RunManager
from rlcsp_core.search.presets import with_next_seed
from rlcsp_core.store import ENDED, RESUMABLE, Reader, RunInfo, RunState, StructureInfo

VIEWER_HEIGHT = 400


def run_panel(run_id: str, others: Sequence[str] = ()) -> None:
    """The run, live as long as it is at work; compact, and on the same axes, where others stand beside it."""
    run = library().run(run_id)
    every = seconds_between_looks(REFRESH) if _at_work([run_id, *others]) else None
    with st.container(key=f"{LIVE}-{run_id}"):
        st.fragment(_panel, run_every=every)(run_id, every, others, run.n_steps > 0)
    downloads(library(), run, actions_of(run.config))  # not sent with every look


def standing(run_ids: Sequence[str]) -> None:
    """Which of the searches side by side is ahead, and the key to the colours of all."""
    every = seconds_between_looks(REFRESH) if _at_work(run_ids) else None
    st.fragment(_standing, run_every=every)(run_ids)
    runs = [library().run(run_id) for run_id in run_ids]
    action_key(max((actions_of(run.config) for run in runs), key=len))


def _standing(run_ids: Sequence[str]) -> None:
    with show_errors():
        st.markdown(plain(ahead([library().run(run_id) for run_id in run_ids])))


def _at_work(run_ids: Sequence[str]) -> bool:
    return any(library().run(run_id).state not in ENDED for run_id in run_ids)


@in_turn
def _panel(run_id: str, every: float | None, beside_it: Sequence[str], begun: bool) -> None:
    runs = manager()
    try:
        known = library()
        run = known.run(run_id)
        others = [known.run(other) for other in beside_it]
    except RLCSPError as error:  # deleted by somebody else, or the database is away
        show_error(str(error))
        return
    if every is not None and (
        all(each.state in ENDED for each in (run, *others))
        or has_changed(every, REFRESH)
        or (run.n_steps > 0) != begun
    ):
        st.rerun()  # once more as a whole: without the timer or with another, or with steps to download
    compact = bool(others)
    with show_errors():
        view = view_of(known, run, COMPACT if compact else LARGE, others)
        _header(runs, run, view)
        _numbers(run, view)
        if compact:
            _charts(run, view)
            _small_structure(known, run)
            return
        left, right = beside("run", [3, 2])
        with left:
            _charts(run, view)
        with right:
            _best_structure(known, run)
            _outcomes(run, view)


def _header(runs: RunManager, run: RunInfo, view: View) -> None:
    word = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(run_title(run)), anchor=False, width="content")
        st.badge(word.label, icon=word.icon, color=word.colour)
        if reason := run.ending:
            st.caption(plain(reason), width="content")
        _controls(runs, run)
    with (
        st.container()
    ):  # news come and go in a place of their own: all below would be drawn anew if it moved
        _news(runs, run, view)


def _news(runs: RunManager, run: RunInfo, view: View) -> None:
    if run.state in ENDED:
        show_ending(library(), run)
    if run.state is RunState.QUEUED:
        place = runs.place_in_queue(run.id)
        st.info(f"Waiting for a free core, number {place} in the queue." if place else "About to start.")
    elif (found := waiting(run)) is not None:
        st.progress(*found)
        if message := runs.message(run.id):
            st.caption(plain(message.splitlines()[-1]))
    elif run.state is RunState.RUNNING and (sentence := starved(view.processor)) is not None:
        st.info(sentence, icon=":material/hourglass_empty:")


CONTROLS: dict[RunState, tuple[str, ...]] = {
    RunState.QUEUED: ("stop",),
    RunState.RUNNING: ("pause", "stop"),
    RunState.PAUSED: ("resume", "step", "stop"),
    **dict.fromkeys(RESUMABLE, ("resume", "again")),
    RunState.FINISHED: ("again",),
}
LABELS = {
    "pause": ("Pause", ":material/pause:"),
    "resume": ("Resume", ":material/play_arrow:"),
    "step": ("One step", ":material/skip_next:"),
    "stop": ("Stop", ":material/stop:"),
    "again": ("Run it again", ":material/replay:"),
}
AGAIN = "With the next seed: the same seed would give the same run."


def _controls(runs: RunManager, run: RunInfo) -> None:
    for verb in CONTROLS.get(run.state, ()):
        label, icon = LABELS[verb]
        hint = AGAIN if verb == "again" else None
        key = lecture_key("Space") if verb in ("pause", "resume") else None
        if st.button(label, icon=icon, key=f"{verb}-{run.id}", help=hint, shortcut=key):
            with show_errors():
                if verb == "again":
                    _again(runs, run)
                else:
                    getattr(runs, verb)(run.id)
                st.rerun()  # the timer may have to start again


def _again(runs: RunManager, run: RunInfo) -> None:
    """The same search with a seed of its own, in the place of this one."""
    config = replace(config_of(run), seed=run.seed + 1)
    config = with_next_seed(config, (each.config for each in runs.store.runs()))
    started = runs.start(config.as_dict(), policy=run.policy)
    shown = st.query_params.get_all("run")
    st.query_params["run"] = [started if each == run.id else each for each in shown]


def _numbers(run: RunInfo, view: View) -> None:
    target = run.config.get("target")
    rate = view.steps_per_second
    if not run.active:  # of all steps, as one would divide them
        rate = run.n_steps / run.elapsed if run.elapsed else None
    pace = "" if rate is None else f", {rate:.1f} a second"
    failed = run.n_failed + run.n_population_failed
    relaxed = run.n_accepted + run.n_rejected
    figures = [
        ("Lowest (eV/atom)", energy(run.best_energy), above_target(run.best_energy, target)),
        ("Steps", str(run.n_steps), f"of {run.config['steps']}, in {duration(run.elapsed)}{pace}"),
        (
            "Accepted",
            percent(run.n_accepted / relaxed) if relaxed else NOTHING,
            f"{run.n_accepted} of {relaxed} trials; failed relaxations: {failed}",
        ),
    ]
    show_figures(f"numbers-{run.id}", figures)


def _charts(run: RunInfo, view: View) -> None:
    best = "no energy yet" if run.best_energy is None else f"lowest {energy(run.best_energy)} eV/atom"
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
    notes = [view.above, "Dotted: an action that could not apply."]
    if view.n_drawn < run.n_steps:
        notes.append(f"{view.n_drawn} of {run.n_steps} steps are drawn; the download has all of them.")
    st.caption(" ".join(filter(None, notes)))


def _best_structure(store: Reader, run: RunInfo) -> None:
    best = best_of(store, run)
    if best is None:
        with st.container(height=VIEWER_HEIGHT + 40, border=True):
            st.caption(
                "No structure of this run was kept."
                if run.state in ENDED
                else "The best structure appears here as soon as the first trial is relaxed."
            )
        return
    info, crystal = best
    show_crystal(
        crystal,
        key=f"best-{run.id}",
        height=VIEWER_HEIGHT,
        caption=_best_words(run, info),
        name=f"best-{run.id}",
    )
    for each in () if run.state is RunState.RUNNING else store.refinements([run.id]):  # it has none yet
        if each.key == (run.id, info.source, info.number):
            st.caption(plain(again_in_words(each)))


def _small_structure(store: Reader, run: RunInfo) -> None:
    best = best_of(store, run)
    if best is not None:
        picture, words = st.columns([1, 2], vertical_alignment="center")
        picture.image(thumbnail_of(best[1]), width="stretch", alt="Best structure")
        words.caption(f"{_best_words(run, best[0])}")
        words.page_link(STRUCTURES.file, label="Look at it", query_params={"run": run.id})


def _best_words(run: RunInfo, info: StructureInfo) -> str:
    where = "the initial population" if run.best_step == 0 else f"step {run.best_step}"
    return f"Best structure, from {where}: {energy(info.energy)} eV/atom, {info.n_atoms} atoms in the cell"


def _outcomes(run: RunInfo, view: View) -> None:
    st.markdown("###### Outcome by action")
    live_chart(
        view.outcomes,
        key=f"outcomes-{run.id}",
        description="Steps accepted, rejected and failed for each action. "
        + "; ".join(
            f"{action.name}: {tally.accepted} accepted of {tally.total}"
            for action in actions_of(run.config)
            if (tally := run.tally.get(action.number))
        ),
        filename=f"actions-{run.id}",
    )
