"""The film of a run.

Only a window is read: an overview of at most OVERVIEW points for the curve, and the step under the cursor.  So a run
of 100 000 steps opens as quickly as a short one.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import streamlit as st

from pages.common.cache import cached
from pages.common.catalogue import Found, relaxed_structures, stored
from pages.common.columns import beside
from pages.common.errors import plain, show_errors
from pages.common.run_picker import pick_run
from pages.common.share import lecture_key
from pages.common.sitemap import LEARN
from pages.common.watching import in_turn
from pages.common.wording import again_in_words
from pages.components.chart import live_chart
from pages.components.crystal_view import Frame, show_crystal
from pages.components.step_view import show_decision, show_sentence
from rlcsp_core.analysis.learned import learns
from rlcsp_core.analysis.moment import Landmarks, StepView, landmarks, step_view
from rlcsp_core.errors import RLCSPError
from rlcsp_core.execution.retrace import Remade, Retrace, obstacle
from rlcsp_core.plots.learn import moment_figure, step_ticks
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import label_of
from rlcsp_core.store import Reader, RunInfo, Source

OVERVIEW = 2000  # points of the curve
SPEED, SPEED_OF_EVERY = 0.3, 0.5  # s a step; rejected trials are relaxed again
TICKS = 1000  # more merge into a bar
STEP = "replay-step"
SHOWN = "replay-shown"
PLAYING = "replay-playing"
JUMP = "replay-jump"
EVERY = "replay-every"
BEHIND = "replay-behind"  # the trial that is to be shown is not there yet
TRIAL = ("trial as built", "trial relaxed")
MOMENT, PAUSE = 0.3, 0.5  # s of making a trial again, and between such moments


def replay(store: Reader) -> None:
    title, picker = st.columns([1, 3], vertical_alignment="bottom")
    title.title("Replay")
    with picker:
        run = pick_run(store)
    if run is None:
        return
    _read_address(run)
    every = _seconds_a_step()
    st.fragment(_film, run_every=every)(store, run, every)


def _seconds_a_step() -> float | None:
    """None while it does not play."""
    if not st.session_state.get(PLAYING):
        return None
    return SPEED_OF_EVERY if st.session_state.get(EVERY) else SPEED


def _read_address(run: RunInfo) -> None:
    """The step in the URL, or the last that was shown; within the run."""
    of_run, step = st.session_state.get(SHOWN, ("", 1))
    if of_run != run.id or STEP not in st.session_state:  # the slider's goes when another page is opened
        asked = st.query_params.get("step", str(step) if of_run == run.id else "1")
        st.session_state[STEP] = int(asked) if asked.isdecimal() and len(asked) < 9 else 1
    st.session_state[STEP] = min(max(1, st.session_state[STEP]), run.n_steps)


@in_turn
def _film(store: Reader, run: RunInfo, every: float | None) -> None:
    if every != _seconds_a_step():
        st.rerun()  # with another timer
    with show_errors():  # of a step by itself too: somebody else may have deleted the run
        _moment(store, run)


def _moment(store: Reader, run: RunInfo) -> None:
    marks = _landmarks(store, run)
    _controls(run, marks)
    step = int(st.session_state[STEP])
    st.query_params["step"] = str(step)
    st.session_state[SHOWN] = (run.id, step)
    now = step_view(store, run, step)
    left, right = beside("replay", [3, 2])
    with left:
        _pictures(store, run, now)
        _curve(store, run, now)
    with right:
        show_sentence(now, new_lowest=step in marks.lowest)
        moment = {"chapter": "learn", "run": run.id, "step": str(step)}
        if learns(run):
            st.page_link(LEARN.file, label="This step in numbers", icon=LEARN.icon, query_params=moment)
        show_decision(now, key="replay-decision", height=360)


def _controls(run: RunInfo, marks: Landmarks) -> None:
    jump = st.session_state.pop(JUMP, None)
    if jump is not None:
        st.session_state[STEP] = min(max(1, jump), run.n_steps)
    playing = bool(st.session_state.get(PLAYING))
    if playing:
        if not st.session_state.get(EVERY):
            _move_to(run, marks.accepted)
        elif not st.session_state.pop(BEHIND, False):
            _move(run, 1)
        if not st.session_state[PLAYING]:
            st.rerun()  # at the end: without the timer
    bar = st.container(horizontal=True, vertical_alignment="bottom")  # wraps on a tablet, where columns cut
    bar.button(
        "Pause" if playing else "Play",
        key="replay-play",
        type="primary",
        on_click=_play,  # before the film goes on: it pauses at what is seen
        args=(not playing, run),
        shortcut=lecture_key("Space"),
    )
    moves = (
        ("First", -run.n_steps, "Home"),
        ("Back", -1, "Left"),
        ("Next", 1, "Right"),
        ("Last", run.n_steps, "End"),
    )
    for label, by, key in moves:
        bar.button(label, key=f"replay-{label}", on_click=_move, args=(run, by), shortcut=lecture_key(key))
    bar.button("Next accepted", key="replay-accepted", on_click=_move_to, args=(run, marks.accepted))
    bar.button("Next new lowest", key="replay-lowest", on_click=_move_to, args=(run, marks.lowest))
    bar.toggle("Play every step", key=EVERY, help="Otherwise the accepted ones.")
    st.slider("Step", 1, max(2, run.n_steps), key=STEP, label_visibility="collapsed")
    with st.container(key="ticks"):
        words = f"{len(marks.accepted)} accepted steps; new lowest energies at {', '.join(map(str, marks.lowest))}"
        st.image(step_ticks(marks.accepted[:TICKS], marks.lowest, run.n_steps), width="stretch", alt=words)


def _play(on: bool, run: RunInfo) -> None:
    st.session_state[PLAYING] = on
    if on and st.session_state[STEP] == run.n_steps:
        st.session_state[STEP] = 1  # the film is over: from its beginning


def _move(run: RunInfo, by: int) -> None:
    st.session_state[STEP] = min(max(1, int(st.session_state[STEP]) + by), run.n_steps)
    if st.session_state[STEP] == run.n_steps:
        st.session_state[PLAYING] = False


_landmarks = cached(16)(landmarks)


def _move_to(run: RunInfo, steps: Sequence[int]) -> None:
    """The next of these steps; after the last of them, the end."""
    here = int(st.session_state[STEP])
    later = bisect_right(steps, here)
    _move(run, (steps[later] if later < len(steps) else run.n_steps) - here)


def _curve(store: Reader, run: RunInfo, now: StepView) -> None:
    table = store.overview(run.id, OVERVIEW)
    clicked = live_chart(
        moment_figure(
            table.step.astype(float),
            table.energy,
            table.best_energy,
            table.current_energy,
            now.step,
            now.energy,
        ),
        key="replay-curve",
        description=f"Energies over {run.n_steps} steps; the cursor stands at step {now.step}. A click moves it.",
        filename="replay",
        clickable=True,
    )
    if clicked:
        st.session_state[JUMP] = int(
            clicked["x"]
        )  # the slider has been drawn: it takes the step in the next run
        st.rerun(scope="fragment")


def _pictures(store: Reader, run: RunInfo, now: StepView) -> None:
    """What the step started from, what it made, and what is current after it."""
    frames = []
    current = _current_before(store, run, now)
    crystal = None if current is None else stored(store, current, relaxed=True)
    if crystal is not None:
        frames.append(Frame(crystal, "current before the step"))
    here = Found(run.id, Source.STEP, now.step, 0.0, 0)
    trial: Sequence[Crystal | None] | None = [
        stored(store, here, relaxed=relaxed) for relaxed in (False, True)
    ]
    if trial == [None, None]:
        trial = _remade(store, run, now.step)
    # seen from where the structure before it was, another crystal may stand on end: it gets a view of its own
    view = "replay-waiting" if trial is None else "replay-view"
    made = zip(trial or (), TRIAL, strict=False)
    frames += [Frame(each, label) for each, label in made if each is not None]
    if not frames:
        st.info("No structure of this moment was kept.")
        return
    start = len(frames) - 1
    again = [each for each in store.refinements([run.id]) if each.key == here.key]
    frames += [
        Frame(each.crystal, f"relaxed again by {label_of(each.model)}") for each in again if each.crystal
    ]
    show_crystal(frames, key=view, height=340, start=start, name=f"step-{now.step}")
    for each in again:
        st.caption(plain(again_in_words(each)))


def _remade(store: Reader, run: RunInfo, step: int) -> Sequence[Crystal | None] | None:
    """The trial of a step that kept none, as built and relaxed, made again; with a word on that.  None: not yet."""
    found = _tried(store, run, step)
    if isinstance(found, Remade):
        st.caption(
            "Rejected trials are not stored; this one was made again from the seed, the same in every bit."
        )
        return found
    if isinstance(found, int) and st.session_state.get(PLAYING):
        st.session_state[BEHIND] = True
        _progress(found, step)
    elif isinstance(found, int):
        st.fragment(_making, run_every=PAUSE)(store, run, step, found, time.monotonic())
        return None
    else:
        st.caption(plain(f"Rejected trials are not stored, and this one cannot be made again: {found}."))
    return [None, None]


def _making(store: Reader, run: RunInfo, step: int, reached: int, begun: float) -> None:
    """Goes on by itself until the film can show the trial."""
    if time.monotonic() > begun + PAUSE:  # not in the run of the page, which has just done so
        found = _tried(store, run, step)
        if not isinstance(found, int):
            st.rerun()
        reached = found
    _progress(reached, step)


def _progress(reached: int, step: int) -> None:
    st.progress(reached / step, f"Making the rejected trial again from the seed: at step {reached} of {step}")


def _tried(store: Reader, run: RunInfo, step: int) -> Remade | int | str:
    """The trial, or how far it is, or why there is none."""
    try:
        return obstacle(store, run) or _retrace(store, run.id).trial(step, MOMENT)
    except RLCSPError as error:
        return str(error)


@cached(8)
def _retrace(store: Reader, run_id: str) -> Retrace:
    return Retrace(store, store.run(run_id))


def _current_before(store: Reader, run: RunInfo, now: StepView) -> Found | None:
    """The structure of the last accepted step before this one, else the lowest member of the population."""
    kept = relaxed_structures(store, run)
    steps = sorted(found.number for found in kept if found.source == Source.STEP)
    before = bisect_left(steps, now.step)
    if before:
        return Found(run.id, Source.STEP, steps[before - 1], now.current_energy, 0)
    members = [found for found in kept if found.source == Source.POPULATION]
    return min(members, key=lambda found: found.energy, default=None)
