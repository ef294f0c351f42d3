"""What is said of untrained against trained, from the policy file and the shipped outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pages.common.cache import cached
from pages.common.wording import typeset
from rlcsp_core.actions import actions_of
from rlcsp_core.analysis import race
from rlcsp_core.analysis.expectation import FAST_SEARCHES
from rlcsp_core.analysis.outcomes import read_outcomes, shipped_outcomes
from rlcsp_core.crystal.composition import presets
from rlcsp_core.search.policies import load_policy, policy_names
from rlcsp_core.search.presets import fast, untrained

TRAINED = "Trained"
UNTRAINED = ("Untrained", "every action alike")


def trained_note(policy: str) -> str:
    """Where a policy was learned."""
    if policy not in policy_names():
        return f"policy {policy}"
    known = load_policy(policy)["provenance"]["compositions"]
    return f"learned on {len(known)} other compounds"


def training_words(policy: str) -> str:
    """How a shipped policy was trained."""
    how = load_policy(policy)["provenance"]
    return (
        f"Steps to the target against the number of the search, in rows of {how['settings']['searches']} searches "
        f"on each of {len(how['compositions'])} compounds, {len(how['seeds'])} rows each; geometric mean. Each row "
        f"learns from its own earlier searches; the policy is fitted to what hit in all {how['searches']}."
    )


@cached()
def _outcomes() -> pd.DataFrame:
    return read_outcomes(shipped_outcomes()[FAST_SEARCHES[0]])


def shipped_compositions() -> frozenset[str]:
    return frozenset(_outcomes()["composition"])


@cached()
def said_by_pairs(composition: str) -> str:
    """The evidence that one race is not."""
    found = race.pairs(_outcomes(), composition, race.UNTRAINED, FAST_SEARCHES[1])
    return (
        f"In {found.n} shipped pairs for {typeset(composition)} the trained search took fewer steps in {found.fewer}; "
        f"medians {_medians(found)}."
    )


def again_in_words() -> str:
    """The same of the pairs that the recorded race was chosen from, with the seeds and settings of the shipped."""
    found = race.recorded_pairs()
    return (
        f"These {found.n} pairs were run again on another machine, where roundings differ (fewer in {found.fewer}, "
        f"medians {_medians(found)}); shown is seed {race.recorded_race().seed}, nearest to the shipped medians."
    )


def actions_in_words(first: Mapping[str, Any], second: Mapping[str, Any]) -> str | None:
    """What else than training tells two searches apart, by their configurations; None for actions alike."""
    sets = first.get("actions", "published"), second.get("actions", "published")
    if sets[0] == sets[1]:
        return None
    many = [len(actions_of(config)) for config in (first, second)]
    trained = [bool(config.get("policy")) for config in (first, second)]
    if (sets, trained) != (("extended", "sized"), [False, True]):
        return f"The two differ in their actions too: {sets[0]} ({many[0]}) and {sets[1]} ({many[1]})."
    return (
        f"The two differ in more than training: the untrained search has {many[0]} actions, new symmetric crystals of "
        f"any size among them; the trained one has {many[1]}, for it also chooses their number of formula units."
    )


@cached()
def recorded_actions_in_words() -> str | None:
    """The same of the recorded race."""
    trained = fast(presets()[race.recorded_race().composition])
    return actions_in_words(untrained(trained).as_dict(), trained.as_dict())


def _medians(found: race.Pairs) -> str:
    return f"{found.medians[1]:.0f} against {found.medians[0]:.0f}"
