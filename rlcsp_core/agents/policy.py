"""The ε-mixture softmax policy, and the exact gradients of its logarithm, entropy and divergence.

    h(s,a) = Σ_f θ_af x_f(s)
    p(a|s) = exp h(s,a) / Σ_b exp h(s,b)              over the unmasked actions, 0 for the others
    π(a|s) = (1−ε) p(a|s) + ε/n                       n unmasked actions

    ∂ ln π_a/∂h_b = (1−ε) p_a (δ_ab − p_b) / π_a      the score; cross terms b ≠ a included
    ∂ H/∂h_b      = −(1−ε) p_b (ln π_b − Σ_a p_a ln π_a)              H = −Σ_a π_a ln π_a
    ∂ KL/∂h_b     = −(1−ε) p_b (q_b/π_b − Σ_a p_a q_a/π_a)            KL = Σ_a q_a ln(q_a/π_a)

Linear softmax with ε as in RL-CSP (Zamaraeva et al., Digital Discovery 2023, 2, 1831); derivatives worked
out here. Entropies and divergences are in nats.  Shapes: A actions, F features, and any leading axes, here
written T for steps. Masked actions have π = 0 and a score of 0.  Several actions of one preference can stand
in one row: the mask then says how many of them are unmasked, and π is that of all together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rlcsp_core.records import Array, BoolArray, IntArray

# keeps ln π and 1/π finite where an unmasked probability underflows: ε = 0 and h differing by over 700
SMALLEST = float(np.finfo(np.float64).tiny)


class Policy(NamedTuple):
    """π(·|s) at T states, with what its gradients need."""

    softmax: Array  # [T, A] p
    probabilities: Array  # [T, A] π
    exploration: float  # ε


def policy_at(theta: Array, features: Array, mask: BoolArray | IntArray, exploration: float) -> Policy:
    """π(·|s) of the module's head.  theta [A, F], features [T, F], mask [T, A]."""
    # ufunc.reduce and no BLAS: on arrays this small the overhead of sum(), max() and @ is most of the time
    n = np.add.reduce(mask, axis=-1, keepdims=True)
    if not n.all():
        raise ValueError("no action can be taken: every action is masked")
    h = np.where(mask, np.add.reduce(theta * features[..., None, :], axis=-1), -np.inf)
    weight = mask * np.exp(h - np.maximum.reduce(h, axis=-1, keepdims=True))
    p = weight / np.add.reduce(weight, axis=-1, keepdims=True)
    return Policy(p, (1 - exploration) * p + mask * (exploration / n), exploration)


def scores(policy: Policy) -> Array:
    """∂ ln π_a/∂h_b [T, A, A], for every action a; rows of masked actions are 0."""
    p, pi, epsilon = policy
    pull = (1 - epsilon) * p / np.maximum(pi, SMALLEST)
    return pull[..., :, None] * (np.eye(p.shape[-1]) - p[..., None, :])


def scores_of(policy: Policy, actions: np.ndarray) -> Array:
    """∂ ln π(a_t|s_t)/∂h_b [T, A], for the actions [T] that were taken."""
    p, pi, epsilon = policy
    t = np.arange(len(actions))
    pull = (1 - epsilon) * p[t, actions] / np.maximum(pi[t, actions], SMALLEST)
    return pull[:, None] * (np.eye(p.shape[-1])[actions] - p)


def taken(probabilities: Array, actions: np.ndarray) -> Array:
    """π(a_t|s_t) [T] of the actions [T] that were taken; probabilities [T, A]."""
    return probabilities[np.arange(len(actions)), actions]


def entropy(probabilities: Array) -> Array:
    """H = −Σ_a π_a ln π_a [T], nats."""
    return -(probabilities * np.log(np.maximum(probabilities, SMALLEST))).sum(axis=-1)


def entropy_gradient(policy: Policy) -> Array:
    """∂H/∂h_b [T, A]."""
    p, pi, epsilon = policy
    log_pi = np.log(np.maximum(pi, SMALLEST))
    return -(1 - epsilon) * p * (log_pi - (p * log_pi).sum(axis=-1, keepdims=True))


def kl(old: Array, new: Array) -> Array:
    """KL(old‖new) = Σ_a old_a ln(old_a/new_a) [T], nats; both [T, A] with the same mask."""
    ratio = np.maximum(old, SMALLEST) / np.maximum(new, SMALLEST)
    return (old * np.log(ratio)).sum(axis=-1)


def kl_gradient(old: Array, policy: Policy) -> Array:
    """∂ KL(old‖π)/∂h_b [T, A]."""
    p, pi, epsilon = policy
    ratio = old / np.maximum(pi, SMALLEST)
    return -(1 - epsilon) * p * (ratio - (p * ratio).sum(axis=-1, keepdims=True))


def in_theta(by_preference: Array, features: Array) -> Array:
    """Σ_t ∂/∂θ [A, F] of a quantity whose derivatives ∂/∂h are [T, A]; features [T, F]."""
    return by_preference.T @ features


def fisher(policy: Policy, features: Array) -> Array:
    """F = mean_t Σ_a π(a|s_t) ∇ln π ∇ln πᵀ [A·F, A·F], exact over the actions; θ flattened row by row."""
    score = scores(policy)
    by_preference = np.swapaxes(score, -1, -2) @ (policy.probabilities[..., None] * score)  # [T, A, A]
    squares = features[:, :, None] * features[:, None, :]  # [T, F, F]
    n_parameters = by_preference.shape[-1] * features.shape[-1]
    # θ_bf, θ_cg: sum over t, then order the axes b, f, c, g
    blocks = np.tensordot(by_preference, squares, axes=(0, 0)) / len(features)  # [A, A, F, F]
    return blocks.transpose(0, 2, 1, 3).reshape(n_parameters, n_parameters)
