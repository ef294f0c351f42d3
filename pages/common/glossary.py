"""The terms of the field as the pages use them, each in a sentence: on hover in captions, and all in one list."""

from __future__ import annotations

import re

import streamlit as st

from rlcsp_core.agents import AGENTS, BASELINES

TERMS = {
    "RLCSP": "This program, and its first algorithm: crystal structure prediction by reinforcement learning.",
    "RL-CSP": "The published method: nine actions on modules, chosen by a policy that learns from the energy.",
    "FUSE": "The program for crystal structure prediction whose modules and fixed odds RL-CSP started from.",
    "policy": "The probabilities of the actions, given the energy of the current structure.",
    "θ": "The parameters of the policy: two numbers for each action, a constant and a slope with the energy.",
    "z": "Energy of the current structure, less the mean of the initial population, over its standard deviation.",
    "entropy": "How undecided a policy is: 0 where one action is certain, ln n where all n are equally likely.",
    "ε": "Exploration: the part of the probability that is shared equally among the actions.",
    "baseline": "What is subtracted from the return of an action, to make the estimated gradient less noisy.",
    "gradient": "The direction in which a small change of θ raises the expected reward most.",
    "episode": "A few steps in a row whose rewards are added up before the policy is updated.",
    "reward": "What a step earns: how far the energy fell, in the spread of the initial population.",
    "kT": "Temperature of the acceptance test, in eV: a trial ΔE higher is accepted with probability exp(−ΔE/kT).",
    "initial population": "Random structures relaxed before the first step; the search starts from the lowest.",
    "trial": "A structure that an action has made and that was relaxed.",
    "relaxation": "Moving atoms and cell downhill in energy until no force is left.",
    "sub-module": "A flat block of four sites, the brick of a structure in modules.",
    "ionic potential": "A formula for the energy of ions: Coulomb terms, and a short-range term for each pair.",
    "known minimum": "The lowest structure known for a composition in this potential.",
    "convex hull": "The lowest energy of any mixture of compounds, at each composition; a compound on it is stable.",
    "energy above hull": "What a compound would gain by falling apart into stable ones; 0 on the convex hull.",
    "phase field": "All compositions that can be mixed from two or three end members, as from Y2O3, SrO and TiO2.",
    "symprec": "Distance in Å by which atoms may miss their symmetric places when a space group is determined.",
    "RMSD": "Root-mean-square distance in Å between the atoms of two structures laid over each other.",
    "bond-valence sum": "The charge of an ion estimated from its bond lengths; near the charge, it is well bonded.",
    "Kaplan–Meier": "An estimate of how many runs have arrived by a step, which counts runs that were stopped earlier.",
    "bootstrap": "An interval from drawing the runs again at random, with repetition, many times.",
    "seed": "The number that all random numbers of a run come from: equal settings and seed give equal runs.",
    **{kind.label: f"Algorithm: {kind.help}." for name, kind in AGENTS.items() if name != "rlcsp"},
    **{each.label: f"Baseline: {each.help}." for name, each in BASELINES.items() if name != "none"},
}
MARKED = re.compile(rf"(?<![\w-])({'|'.join(sorted(map(re.escape, TERMS), key=len, reverse=True))})(?![\w-])")
STYLE = """
abbr[title] { text-decoration: underline dotted; cursor: help; }
abbr[title]:focus::after { content: " (" attr(title) ")"; }
"""


def explained(text: str) -> str:
    """Markdown with the terms in it explained on hover, on a tablet when touched; for texts of our own only."""
    seen: set[str] = set()

    def mark(found: re.Match[str]) -> str:
        term = found[1]
        if term in seen:
            return term
        seen.add(term)
        return f'<abbr title="{TERMS[term]}" tabindex="0">{term}</abbr>'

    return MARKED.sub(mark, text)


def caption(text: str) -> None:
    """A caption whose terms are explained."""
    st.caption(explained(text), unsafe_allow_html=True)


def glossary() -> None:
    with st.popover("Glossary", icon=":material/dictionary:", width="stretch"):
        st.markdown("\n\n".join(f"**{term}** · {words}" for term, words in TERMS.items()))
