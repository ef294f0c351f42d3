"""Policies that were trained over many searches: what training changed, and how the searches became shorter."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.common.columns import beside
from pages.common.errors import plain
from pages.common.sitemap import COMPARE, DEMO, SEARCH
from pages.common.url import one_of
from pages.common.wording import learned_on, typeset, unbroken
from pages.components.chart import chart
from pages.components.race_words import said_by_pairs, shipped_compositions, training_words
from rlcsp_core.analysis.trained import WITHOUT, change_by_training, curve_of, in_words
from rlcsp_core.crystal.composition import presets
from rlcsp_core.plots.policy import change_figure, training_figure
from rlcsp_core.search.policies import load_policy, policy_names
from rlcsp_core.search.presets import apart

FIRST = "Y2O3"  # the compound of the demo


def show_trained(place: DeltaGenerator) -> None:
    """place: of the field in which one is chosen."""
    first = apart(FIRST)
    with place:
        names = dict.fromkeys([first, *policy_names()])
        name = one_of("Learned on", {name: learned_on(name) for name in names}, "policy")
    if name is None:
        st.info("No trained policy is shipped with this copy of the program.")
        return
    policy = load_policy(name)
    formula = name.removeprefix(WITHOUT) if name.startswith(WITHOUT) else FIRST
    preset = presets()[formula]
    changed = change_by_training(policy, formula, preset.max_atoms)
    st.markdown(f"#### {plain(unbroken(in_words(changed)))}")
    left, right = beside("trained", [3, 2])
    with left:
        chart(
            change_figure(changed),
            f"change-{name}",
            f"Probability of each action before and after training. {in_words(changed)}",
        )
        st.caption(
            plain(
                f"For a search of {typeset(formula)} with at most {preset.max_atoms} atoms, where every action can "
                "apply; the upright mark is an untrained policy, which takes all alike."
            )
        )
    with right:
        _training(name)
        if name.startswith(WITHOUT) and formula in shipped_compositions():
            st.markdown("###### What it buys")
            st.markdown(plain(said_by_pairs(formula)))
        with st.container(horizontal=True):
            st.page_link(DEMO.file, label="See it race", icon=DEMO.icon)
            st.page_link(COMPARE.file, label="25 compounds", icon=COMPARE.icon)
            st.page_link(SEARCH.file, label="Search with it", icon=SEARCH.icon)


def _training(name: str) -> None:
    policy = load_policy(name)
    how = policy["provenance"]
    st.markdown("###### How it was trained")
    st.markdown(
        f"On {len(how['compositions'])} compounds, in {how['searches']} searches with {how['steps']} steps in all.",
        help=", ".join(map(typeset, how["compositions"])),
    )
    chart(training_figure(curve_of(policy)), f"training-{name}", training_words(name))
    st.caption(plain(training_words(name)))
