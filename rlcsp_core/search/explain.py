"""A step of a run taken apart: how its reward, its probabilities and its update came about.

Everything is computed again from what was recorded, with the functions the search itself uses, so that what a reader
sees step by step is what the run did.

Energies in eV/atom.  Shapes: A actions, F features, H steps of an episode.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rlcsp_core.agents.episodes import RewardScale, returns_to_go
from rlcsp_core.agents.policy import entropy, in_theta, policy_at, scores_of
from rlcsp_core.records import Array, BoolArray, IntArray
from rlcsp_core.scale import EnergyScale, energy_scale
from rlcsp_core.search.history import EnergyHistory
from rlcsp_core.search.reward import PENALTY, features

FAILED, SEEN = "the relaxation failed", "this energy was seen before"


class RewardExplanation(NamedTuple):
    """Why a step got its reward."""

    scale: EnergyScale
    z_current: float
    z_trial: float | None  # None where the relaxation failed
    useless: str | None  # why the penalty took the place of the difference; None where it did not
    reward: float


class ChoiceExplanation(NamedTuple):
    """How preferences became probabilities."""

    features: Array  # [F]
    preferences: Array  # [A] h
    softmax: Array  # [A], 0 where masked
    probabilities: Array  # [A] π
    entropy: float  # nats
    score: Array  # [A] ∂ ln π(a_t)/∂h


class UpdateExplanation(NamedTuple):
    """How an episode became a gradient, without baseline and entropy bonus."""

    standardised: Array  # [H] rewards
    returns: Array  # [H] G
    gradient: Array  # [A, F] Σ_t G_t ∇ln π(a_t|s_t)


def explain_reward(
    current: float, trial: float, population: Array, earlier: Array, penalty: str
) -> RewardExplanation:
    """trial: NaN where the relaxation failed; population and earlier: energies, NaN where there is none."""
    scale = energy_scale(population)
    history = EnergyHistory(earlier.tolist())
    failed = bool(np.isnan(trial))
    useless = FAILED if failed else SEEN if history.seen(trial) else None
    z_current = scale.z(current)
    z_trial = None if failed else scale.z(trial)
    if useless is None and z_trial is not None:
        return RewardExplanation(scale, z_current, z_trial, None, z_current - z_trial)
    return RewardExplanation(scale, z_current, z_trial, useless, PENALTY[penalty](current, scale, history))


def explain_choice(
    theta: Array, current: float, scale: EnergyScale, mask: BoolArray, exploration: float, action: int
) -> ChoiceExplanation:
    """theta: [A, F] before the step; action: index of the one taken."""
    phi = features(current, scale)
    policy = policy_at(theta, phi[None], mask[None], exploration)
    return ChoiceExplanation(
        features=phi,
        preferences=theta @ phi,
        softmax=policy.softmax[0],
        probabilities=policy.probabilities[0],
        entropy=float(entropy(policy.probabilities)[0]),
        score=scores_of(policy, np.array([action]))[0],
    )


def explain_update(
    theta: Array,
    rewards: Array,
    phi: Array,
    masks: BoolArray,
    actions: IntArray,
    *,
    exploration: float,
    window: int,
    warm_up: int,
) -> UpdateExplanation:
    """rewards: all of the run up to the end of the episode; phi [H, F], masks [H, A], actions [H] of the episode."""
    scale = RewardScale(window, warm_up)
    horizon = len(actions)
    standardised = np.array([scale.standardised(float(reward)) for reward in rewards])[-horizon:]
    returns = returns_to_go(standardised)
    policy = policy_at(theta, phi, masks, exploration)
    gradient = in_theta(returns[:, None] * scores_of(policy, actions), phi)
    return UpdateExplanation(standardised, returns, gradient)
