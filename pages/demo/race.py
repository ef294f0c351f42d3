"""Act 2: an untrained and a trained search from the same start, in two lanes, with the policy as bars."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.columns import LIVE, beside
from pages.common.demo_runs import is_fresh, is_told
from pages.common.errors import plain, show_errors
from pages.common.session import library
from pages.common.sitemap import COMPARE, POLICY, STRUCTURES
from pages.common.watching import has_changed, in_turn, seconds_between_looks
from pages.common.wording import typeset
from pages.components.chart import live_chart
from pages.components.race import show_race
from pages.components.race_words import (
    TRAINED,
    UNTRAINED,
    actions_in_words,
    said_by_pairs,
    shipped_compositions,
    trained_note,
    training_words,
)
from pages.demo.lanes import REFRESH, goal_of, lane_of_run, show_waiting
from rlcsp_core.analysis.race import arrival
from rlcsp_core.analysis.trained import curve_of
from rlcsp_core.crystal.composition import Preset
from rlcsp_core.plots.policy import training_figure
from rlcsp_core.search.policies import load_policy, policy_names
from rlcsp_core.store import RunInfo


def show_two(runs: Sequence[RunInfo]) -> None:
    goal = goal_of(runs[0])
    if goal is None or goal_of(runs[1]) != goal:
        st.info("These two searches are not after the same known minimum, which the race is about.")
        return
    every = None if is_told(runs, _key(runs)) else seconds_between_looks(REFRESH)
    with st.container(key=f"{LIVE}-demo"):
        st.fragment(_act, run_every=every)([run.id for run in runs], goal, every)


def _key(runs: Sequence[RunInfo]) -> str:
    return f"race-{'-'.join(run.id for run in runs)}"


@in_turn
def _act(run_ids: Sequence[str], goal: Preset, every: float | None) -> None:
    store, told = library(), every is None
    with show_errors():
        runs = [store.run(run_id) for run_id in run_ids]
        if every is not None and (is_told(runs, _key(runs)) or has_changed(every, REFRESH)):
            st.rerun()  # without the timer, or with another
        if told:
            _verdict(runs, goal)
        left, right = beside("race", [7, 3])
        with left:
            _lanes(runs, goal)
            if told:
                _ending(runs)
        with right:
            st.markdown(
                f"**Act 2: learn it.** Both start from the same random crystals of {typeset(runs[0].composition)}. "
                "Bars: the probability of each kind of action at this step; the mark is where it stood at first."
            )
            _curve(runs)


def name_of(run: RunInfo) -> tuple[str, str]:
    """What a lane is called, and what it chooses by."""
    policy = run.config.get("policy")
    return (TRAINED, trained_note(policy["name"])) if policy else UNTRAINED


def _lanes(runs: Sequence[RunInfo], goal: Preset) -> None:
    lanes = [lane_of_run(library(), run, *name_of(run)) for run in runs]
    known = [lane for lane in lanes if lane is not None]
    if len(known) < len(lanes):
        show_waiting(runs[0])
        return
    words = "; ".join(f"{name_of(run)[0]}: {run.n_steps} steps so far" for run in runs)
    fresh = all(is_fresh(run.id) for run in runs)
    said = f"Energies above {goal.name}. {words}."
    show_race(known, goal.name, said, key=_key(runs), play=fresh, policy=True)
    words = f"Energy above {goal.name} in meV/atom against steps; left of step 0 the random crystals."
    st.caption(plain(f"{words} {_apart(runs)}"))


def _apart(runs: Sequence[RunInfo]) -> str:
    """What tells the two apart besides training."""
    first, second = sorted(runs, key=lambda run: run.config.get("policy") is not None)
    return actions_in_words(first.config, second.config) or ""


def _placed(runs: Sequence[RunInfo]) -> list[RunInfo]:
    return sorted(runs, key=lambda run: arrival(run.target_step, run.n_steps))


def _verdict(runs: Sequence[RunInfo], goal: Preset) -> None:
    """Who was first."""
    first, second = _placed(runs)
    words = " ".join(f"{name_of(run)[0]}: {_result(run, goal)}." for run in (first, second))
    if first.target_step is None:
        st.info(plain(f"Neither has found {goal.name}. {words}"))
    elif name_of(first)[0] == TRAINED:
        st.success(plain(f"The trained search was first. {words}"), icon=":material/emoji_events:")
    else:
        st.warning(plain(f"This time the trained search was not first. {words}"), icon=":material/casino:")


def _ending(runs: Sequence[RunInfo]) -> None:
    """What one race is worth, and where to go from here."""
    first = _placed(runs)[0]
    if runs[0].composition in shipped_compositions():
        st.markdown(plain(f"One race says little. {said_by_pairs(runs[0].composition)}"))
    with st.container(horizontal=True):
        st.page_link(
            STRUCTURES.file, label="Open the structure", icon=STRUCTURES.icon, query_params={"run": first.id}
        )
        st.page_link(COMPARE.file, label="25 compounds", icon=COMPARE.icon)
        st.page_link(POLICY.file, label="What was learned", icon=POLICY.icon)


def _result(run: RunInfo, goal: Preset) -> str:
    if run.target_step is None:
        return f"not found in {run.n_steps} steps"
    return f"{goal.name} after {run.target_step} steps"


def _curve(runs: Sequence[RunInfo]) -> None:
    """How the policy of the trained search came about."""
    name = next((str(run.config["policy"]["name"]) for run in runs if run.config.get("policy")), "")
    curve = curve_of(load_policy(name)) if name in policy_names() else ()
    if not curve:
        return
    st.markdown("###### How it was trained: recorded, played back")
    live_chart(
        training_figure(curve, height=210), key="demo-curve", description=training_words(name), growing=True
    )
    st.caption(plain(training_words(name)))
