"""Settings of the agent beyond the published method: what the agent sees, where it starts, how trials are saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from pages.common.errors import plain
from pages.common.run_picker import run_label, runs_that_fit
from pages.common.session import library, store
from pages.common.wording import learned_on
from pages.components.number_field import number_field
from rlcsp_core.agents import AGENTS
from rlcsp_core.analysis.learned import last_policy, learns
from rlcsp_core.search import SETTINGS
from rlcsp_core.search.features import FEATURE_SETS
from rlcsp_core.search.policies import UNTRAINED, Choice, default_for, load_policy, policy_names
from rlcsp_core.store import RunInfo
from rlcsp_core.store.schema import NAME_LENGTH

UNTRAINED_LABEL = "untrained: the odds of the actions"
COLUMNS = 3
LISTED = 20  # names of shared policies


class Chosen(NamedTuple):
    """What the fields above these say; a policy only fits the same actions and features."""

    algorithm: str
    actions: str


class Options(NamedTuple):
    """What the fields say: values of the configuration, and the policy that the run shares, if any."""

    values: dict[str, Any]
    policy: str | None


def options(key: str, start: Mapping[str, Any], chosen: Chosen, wrong: list[str]) -> Options:
    """Values that are not shown keep their defaults; `wrong` receives the labels of fields in error."""
    shared = None
    columns = st.columns(COLUMNS)
    values: dict[str, Any] = {}
    if AGENTS[chosen.algorithm].learns:
        values["features"] = columns[0].selectbox(
            "State features",
            list(FEATURE_SETS),
            list(FEATURE_SETS).index(start["features"]),
            lambda name: FEATURE_SETS[name].label,
            key=f"{key}-features",
        )
        shared = _shared(columns[2], key)
    if AGENTS[chosen.algorithm].starts:
        features = values.get("features", start["features"])
        values["policy"] = _policy(columns[1], key, chosen, features, start["policy"])
    parallel = SETTINGS["parallel"]
    values["parallel"] = number_field(
        parallel.label,
        start["parallel"],
        parallel.low,
        parallel.high,
        whole=True,
        place=columns[0],
        key=f"{key}-parallel",
        help=f"{parallel.help}. Equal seeds give equal runs for equal numbers.",
    )
    wrong += [parallel.label] * (values["parallel"] is None)
    return Options(values, shared)


def _shared(column: Any, key: str) -> str | None:
    """The name of a policy that runs share; a new name makes a new one."""
    known = store().policy_names()
    name = column.text_input(
        "Shared policy",
        max_chars=NAME_LENGTH,
        placeholder="none",
        key=f"{key}-shared",
        help="Runs that name the same policy read and update it together; the page Policy shows how it grows. "
        "What such a run does depends on the others, so it cannot be repeated alone.",
    )
    if known:
        column.caption(plain("There is already: " + ", ".join(known[:LISTED])))
    return name.strip() or None


def _policy(
    column: Any, key: str, chosen: Chosen, features: str, start: Mapping[str, Any] | None
) -> Choice | None:
    """One that came with the program, or what an earlier run learned, of those that fit."""
    known = library()
    fitting = {
        name: policy
        for name, policy in ((name, load_policy(name)) for name in policy_names())
        if (policy["actions"], policy["features"]) == (chosen.actions, features)
    }
    runs = runs_that_fit(known, lambda run: _fits(run, chosen, features))
    first = start["name"] if start is not None else default_for(chosen.actions, chosen.algorithm)
    picked = column.selectbox(
        "Start from the policy of",
        names := [UNTRAINED, *fitting, *runs],
        index=names.index(first) if first in fitting else 0,
        format_func=lambda name: run_label(runs[name]) if name in runs else _policy_label(name),
        key=f"{key}-policy-{chosen.actions}-{features}",
        help="A policy trained over many searches, see `rlcsp policies`, or that of an earlier run with the same "
        "actions and features, also of another composition.",
    )
    if picked not in runs:
        return None if picked == UNTRAINED else str(picked)
    return last_policy(known, runs[picked])


def _policy_label(name: str) -> str:
    return UNTRAINED_LABEL if name == UNTRAINED else f"trained on {learned_on(name)}"


def _fits(run: RunInfo, chosen: Chosen, features: str) -> bool:
    return (
        learns(run)
        and run.n_steps > 0
        and run.config.get("actions", "published") == chosen.actions
        and run.config.get("features", "published") == features
    )
