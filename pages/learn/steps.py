"""Learning from a run: the search as a chain of decisions, and one step of it in numbers."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.common.cache import cached
from pages.common.columns import beside, cells
from pages.common.crystals import thumbnail_of
from pages.common.run_picker import pick_run
from pages.common.session import library
from pages.common.wording import typeset
from pages.components.number_field import number_field
from pages.components.step_view import show_choice, show_decision, show_outcome, show_reward, show_update
from rlcsp_core.analysis.learned import learns
from rlcsp_core.analysis.moment import explains_itself, lesson, moment
from rlcsp_core.crystal.identity import references
from rlcsp_core.plots.cycle import cycle

KNOWN = (
    "Y2O3 bixbyite", "SrY2O4 spinel", "Y2TiO5 ground state", "Y2Ti2O7 pyrochlore", "Sr4Ti3O10 intergrowth",
)  # fmt: skip
UNTAUGHT = 20  # step to begin with where the policy has not changed yet
WORDS = {
    "State": "How low the current structure lies: its energy, measured in the spread of a random population.",
    "Action": "A way to change the structure: swap, permute, restack, double, or start afresh.",
    "Transition": "The trial is built, relaxed, and accepted if lower, or by chance if only a little higher.",
    "Reward": "How far the energy fell. A step that fails, or finds an energy seen before, is penalised.",
    "Policy": "Probabilities of the actions for each energy. The agent shifts them towards what paid.",
}


def decision_chapter() -> None:
    st.markdown(
        "Which crystal does a composition form? At low temperature, the one of lowest energy, among more arrangements "
        "than can be tried. "
        "Searching means deciding, step after step, **what to try next**. An agent can learn these decisions "
        "while it searches."
    )
    st.html(cycle(WORDS))
    st.markdown("Five known answers of this potential:")
    phases = [phase for phase in references() if f"{phase.formula} {phase.name}" in KNOWN]
    for column, phase in zip(cells("phases", [1] * len(phases)), phases, strict=True):
        with column.container(border=True):
            st.image(thumbnail_of(phase.crystal), width="stretch", alt=phase.name)
            st.caption(f"**{typeset(phase.formula)}**, {phase.name}")


_lesson = cached(32)(lesson)


def numbers_chapter() -> None:
    st.markdown(
        "One step of a real run, from the energies to the change of the policy, in the run's own numbers. It opens, "
        "where there is one, on a step that lowered the energy and after which the policy changed much."
    )
    known = library()
    left, right = st.columns([4, 1])
    with left:
        run = pick_run(known, lambda run: learns(run) and run.n_steps > 0, partial(explains_itself, known))
    if run is None:
        return
    asked = st.query_params.get("step", "")
    shown = int(asked) if asked.isdecimal() and 0 < int(asked[:9]) <= run.n_steps else _lesson(known, run)
    step = number_field(
        "Step",
        shown or min(UNTAUGHT, run.n_steps),
        1,
        run.n_steps,
        whole=True,
        key=f"step-{run.id}-{asked}",
        place=right,
    )
    if step is None:
        return
    with st.spinner("Computing the step again …"):
        now = moment(known, run, step)
    first, second = beside("step", [2, 3])
    with first:
        show_outcome(now)
    with second:
        show_decision(now, key="decision")
    st.header("Reward")
    show_reward(now)
    st.header("From θ to probabilities")
    show_choice(now)
    st.header("From the episode to the update")
    show_update(now)
