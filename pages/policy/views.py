"""The views of the Policy page: one moment, the whole run, the numbers behind it, and a softmax to play with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.common.cache import cached
from pages.common.columns import beside
from pages.common.errors import plain
from pages.common.glossary import caption
from pages.common.run_picker import LISTED, pick_runs
from pages.common.url import remember, runs_in_address
from pages.common.wording import energy, number, run_title, signed, unbroken
from pages.components.action_key import action_key
from pages.components.chart import chart
from rlcsp_core.actions import action_numbered
from rlcsp_core.agents import BASELINES
from rlcsp_core.analysis.learned import Learned, learned, learns, variances
from rlcsp_core.analysis.policy_map import N_SHOWN, PolicyMap, over_energy, policy_map, with_row
from rlcsp_core.analysis.trained import change, in_words
from rlcsp_core.plots import policy as plots
from rlcsp_core.plots.palette import LineStyle, line_style
from rlcsp_core.store import Reader
from rlcsp_core.store.library import SUFFIX

SIDE_BY_SIDE = 3
EXAMPLE = f"report{SUFFIX}"  # shown where no run of one's own has learned; its policies change
FRAME = 0.5  # s of the film
FRAMES = 40  # in which a film passes through the run
GRID = [k / 20 for k in range(-100, 101)]  # θ that a slider can set
FEATURES = ("the constant", "the energy z")
DASHES = ("solid", "dash", "dot")


def chosen_policies(store: Reader, place: DeltaGenerator) -> list[Learned]:
    """The policies of the runs named in the URL and chosen in the list."""
    if "run" not in st.query_params and not any(map(learns, store.runs(LISTED))):
        remember("run", [run.id for run in store.runs(1, experiment=EXAMPLE)])
    for run in map(store.run, runs_in_address(store)):
        if not learns(run):
            st.info(
                plain(f"{run_title(run)} ({run.id}) learns no policy: choose a run of a learning algorithm.")
            )
    runs = pick_runs(
        store, lambda run: learns(run) and run.n_steps > 0, "Runs", place=place, first=1, most=SIDE_BY_SIDE
    )
    found = [_learned(store, run) for run in runs]
    return [policy for policy in found if policy is not None]


_learned = cached(8, "Reading the policy …")(learned)
_variances = cached(16, "Estimating the gradients …")(variances)


def moment_view(_: Reader, policies: Sequence[Learned]) -> None:
    """Probabilities against energy at one moment; the film runs through the moments."""
    last = max(int(policy.step[-1]) for policy in policies)
    if last == 0:
        st.info("No update of the policy yet: this is what the search began with.")
        last = 1
    playing = st.toggle("Play as a film", key="policy-film")
    st.fragment(_moment, run_every=FRAME if playing else None)(policies, last, playing)


def _moment(policies: Sequence[Learned], last: int, playing: bool) -> None:
    key = "policy-step"
    if playing:
        now = st.session_state.get(key, last)
        st.session_state[key] = 0 if now >= last else min(last, now + max(1, last // FRAMES))
    else:
        st.session_state[key] = min(st.session_state.get(key, last), last)
    step = st.slider("After step", 0, last, key=key)
    action_key(max((policy.actions for policy in policies), key=len))
    for column, policy in zip(beside("policies", [1] * len(policies)), policies, strict=True):
        probabilities = over_energy(policy.theta_at(step), policy.z, policy.exploration)
        with column:
            st.markdown(f"###### {plain(policy.label)}")
            chart(
                plots.over_energy_figure(policy.energy, probabilities, policy.actions),
                f"policy-{policy.run_id}",
                f"Probability of each action against energy after step {step}.",
            )
    note = "Left: lowest energy reached. Right: typical random structures. All actions allowed."
    if any(len(policy.features) > N_SHOWN for policy in policies):
        note += " Features beside the energy are taken as 0."
    caption(note)


def course_view(_: Reader, policies: Sequence[Learned]) -> None:
    """One action over step × energy, and the course of the learning."""
    numbers = list(dict.fromkeys(action.number for policy in policies for action in policy.actions))
    number = st.selectbox(
        "Action", numbers, format_func=lambda n: action_numbered(n).title, key="policy-action"
    )
    maps = [_map(policy, number) for policy in policies]
    known = [found for found in maps if found is not None]
    for column, policy, found in zip(beside("policies", [1] * len(policies)), policies, maps, strict=True):
        with column:
            st.markdown(f"###### {plain(policy.label)}")
            if found is None:
                st.caption("This run did not have the action.")
                continue
            name = action_numbered(number).title
            chart(
                plots.policy_map_figure(found, name, known),
                f"map-{policy.run_id}",
                f"Probability of {name} over step and energy.",
            )
    curves = {policy.label: (policy.updates.step, policy.updates.entropy) for policy in policies}
    evenly = max(log(len(policy.actions)) for policy in policies)
    norms = {policy.label: (policy.updates.step, policy.updates.gradient_norm) for policy in policies}
    styles = _styles(policies)
    left, right = st.columns(2)
    with left:
        chart(
            plots.course_figure(curves, styles, "Entropy (nats)", highest=evenly),
            "entropy",
            f"Entropy of the policy over steps; {evenly:.3f} where all actions are equally probable.",
        )
    with right:
        figure = plots.course_figure(norms, styles, "Gradient norm", log=True)
        chart(figure, "gradient-norm", "Norm of the gradient estimate over steps.")
    with st.expander("For specialists: θ", key="policy-theta", on_change="rerun") as expander:
        if expander.open:
            _parameters(policies)


def _parameters(policies: Sequence[Learned]) -> None:
    names = max((policy.features for policy in policies), key=len)
    shown = st.multiselect("Parameters θ of", names, default=names[:N_SHOWN], key="policy-features")
    for column, policy in zip(beside("theta", [1] * len(policies)), policies, strict=True):
        with column:
            st.markdown(f"###### θ of {plain(policy.label)}")
            action_key(policy.actions)
            for k, name in enumerate(policy.features):
                if name in shown:
                    figure = plots.theta_figure(policy.step, policy.theta[:, :, k], policy.actions, name)
                    chart(figure, f"theta-{k}-{policy.run_id}", "Parameters of the policy over steps.")


def _map(policy: Learned, number: int) -> PolicyMap | None:
    """None where the run did not have the action."""
    row = next((row for row, action in enumerate(policy.actions) if action.number == number), None)
    if row is None:
        return None
    return policy_map(policy.step, policy.theta, row, policy.energy, policy.z, policy.exploration)


def _styles(policies: Sequence[Learned]) -> dict[str, LineStyle]:
    """Repeats of one algorithm share its colour; the dash tells them apart."""
    return {
        policy.label: LineStyle(line_style(policy.algorithm, policy.baseline).colour, DASHES[i])
        for i, policy in enumerate(policies)
    }


def softmax_view(_: Reader, policies: Sequence[Learned]) -> None:
    """Sliders for θ, ε and energy: how the softmax responds."""
    policy = policies[0]
    left, right = beside("softmax", [2, 3])
    with left:
        st.caption(plain(f"Starts from the last policy of {policy.label}."))
        level = st.select_slider(
            "Energy (eV/atom)", policy.energy.tolist(), key=f"soft-energy-{policy.run_id}", format_func=energy
        )
        exploration = st.slider("Exploration ε", 0.0, 1.0, policy.exploration, 0.01, key="soft-epsilon")
        names = [action.title for action in policy.actions]
        row = names.index(st.selectbox("Action whose θ to change", names, key="soft-action"))
        start = policy.theta[-1]
        key = f"soft-{policy.run_id}-{row}"
        values = [
            st.select_slider(
                f"θ of {name}",
                sorted({*GRID, old}),
                old,
                key=f"{key}-{name}",
                format_func=lambda value: number(value, 2),
            )
            for name, old in zip(FEATURES, start[row].tolist(), strict=False)
        ]
        z = policy.scale.z(level)
        st.latex(r"\pi(a|s) = (1-\varepsilon)\,\frac{e^{\theta_{a0} + \theta_{a1} z}}{\sum_b e^{\theta_{b0}"
                 r" + \theta_{b1} z}} + \frac{\varepsilon}{n}")  # fmt: skip
        st.caption(
            plain(f"z = {signed(z, 2)}: {energy(level)} eV/atom in deviations of the initial population.")
        )
    theta = with_row(start, row, values)
    with right:
        action_key(policy.actions)
        probabilities = over_energy(theta, z, exploration)[0]
        chart(
            plots.softmax_figure(probabilities, policy.actions),
            "softmax",
            "The distribution these numbers give.",
        )
        everywhere = over_energy(theta, policy.z, exploration)
        chart(
            plots.over_energy_figure(policy.energy, everywhere, policy.actions, height=320),
            "softmax-energy",
            "The same policy against energy.",
        )


def variance_view(store: Reader, policies: Sequence[Learned]) -> None:
    """What baselines are for: how much each quiets the gradient, on the same experience."""
    for policy in policies:
        st.markdown(f"###### {plain(policy.label)}")
        rows = _variances(store, store.run(policy.run_id))
        if not rows:
            st.info(
                "At least two full batches of episodes are needed, of an agent that sees the energy alone: let the run "
                "go on for some hundred steps, or choose one with the published features."
            )
            continue
        labels = {row.baseline: BASELINES[row.baseline].label for row in rows}
        figure = plots.variance_figure(
            {labels[row.baseline]: row.variance for row in rows},
            {labels[row.baseline]: (row.bias_norm, row.bias_error) for row in rows},
        )
        chart(
            figure,
            f"variance-{policy.run_id}",
            "Variance and bias of the gradient estimate with each baseline.",
        )
        caption(
            f"{rows[0].n_batches} batches of the recorded run, learned again with each baseline. A baseline is worth "
            "having where it lowers the variance and its bias is not beyond its error bar; B1 depends on the action: "
            "biased."
        )


def change_view(_: Reader, policies: Sequence[Learned]) -> None:
    """What each run changed, from its first step to its last."""
    for column, policy in zip(beside("policies", [1] * len(policies)), policies, strict=True):
        z = policy.z[0]
        before, after = (over_energy(theta, z, policy.exploration)[0] for theta in policy.theta[[0, -1]])
        changed = change(before, after, policy.actions)
        with column:
            st.markdown(f"###### {plain(policy.label)}")
            st.markdown(plain(unbroken(in_words(changed))))
            chart(
                plots.change_figure(changed, "after the run"),
                f"change-{policy.run_id}",
                f"Probability of each action before and after the run. {in_words(changed)}",
            )
    st.caption(
        "At the lowest energy reached, all actions allowed. The upright mark is what the run began with."
    )


VIEWS: Mapping[str, Callable[[Reader, Sequence[Learned]], None]] = {
    "Before and after": change_view,
    "Policy vs energy": moment_view,
    "Evolution": course_view,
    "Sandbox": softmax_view,
    "Gradient variance": variance_view,
}
