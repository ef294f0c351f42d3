"""Play against the agent: the same start, the same rules, one of you picks the actions by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import streamlit as st

from pages.common.columns import beside, cells
from pages.common.errors import show_error
from pages.common.wording import energy as energy_words
from pages.common.wording import signed, typeset
from pages.components.chart import live_chart
from pages.components.crystal_view import Frame, show_crystal
from pages.components.number_field import number_field
from pages.components.relaxation import compile_engine
from pages.learn.bench import VIEWER, explain_actions
from rlcsp_core.actions import ACTIONS, action_numbered
from rlcsp_core.agents import AGENTS
from rlcsp_core.crystal.composition import presets
from rlcsp_core.errors import RLCSPError
from rlcsp_core.plots.learn import game_figure
from rlcsp_core.records import Crystal, StepRecord
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.play import Play, play_out

GAME = "learn-game"
POPULATION, ATOMS = 20, 20
STEPS = (10, 20, 40)
LARGEST_SEED = 9999


@dataclass
class Game:
    """A game under way, in the session of its player."""

    config: SearchConfig
    play: Play
    start: float  # eV/atom
    agent: list[StepRecord]
    mine: list[StepRecord] = field(default_factory=list)
    before: Crystal | None = None  # current structure before the last step


def play_chapter() -> None:
    st.markdown(
        "You and the agent start from the same population. Each of your clicks is one step: a trial is built, relaxed, "
        "and accepted or not by the same rule. The agent takes as many steps. Who gets lower?"
    )
    game: Game | None = st.session_state.get(GAME)
    with st.form("game"):
        columns = cells("game-form", [1] * 5, vertical_alignment="bottom")
        formula = columns[0].selectbox("Composition", list(presets()), format_func=typeset)
        algorithm = columns[1].selectbox(
            "Against",
            list(AGENTS),
            index=list(AGENTS).index("rlcsp"),
            format_func=lambda key: AGENTS[key].label,
        )
        steps = columns[2].selectbox("Steps", STEPS, index=1)
        seed = number_field("Seed", 1, 0, LARGEST_SEED, whole=True, key="game-seed", place=columns[3])
        begin = columns[4].form_submit_button(
            "New game", type="primary", icon=":material/sports_esports:", width="stretch"
        )
    if begin and seed is not None:
        config = SearchConfig(
            composition=formula,
            algorithm=algorithm,
            steps=steps,
            seed=seed,
            population=POPULATION,
            max_atoms=_atoms(formula),
        )
        game = _new_game(config)
        st.session_state[GAME] = game
    if game is None:
        st.info(
            f"Press New game: the population of {POPULATION} random structures is relaxed, the agent plays its steps "
            "unseen, and then it is your turn."
        )
        return
    _board(game)


def _atoms(formula: str) -> int:
    """Small cells, so that a step takes no time; the known minimum fits where that is possible."""
    return max(ATOMS, presets()[formula].cell)


def _new_game(config: SearchConfig) -> Game | None:
    compile_engine()
    try:
        with st.spinner("Relaxing the population, and letting the agent play …"):
            agent = play_out(config)
            play = Play(replace(config, algorithm="uniform"))
            play.begin()
    except RLCSPError as error:
        show_error(str(error))
        return None
    return Game(config, play, play.current[1], agent)


def _step(game: Game, number: int) -> None:
    game.before = game.play.current[0]
    record = game.play.step(number)
    if record is not None:
        game.mine.append(record)


def _board(game: Game) -> None:
    config = game.config
    done = len(game.mine)
    over = done >= config.steps
    with st.container(horizontal=True):
        for action, can in zip(ACTIONS, game.play.available, strict=True):
            st.button(
                f"{action.number} · {action.name}",
                key=f"play-{action.number}",
                disabled=over or not can,
                on_click=_step,
                args=(game, action.number),
            )
    explain_actions()
    left, right = beside("game", [3, 2])
    with right:
        st.subheader(f"Step {done} of {config.steps}")
        _last_step(game)
        if over:
            _verdict(game)
    with left:
        mine = [game.start, *(step.best_energy for step in game.mine)]
        theirs = [game.start, *(step.best_energy for step in game.agent[: config.steps if over else done])]
        target = presets()[config.composition].target
        name = AGENTS[config.algorithm].label
        live_chart(
            game_figure(mine, theirs, name, target, config.steps),
            key="game",
            description=f"Lowest energies after {done} steps: you {energy_words(mine[-1])}, "
            f"{name} {energy_words(theirs[-1])} eV/atom.",
            filename="game",
        )
        show_crystal(_frames(game), key=VIEWER, height=360, start=len(_frames(game)) - 1, name="game")


def _frames(game: Game) -> list[Frame]:
    now = game.play.current[0]
    if not game.mine or game.before is None:
        return [Frame(now, "current")]
    last = game.mine[-1]
    trial = last.after or last.before
    frames = [Frame(game.before, "before the step")]
    if trial is not None:
        frames.append(Frame(trial, "trial, relaxed" if last.after is not None else "trial as built"))
    return [*frames, Frame(now, "current")]


def _last_step(game: Game) -> None:
    energy = game.play.current[1]
    st.metric("Current energy (eV/atom)", energy_words(energy), border=True)
    if not game.mine:
        return
    last = game.mine[-1]
    outcome = (
        f"no energy ({last.reason})" if last.energy is None else "accepted" if last.accepted else "rejected"
    )
    trial = "" if last.energy is None else f" at {energy_words(last.energy)} eV/atom"
    attempts = f"{last.attempts} attempt{'s' if last.attempts > 1 else ''}"
    st.markdown(
        f"{action_numbered(last.action).name}: {attempts}, **{outcome}**{trial}, reward {signed(last.reward, 2)}."
    )
    st.caption(PENALISED)


PENALISED = (
    "A trial that fails, or finds an energy that was seen before, earns a penalty in place of its gain."
)


def _verdict(game: Game) -> None:
    mine, theirs = game.mine[-1].best_energy, game.agent[-1].best_energy if game.agent else game.start
    gap = 1000 * (theirs - mine)
    name = AGENTS[game.config.algorithm].label
    if abs(gap) < 0.01:
        st.info("A draw. One game says nothing: try other seeds.")
    elif gap > 0:
        st.success(f"You are {gap:.1f} meV/atom lower than {name}. One game says nothing: try other seeds.")
    else:
        st.warning(f"{name} is {-gap:.1f} meV/atom lower. One game says nothing: try other seeds.")
