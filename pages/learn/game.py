"""Play against the agent: the same start, the same rules, one of you picks the actions by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import streamlit as st

from pages.common.columns import beside, cells
from pages.common.errors import show_error
from pages.common.wording import energy as energy_words
from pages.common.wording import signed, typeset
from pages.components.chart import live_chart
from pages.components.crystal_view import Frame, show_crystal
from pages.components.figures import show_figures
from pages.components.number_field import number_field
from pages.components.relaxation import compile_engine
from pages.learn.bench import VIEWER, action_cards
from rlcsp_core.actions import Action, action_numbered, actions_of
from rlcsp_core.agents import AGENTS
from rlcsp_core.crystal.composition import presets
from rlcsp_core.errors import RLCSPError
from rlcsp_core.plots.learn import game_figure
from rlcsp_core.records import Crystal, StepRecord
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.play import Play, play_out
from rlcsp_core.search.policies import GENERAL, load_policy, policy_names

GAME = "learn-game"
POPULATION, ATOMS = 20, 20
STEPS = (10, 20, 40)
LARGEST_SEED = 9999
TRAINED = "A trained policy"
UNTRAINED = ("uniform", *(name for name, kind in AGENTS.items() if kind.learns))


@dataclass
class Game:
    """A game under way, in the session of its player."""

    config: SearchConfig
    against: str
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
        opponents = _opponents(formula)
        against = columns[1].selectbox("Against", list(opponents))
        steps = columns[2].selectbox("Steps", STEPS, index=len(STEPS) - 1)
        seed = number_field("Seed", 1, 0, LARGEST_SEED, whole=True, key="game-seed", place=columns[3])
        begin = columns[4].form_submit_button(
            "New game", type="primary", icon=":material/sports_esports:", width="stretch"
        )
    if begin and seed is not None:
        config = SearchConfig(
            composition=formula,
            **opponents[against],
            steps=steps,
            seed=seed,
            population=POPULATION,
            max_atoms=_atoms(formula),
            potential=presets()[formula].potential,
        )
        game = _new_game(config, against)
        st.session_state[GAME] = game
    if game is None:
        st.info(
            f"Press New game: the population of {POPULATION} random structures is relaxed, the agent plays its steps "
            "unseen, and then it is your turn."
        )
        return
    _board(game)


def _opponents(formula: str) -> dict[str, dict[str, Any]]:
    """By name, what makes each; first a trained policy, where there is one that has not seen the composition."""
    trained = next((name for name in (f"without-{formula}", GENERAL) if name in policy_names()), None)
    players = {f"{AGENTS[name].label}, untrained": {"algorithm": name} for name in UNTRAINED}
    if trained is None:
        return players
    actions = load_policy(trained)["actions"]
    return {TRAINED: {"algorithm": "fixed", "policy": trained, "actions": actions}} | players


def _atoms(formula: str) -> int:
    """Small cells, so that a step takes no time; the known minimum fits where that is possible."""
    return max(ATOMS, presets()[formula].cell)


def _new_game(config: SearchConfig, against: str) -> Game | None:
    compile_engine()
    try:
        with st.spinner("Relaxing the population, and letting the agent play …"):
            agent = play_out(config)
            play = Play(replace(config, algorithm="uniform", policy=None))
            play.begin()
    except RLCSPError as error:
        show_error(str(error))
        return None
    return Game(config, against, play, play.current[1], agent)


def _step(game: Game, action: Action) -> None:
    game.before = game.play.current[0]
    record = game.play.step(action.number)
    if record is not None:
        game.mine.append(record)


def _board(game: Game) -> None:
    config = game.config
    done = len(game.mine)
    over = done >= config.steps
    can = [bool(possible) and not over for possible in game.play.available]
    left, right = beside("game", [3, 2])  # what a click did is seen without scrolling
    with left:
        _scoreboard(game)
        st.subheader(f"Step {done} of {config.steps}")
        _last_step(game)
        if over:
            _verdict(game)
        action_cards("play", actions_of(config.as_dict()), can, partial(_step, game))
    with right:
        mine = [game.start, *(step.best_energy for step in game.mine)]
        theirs = [game.start, *(step.best_energy for step in game.agent[: config.steps if over else done])]
        target = presets()[config.composition].target
        name = game.against
        live_chart(
            game_figure(mine, theirs, name, target, config.steps),
            key="game",
            description=f"Lowest energies after {done} steps: you {energy_words(mine[-1])}, "
            f"{name} {energy_words(theirs[-1])} eV/atom.",
            filename="game",
        )
        show_crystal(_frames(game), key=VIEWER, height=320, start=len(_frames(game)) - 1, name="game")


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


def _scoreboard(game: Game) -> None:
    """Both players after equally many steps."""
    target = presets()[game.config.composition].target
    players = (("You", game.mine), (game.against, game.agent[: len(game.mine)]))
    figures = []
    for name, steps in players:
        lowest = steps[-1].best_energy if steps else game.start
        accepted = sum(step.accepted for step in steps)
        above = f"{signed(1000 * (lowest - target), 1)} meV/atom"
        figures.append((name, energy_words(lowest), f"{above}, {accepted} accepted"))
    show_figures(
        "score", figures, help="Lowest energy in eV/atom; below it the distance to the known minimum."
    )


def _last_step(game: Game) -> None:
    if not game.mine:
        return
    last = game.mine[-1]
    outcome = (
        f"no energy ({last.reason})" if last.energy is None else "accepted" if last.accepted else "rejected"
    )
    trial = "" if last.energy is None else f" at {energy_words(last.energy)} eV/atom"
    st.markdown(
        f"{action_numbered(last.action).name}: **{outcome}**{trial}, reward {signed(last.reward, 2)}. "
        f"Now at {energy_words(game.play.current[1])} eV/atom."
    )
    st.caption(PENALISED)


PENALISED = (
    "A trial that fails, or finds an energy that was seen before, earns a penalty in place of its gain."
)


def _verdict(game: Game) -> None:
    mine, theirs = game.mine[-1].best_energy, game.agent[-1].best_energy if game.agent else game.start
    gap = 1000 * (theirs - mine)
    name = game.against
    if abs(gap) < 0.01:
        st.info("A draw. One game says nothing: try other seeds.")
    elif gap > 0:
        st.success(f"{name} is {gap:.1f} meV/atom above you. One game says nothing: try other seeds.")
    else:
        st.warning(f"{name} is {-gap:.1f} meV/atom below you. One game says nothing: try other seeds.")
