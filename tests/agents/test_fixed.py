"""The fixed policies draw each action as often as their weights say.

Frequencies: 20 000 draws with a fixed seed, each within 4σ of its binomial.
"""

import math

import numpy as np
import pytest

from rlcsp_core.agents import agent_named
from rlcsp_core.records import Observation

N = 20_000
NUMBERS = (1, 2, 3, 4, 5, 6, 7, 9, 10)  # published numbers in the order of the indices
FEATURES = np.array([1.0, 0.0])


def masked(*numbers):
    return np.array([number not in numbers for number in NUMBERS])


CASES = {
    "uniform": ("uniform", masked(), False, dict.fromkeys(NUMBERS, 1)),
    "uniform, masked": ("uniform", masked(5, 10), False, dict.fromkeys((1, 2, 3, 4, 6, 7, 9), 1)),
    "original": (
        "original",
        masked(),
        False,
        {1: 12, 9: 4.5, 10: 1.5, 2: 5, 3: 3, 4: 3, 5: 3, 6: 2, 7: 1},
    ),
    "original, masked": ("original", masked(1, 4, 9), False, {10: 1.5, 2: 5, 3: 3, 5: 3, 6: 2, 7: 1}),
    "original, melting": ("original", masked(), True, {3: 1, 4: 1, 5: 1, 6: 2, 7: 3}),
    "original, melting, masked": ("original", masked(4, 5), True, {3: 1, 6: 2, 7: 3}),
    "original, nothing it knows": ("original", masked(3, 4, 5, 6, 7), True, {1: 1, 2: 1, 9: 1, 10: 1}),
}


@pytest.mark.parametrize(("name", "mask", "melting", "weights"), CASES.values(), ids=CASES.keys())
def test_frequencies_follow_the_weights(name, mask, melting, weights, rng):
    agent = agent_named(name, n_actions=9, n_features=2)
    observation = Observation(FEATURES, mask, melting)
    decisions = [agent.act(observation, rng) for _ in range(N)]
    counts = np.bincount([decision.action for decision in decisions], minlength=9)
    for index, number in enumerate(NUMBERS):
        p = weights.get(number, 0) / sum(weights.values())
        assert decisions[0].probabilities[index] == pytest.approx(p)
        assert abs(counts[index] / N - p) <= 4 * math.sqrt(p * (1 - p) / N)
