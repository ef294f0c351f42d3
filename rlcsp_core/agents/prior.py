"""A prior over actions, learned from how often each action found the minimum of many compounds.

    h_ca = (hits_ca + κ r_c) / (uses_ca + κ)                         rates, drawn towards those of the compound
    r_c  = (Σ_a hits_ca/(uses_ca + κ) + ½/Σ_a (uses_ca + κ)) / Σ_a uses_ca/(uses_ca + κ)
    π(a|c) ∝ exp θ_g(a)                                     over the actions of compound c, g: groups of actions
    J(θ) = Σ_c ln Σ_a π(a|c) h_ca + λ mean_c mean_a ln π(a|c)

A search that draws from π needs 1/Σ_a π h steps on average: the first sum is the policy gradient with a search for an
episode and minus the logarithm of its steps for a return, of all compounds alike however hard.  The second is what is
expected of λ compounds unlike all others, of which any action may be the one: it keeps every action alive.
r_c is the mean rate of the actions of a compound, each weighed by how well it is known; the half hit keeps it above 0
where the minimum was never found.  An action that was hardly used is believed to be as good as the mean one.
Shapes: C compounds, A actions of one of them, G groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from rlcsp_core.records import Array, IntArray

SMALLEST_SLOPE = 1e-9  # of J at its maximum
FLAT = 1e-6  # weight of |θ|²: J does not change when a constant is added to all of θ


class Logged(NamedTuple):
    """What was counted on one compound."""

    group: IntArray  # [A] row of θ of each action
    hits: Array  # [A] how often the action found the minimum; part of a hit where credit is shared
    uses: Array  # [A] how often it was tried


def rates(logged: Logged, shrinkage: float) -> Array:
    """h_c [A] of the module's head; shrinkage: κ, uses."""
    known = logged.uses + shrinkage
    seen = (logged.uses / known).sum()
    if seen == 0:
        return np.ones(len(known))  # nothing was tried: all alike
    mean = ((logged.hits / known).sum() + 0.5 / known.sum()) / seen
    return np.asarray((logged.hits + shrinkage * mean) / known)


def objective(theta: Array, data: Sequence[tuple[IntArray, Array]], spread: float) -> tuple[float, Array]:
    """J and ∂J/∂θ [G]; theta [G], data: groups and rates [A] of each compound; spread: λ."""
    value, gradient = 0.0, np.zeros_like(theta)
    for group, h in data:
        preference = theta[group]
        log_pi = preference - np.logaddexp.reduce(preference)
        pi = np.exp(log_pi)
        gain = pi @ h
        share = spread / len(data)
        value += np.log(gain) + share * log_pi.mean()
        by_preference = pi * h / gain - pi + share * (1 / len(pi) - pi)
        gradient += np.bincount(group, by_preference, minlength=len(theta))
    return float(value), gradient


def fitted(logged: Sequence[Logged], n_groups: int, shrinkage: float, spread: float) -> Array:
    """θ [G] at the maximum of J that is reached from 0, with a mean of 0 over the groups that occur."""
    data = [(one.group, rates(one, shrinkage)) for one in logged]

    def downhill(theta: Array) -> tuple[float, Array]:
        value, gradient = objective(theta, data, spread)
        return -value + FLAT * float(theta @ theta), -gradient + 2 * FLAT * theta

    found = minimize(
        downhill, np.zeros(n_groups), jac=True, method="L-BFGS-B", options={"gtol": SMALLEST_SLOPE}
    )
    occurs = np.unique(np.concatenate([one.group for one in logged]))
    theta = np.zeros(n_groups)
    theta[occurs] = found.x[occurs] - found.x[occurs].mean()
    return theta
