"""Laws of the pieces of the loop: acceptance, melting, history, reward."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcsp_core.scale import EnergyScale, energy_scale
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.acceptance import after_step, before_step, climb, cold
from rlcsp_core.search.history import EnergyHistory
from rlcsp_core.search.reward import reward

energies = st.lists(st.floats(-40, -10), min_size=1, max_size=200)


def test_metropolis_accepts_at_the_boltzmann_rate(rng):
    n, p = 20_000, math.exp(-1.0)
    accepted = sum(climb(0.1, [0.1], rng) >= 0.1 for _ in range(n))
    assert abs(accepted / n - p) < 4 * math.sqrt(p * (1 - p) / n)  # 4σ


def test_metropolis_always_goes_down(rng):
    assert all(climb(1e-6, [-x], rng) >= -x for x in (0.0, 1e-9, 5.0))


@given(energies)
def test_the_high_mean_is_that_of_the_sorted_tail(values):
    history = EnergyHistory(values)
    tail = sorted(values)[-math.ceil(0.1 * len(values)) :]
    assert history.high_mean == pytest.approx(np.mean(tail), abs=1e-9)
    assert len(history) == len(values)


@given(energies, st.floats(-40, -10))
def test_seen_means_within_a_millionth(values, energy):
    distance = min(abs(energy - v) for v in values)
    assert EnergyHistory(values).seen(energy) == (distance < 1e-6)


def test_an_energy_is_a_new_lowest_where_it_is_another_crystal():
    history = EnergyHistory()
    assert history.would_be_lowest(-1.0)
    found = []
    for energy in (-1.0, -0.5, -1.00005, -1.0002, -1.00025, -1.0004):
        found.append(history.would_be_lowest(energy))
        history.add(energy)
    assert found == [True, False, False, True, False, True]


def test_the_high_mean_is_to_the_last_bit_that_of_two_heaps(rng):
    """Records of earlier versions, which kept heaps, stay the same."""
    pool = rng.normal(-27, 0.3, 300)
    values = np.where(rng.random(4000) < 0.6, rng.choice(pool, 4000), rng.normal(-27, 1, 4000)).tolist()
    history, high, rest, total = EnergyHistory(), [], [], 0.0
    for n, energy in enumerate(values, start=1):
        out = heapq.heappushpop(high, energy)
        total = total + energy - out
        heapq.heappush(rest, -out)
        while len(high) < math.ceil(0.1 * n):
            up = -heapq.heappop(rest)
            total += up
            heapq.heappush(high, up)
        history.add(energy)
        assert history.high_mean == total / len(high)


def test_history_passes_over_failures():
    history = EnergyHistory([-27.0, math.nan, -26.0])
    assert len(history) == 2
    assert history.high_mean == -26.0


def test_melting_starts_raises_and_ends(rng):
    config = SearchConfig(melt_after=3, melt_step=0.01, kT=0.02)
    temperature = cold(config)
    for _ in range(3):
        temperature = after_step(before_step(temperature, config, rng), +0.5, config)
        assert not temperature.melting
    raised = [temperature.kT]
    for outcome in (0.1, None, 0.0):  # none of these is lower
        temperature = before_step(temperature, config, rng)
        raised.append(temperature.kT)
        temperature = after_step(temperature, outcome, config)
    steps = np.diff(raised)
    assert temperature.melting
    assert np.all((steps > 0) & (steps < 0.01))
    assert after_step(temperature, -0.1, config) == cold(config)


def test_noise_of_a_relaxation_is_not_lower():
    config = SearchConfig()
    assert after_step(cold(config), -1e-8, config).since_lower == 1


def test_the_scale_ignores_failures_and_survives_equal_energies():
    assert energy_scale(np.array([-1.0, np.nan, -3.0])) == EnergyScale(-2.0, 1.0)
    assert energy_scale(np.array([-2.0, -2.0])).z(-1.0) == 1.0


SCALE = EnergyScale(mean=-26.0, deviation=0.5)
HISTORY = EnergyHistory([-27.0, -26.0, -25.0])


def test_reward_is_the_drop_in_z():
    assert reward(-26.0, -26.5, SCALE, HISTORY, "high-energy") == pytest.approx(1.0)


@pytest.mark.parametrize("useless", [None, -26.0, -27.0 + 5e-7])
def test_failed_unchanged_and_repeated_trials_are_penalised(useless):
    assert reward(-26.0, useless, SCALE, HISTORY, "high-energy") == pytest.approx(-2.0)
    assert reward(-26.0, useless, SCALE, HISTORY, "fixed") == -3.0
