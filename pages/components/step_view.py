"""One step of a run on the page: what was decided, what came of it, and where the numbers come from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.common.errors import plain
from pages.common.glossary import caption
from pages.common.wording import NOTHING, number, rough, signed
from pages.common.wording import energy as energy_words
from pages.components.chart import live_chart
from pages.components.table import with_digits
from rlcsp_core.actions import action_numbered
from rlcsp_core.analysis.moment import Episode, Moment, StepView
from rlcsp_core.plots.learn import decision_figure
from rlcsp_core.records import SAME_ENERGY
from rlcsp_core.search.reward import FIXED_PENALTY

DIGITS = 4
NO_UPDATE = {  # by whether the run learns and its choices can be worked out
    (False, False): "No update belongs to this step: the policy is fixed.",
    (True, False): "The update cannot be worked out again either, since it needs what the agent was shown.",
    (True, True): "No update belongs to this step: its episode is not complete.",
}


def show_decision(moment: StepView, key: str, height: int = 330) -> None:
    """The probabilities at that moment and the action that was drawn from them."""
    row = moment.row
    taken = int(row.action[0])
    live_chart(
        decision_figure(moment.numbers, row.probabilities[0], taken, height=height),
        key=key,
        description=f"Probabilities of the actions at step {moment.step}; taken: {action_numbered(taken).name}.",
        filename=f"decision-step-{moment.step}",
    )


def show_sentence(moment: StepView, *, new_lowest: bool) -> None:
    """What happened in one sentence, and why its reward is a penalty."""
    taken, row = action_numbered(int(moment.row.action[0])), moment.row
    st.subheader(
        f"Step {moment.step}: {taken.title}, {moment.outcome}{', new lowest' * new_lowest}", anchor=False
    )
    if moment.delta is None:
        words = f"The structure stays at {energy_words(moment.current_energy)} eV/atom."
    else:
        way = "above" if moment.delta > 0 else "below"
        gap = f"{abs(1000 * moment.delta):.2f} meV/atom {way} the current structure"
        if abs(moment.delta) < SAME_ENERGY:
            gap = "the energy of the current structure"
        elif moment.delta > 0:
            gap += f", accepted with probability {rough(moment.acceptance)}"
        relaxed = f"{energy_words(float(row.energy[0]))} eV/atom"
        words = f"The trial relaxed to **{relaxed}** with {row.n_atoms[0]} atoms, {gap}."
    st.markdown(f"{words} Reward {signed(float(row.reward[0]), 2)}.")
    _penalty(moment)


def _penalty(moment: StepView) -> None:
    if moment.useless is not None:
        st.caption(plain(f"The reward is the penalty, because {moment.useless}."))


def show_outcome(moment: StepView) -> None:
    row, delta = moment.row, moment.delta
    taken = action_numbered(int(row.action[0]))
    energy = None if delta is None else float(row.energy[0])
    facts = [
        ("action", taken.title),
        ("attempts until valid", f"{row.attempts[0]}"),
        ("energy before", f"{energy_words(moment.current_energy)} eV/atom"),
        ("energy of the trial", "none" if energy is None else f"{energy_words(energy)} eV/atom"),
        ("difference", NOTHING if delta is None else f"{signed(1000 * delta, 2)} meV/atom"),
        ("acceptance probability", _acceptance(moment)),
        ("temperature kT", f"{row.kT[0]:.3f} eV"),
        ("outcome", moment.outcome),
        ("reward", signed(float(row.reward[0]), DIGITS)),
        ("atoms of the trial", f"{row.n_atoms[0]}"),
    ]
    st.dataframe(
        pd.DataFrame(facts, columns=["what", f"step {moment.step}"]), hide_index=True, height="content"
    )
    _penalty(moment)


def _acceptance(moment: StepView) -> str:
    if moment.delta is None:
        return "0: no energy"
    return "1: not higher" if moment.delta <= 0 else f"exp(−ΔE/kT) = {rough(moment.acceptance)}"


def show_reward(moment: Moment) -> None:
    """The reward, line by line."""
    story = moment.reward
    mean, deviation = story.scale
    st.latex(rf"\mu = {mean:.5f},\quad \sigma = {deviation:.5f}\ \text{{eV/atom, of the initial population}}")
    st.latex(
        rf"z(s) = \frac{{E-\mu}}{{\sigma}} = \frac{{{moment.current_energy:.5f} - ({mean:.5f})}}{{{deviation:.5f}}}"
        rf" = {number(story.z_current, DIGITS)}"
    )
    given = float(
        moment.row.reward[0]
    )  # as recorded, and in the table: rounding may tell it from one computed again
    z, reward = number(story.z_current, DIGITS), signed(given, DIGITS)
    if story.useless is None and story.z_trial is not None:
        st.latex(rf"R = z(s) - z(s') = {z} - {_in_a_difference(story.z_trial)} = {reward}")
        return
    st.markdown(f"Penalty applied, because {plain(story.useless or '')}: it takes the place of R.")
    if story.reward == FIXED_PENALTY:
        st.latex(rf"R = {reward}")
        return
    worst = _in_a_difference(story.z_current - given)
    st.latex(rf"R = z(s) - z(E_p) = {z} - {worst} = {reward}")
    st.caption(
        "E_p is the mean of the highest tenth of all energies so far. To find again what is known costs as much as to "
        "climb there: it teaches the agent not to repeat itself. A step that goes down a little is rewarded little, "
        "even if it finds what the search was after."
    )


def _in_a_difference(value: float) -> str:
    text = number(value, DIGITS)
    return f"({text})" if value < 0 else text


def show_choice(moment: Moment) -> None:
    """From θ to probabilities, in a table."""
    choice = moment.choice
    if choice is None and moment.learns:
        st.info(
            "This agent was shown more of the structure than its energy, and steps do not record that: its "
            "probabilities cannot be worked out again. Those it used stand above; the page Policy shows its θ."
        )
        return
    if choice is None:
        st.info("This algorithm has a fixed policy: the state does not change its probabilities.")
        return
    st.latex(
        r"h(s,a) = \theta_{a,1} z + \theta_{a,0},\qquad \pi(a|s) = (1-\varepsilon)\,\mathrm{softmax}_a h + "
        r"\varepsilon/n"
    )
    table = pd.DataFrame(
        {
            "action": [action_numbered(number).title for number in moment.numbers],
            "h": choice.preferences,
            "softmax": choice.softmax,
            "π": choice.probabilities,
            "∂ ln π(taken)/∂h": choice.score,
        }
    )
    st.dataframe(with_digits(table, 4), hide_index=True)
    caption(
        f"z = {signed(float(choice.features[1]), DIGITS)}; entropy {choice.entropy:.3f} nats. "
        "Masked actions have probability 0."
    )


def show_update(moment: Moment) -> None:
    """From the rewards of an episode to the change of θ."""
    episode = moment.episode
    if episode is None:
        st.info(NO_UPDATE[moment.learns, moment.choice is not None])
        return
    st.markdown(f"Steps {episode.first} to {episode.last} are one episode.")
    table = pd.DataFrame(
        {
            "step": range(episode.first, episode.last + 1),
            "reward R": episode.rewards,
            "standardised r": episode.explanation.standardised,
            "return G = Σ r": episode.explanation.returns,
        }
    )
    st.dataframe(with_digits(table, 4), hide_index=True)
    _theta_table(moment, episode)


def _theta_table(moment: Moment, episode: Episode) -> None:
    if episode.theta_after is None:
        st.info("This episode changed nothing: it holds rewards of the warm-up, or waits for more episodes.")
        return
    change = episode.theta_after - episode.theta_before
    table = pd.DataFrame(
        {
            "action": [action_numbered(number).title for number in moment.numbers],
            "θ₀ before": episode.theta_before[:, 0],
            "θ₁ before": episode.theta_before[:, 1],
            "Σ G ∂ln π/∂θ₀": episode.explanation.gradient[:, 0],
            "Σ G ∂ln π/∂θ₁": episode.explanation.gradient[:, 1],
            "change of θ₀": change[:, 0],
            "change of θ₁": change[:, 1],
        }
    )
    st.dataframe(with_digits(table, 6), hide_index=True)
    caption(
        "For RLCSP without a baseline the change is α times the gradient, plus an entropy bonus where the policy has "
        "become narrow. NPG and PPO go from the same episodes to θ by rules of their own; a baseline is "
        "subtracted from G first."
    )
