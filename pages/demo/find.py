"""Act 1: a search, paced and named step by step; at its end the crystal that it found beside the known one."""

from __future__ import annotations

import streamlit as st

from pages.common.cache import cached
from pages.common.columns import LIVE, beside
from pages.common.crystals import ending_of, phases_of, thumbnail_of
from pages.common.demo_runs import is_fresh, is_told
from pages.common.errors import plain, show_errors
from pages.common.session import library
from pages.common.sitemap import SEARCH, STRUCTURES
from pages.common.watching import has_changed, in_turn, seconds_between_looks
from pages.common.wording import number, typeset
from pages.components.race import show_race
from pages.components.race_words import trained_note
from pages.demo.lanes import REFRESH, goal_of, lane_of_run, show_waiting
from rlcsp_core.crystal.composition import Preset
from rlcsp_core.crystal.identity import Match, in_setting_of
from rlcsp_core.records import Crystal
from rlcsp_core.search.policies import policy_names
from rlcsp_core.store import RunInfo

_in_setting_of = cached(64)(in_setting_of)


def show_find(run: RunInfo) -> None:
    goal = goal_of(run)
    if goal is None:
        st.info(
            "This search is not after a known minimum, which the demo is about: see it on the page Search."
        )
        st.page_link(SEARCH.file, label="Open it", icon=SEARCH.icon, query_params={"run": run.id})
        return
    every = None if is_told([run], _key(run)) else seconds_between_looks(REFRESH)
    with st.container(key=f"{LIVE}-demo"):
        st.fragment(_act, run_every=every)(run.id, goal, every)


def _key(run: RunInfo) -> str:
    return f"find-{run.id}"


@in_turn
def _act(run_id: str, goal: Preset, every: float | None) -> None:
    store = library()
    with show_errors():
        run = store.run(run_id)
        if every is not None and (is_told([run], _key(run)) or has_changed(every, REFRESH)):
            st.rerun()  # without the timer, or with another
        left, right = beside("find", [3, 2])
        with left:
            _lane(run, goal)
        with right:
            st.markdown(
                f"**Act 1: find it.** {_given(run)} Each "
                "grey dot is a crystal that was built and relaxed; the line is the lowest so far. A coloured dot is a "
                "new lowest, named by the action that made it."
            )
            if every is None:
                _ending(run, goal)


def _given(run: RunInfo) -> str:
    """What the search knows at its start."""
    policy = run.config.get("policy")
    told = f"Of {typeset(run.composition)} the search is given the formula only"
    return f"{told}; it starts from {_start(policy['name'])}." if policy else f"{told}."


def _start(policy: str) -> str:
    note = trained_note(policy)
    return f"a policy {note}" if policy in policy_names() else note


def _lane(run: RunInfo, goal: Preset) -> None:
    policy = run.config.get("policy")
    note = f"from {_start(policy['name'])}" if policy else ""
    lane = lane_of_run(library(), run, typeset(run.composition), note, pictures=True)
    if lane is None:
        show_waiting(run)
        return
    words = f"Energy of every trial above {goal.name} against steps; {run.n_steps} steps so far."
    show_race([lane], goal.name, words, key=_key(run), play=is_fresh(run.id), policy=False)
    st.caption(
        f"Energy above {goal.name}, the known minimum, in meV/atom, against steps; left of step 0 the random crystals "
        "that the search starts from."
    )


def _ending(run: RunInfo, goal: Preset) -> None:
    said, best = ending_of(library(), run), library().best_structure(run.id)
    if said is None or best is None:
        st.info("The search ended without a structure.")
        return
    if run.target_step is None:
        st.info(plain(f"The known minimum, {goal.name}, was not found in {run.n_steps} steps. {said.words}"))
    else:
        st.success(
            plain(f"Found after {run.target_step} steps. {said.words}"), icon=":material/check_circle:"
        )
    _side_by_side(best[1], next(iter(phases_of(best[1])), None), goal)
    with st.container(horizontal=True):
        where = {"run": run.id}
        st.page_link(STRUCTURES.file, label="Open the structure", icon=STRUCTURES.icon, query_params=where)
        st.page_link(SEARCH.file, label="The whole search", icon=SEARCH.icon, query_params=where)


def _side_by_side(crystal: Crystal, match: Match | None, goal: Preset) -> None:
    found, known = st.columns(2)
    if match is None:
        found.image(thumbnail_of(crystal), width="stretch", caption="Found", alt="The crystal that was found")
        return
    turned = _in_setting_of(match.reference.crystal, crystal)
    found.image(
        thumbnail_of(turned or crystal), width="stretch", caption="Found", alt="The crystal that was found"
    )
    known.image(
        thumbnail_of(match.reference.crystal),
        width="stretch",
        caption=f"Known: {match.reference.name}",
        alt="The known crystal",
    )
    same = "Both in one cell and orientation, each drawn to its own size. " if turned is not None else ""
    times = crystal.n_atoms // goal.cell
    cell = f", {times} × the smallest cell" if times > 1 else ""
    grown = 100 * (match.stretch - 1)  # %
    st.caption(
        plain(
            f"{same}Found with {crystal.n_atoms} atoms{cell}; atoms lie {number(match.distance, 2)} Å from those "
            f"of the known crystal (RMSD), and the cell is {number(abs(grown), 1)} % "
            f"{'shorter' if grown < 0 else 'longer'} in this potential."
        )
    )
