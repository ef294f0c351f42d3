"""Many numbers in order, at eight bytes each: Python's own lists and heaps of floats take four times that.

They stand in arrays of at most CHUNK numbers, so that putting one in or taking one out moves few others.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort

CHUNK = 1024


class SortedFloats:
    """Finite numbers, equal ones as often as they were added."""

    def __init__(self) -> None:
        self._chunks: list[array[float]] = []  # none of them empty
        self._starts = array("d")  # the lowest number of each
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def lowest(self) -> float:
        return self._chunks[0][0]

    def add(self, number: float) -> None:
        self._length += 1
        if not self._chunks:
            self._chunks.append(array("d", [number]))
            self._starts.append(number)
            return
        place = max(bisect_right(self._starts, number) - 1, 0)
        chunk = self._chunks[place]
        insort(chunk, number)
        self._starts[place] = chunk[0]
        if len(chunk) > CHUNK:
            upper = chunk[CHUNK // 2 :]
            self._chunks[place] = chunk[: CHUNK // 2]
            self._chunks.insert(place + 1, upper)
            self._starts.insert(place + 1, upper[0])

    def pop_lowest(self) -> float:
        return self._pop(0, 0)

    def pop_highest(self) -> float:
        return self._pop(-1, -1)

    def _pop(self, place: int, index: int) -> float:
        self._length -= 1
        chunk = self._chunks[place]
        number = chunk.pop(index)
        if chunk:
            self._starts[place] = chunk[0]
        else:
            del self._chunks[place], self._starts[place]
        return number

    def distance(self, number: float) -> float:
        """To the nearest of them; infinite where there is none."""
        if not self._chunks:
            return float("inf")
        place = max(bisect_right(self._starts, number) - 1, 0)
        chunk = self._chunks[place]
        i = bisect_left(chunk, number)
        near = [*chunk[max(i - 1, 0) : i + 1], *self._starts[place + 1 : place + 2]]
        return min(abs(each - number) for each in near)
