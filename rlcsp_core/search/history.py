"""The energies a run has seen: which are repeats, and what the worst of them are like.

    E_p = mean of the highest 10 % of the energies so far,   repeats: |E − E′| < SAME_ENERGY

and whether a new energy lies below all before it by as much as two crystals are APART.  All are asked at every step, so
none may cost time that grows with the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, inf, isnan

from sortedcontainers import SortedList

from rlcsp_core.records import SAME_ENERGY

APART = 1e-4  # eV/atom between energies of different crystals: less may be one crystal, relaxed less well
WORST = 0.1  # fraction of the energies that count as high


class EnergyHistory:
    """Energies [eV/atom] in the order they came; NaN, for a failed relaxation, is passed over."""

    def __init__(self, energies: Iterable[float] = ()) -> None:
        self._distinct = SortedList()
        self._lowest = inf
        self._high = SortedList()  # the highest tenth
        self._rest = SortedList()
        self._high_sum = 0.0
        for energy in energies:
            if not isnan(energy):
                self.add(energy)

    def __len__(self) -> int:
        return len(self._high) + len(self._rest)

    def seen(self, energy: float) -> bool:
        """Whether an energy that close has come before."""
        return _holds(self._distinct, energy, SAME_ENERGY)

    def would_be_lowest(self, energy: float) -> bool:
        """Whether it lies below all before it."""
        return self._lowest - energy >= APART

    def add(self, energy: float) -> None:
        if not self.seen(energy):
            self._distinct.add(energy)
        if self.would_be_lowest(energy):
            self._lowest = energy
        # in this order, which rounding in the sum depends on: in at the top, out at the bottom, then back what is due
        self._high_sum += energy
        self._high.add(energy)
        lowest_high = self._high.pop(0)
        self._high_sum -= lowest_high
        self._rest.add(lowest_high)
        while len(self._high) < ceil(WORST * len(self)):
            promoted = self._rest.pop()
            self._high_sum += promoted
            self._high.add(promoted)

    @property
    def high_mean(self) -> float:
        """E_p [eV/atom]; there must be an energy."""
        return self._high_sum / len(self._high)


def _holds(energies: SortedList, energy: float, within: float) -> bool:
    place = energies.bisect_left(energy)
    return any(abs(each - energy) < within for each in energies[max(place - 1, 0) : place + 1])
