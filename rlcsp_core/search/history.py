"""The energies a run has seen: which are repeats, and what the worst of them are like.

    E_p = mean of the highest 10 % of the energies so far,   repeats: |E − E′| < 1e-6 eV/atom

Both are asked at every step, so neither may cost time that grows with the run: repeats are looked up in a hash grid,
E_p comes from two heaps that split the energies into a highest tenth and the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush, heappushpop
from math import ceil, floor, isnan

SAME_ENERGY = 1e-6  # eV/atom
WORST = 0.1  # fraction of the energies that count as high


class EnergyHistory:
    """Energies [eV/atom] in the order they came; NaN, for a failed relaxation, is passed over."""

    def __init__(self, energies: Iterable[float] = ()) -> None:
        self._grid: dict[int, list[float]] = {}
        self._high: list[float] = []  # min-heap of the highest tenth
        self._rest: list[float] = []  # max-heap of the others, negated
        self._high_sum = 0.0
        for energy in energies:
            if not isnan(energy):
                self.add(energy)

    def __len__(self) -> int:
        return len(self._high) + len(self._rest)

    def seen(self, energy: float) -> bool:
        """Whether an energy that close has come before."""
        cell = floor(energy / SAME_ENERGY)
        near = (e for key in (cell - 1, cell, cell + 1) for e in self._grid.get(key, ()))
        return any(abs(e - energy) < SAME_ENERGY for e in near)

    def add(self, energy: float) -> None:
        if not self.seen(energy):
            self._grid.setdefault(floor(energy / SAME_ENERGY), []).append(energy)
        self._high_sum += energy
        lowest_high = heappushpop(self._high, energy)
        self._high_sum -= lowest_high
        heappush(self._rest, -lowest_high)
        while len(self._high) < ceil(WORST * len(self)):
            promoted = -heappop(self._rest)
            self._high_sum += promoted
            heappush(self._high, promoted)

    @property
    def high_mean(self) -> float:
        """E_p [eV/atom]; there must be an energy."""
        return self._high_sum / len(self._high)
