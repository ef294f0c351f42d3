"""How elements are drawn: a colour and a radius each."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ase.data import chemical_symbols, covalent_radii

from rlcsp_core.crystal.ions import ions_by_name
from rlcsp_core.plots.palette import ELEMENT_COLOURS

SMALLEST_SPHERE = 0.24  # Å; touching spheres would hide the bonds
SPHERE_GROWTH = 0.13  # Å per Å of ionic radius
OTHER_COLOURS = ("#0072b2", "#cc79a7", "#e69f00", "#999999", "#7a5195", "#8c6d31")  # of all other elements


def element_colours(numbers: Iterable[int]) -> dict[str, str]:
    """Colour of each element by symbol."""
    symbols = [chemical_symbols[z] for z in numbers]
    others = [symbol for symbol in symbols if symbol not in ELEMENT_COLOURS]
    spare = {symbol: OTHER_COLOURS[k % len(OTHER_COLOURS)] for k, symbol in enumerate(others)}
    return {symbol: ELEMENT_COLOURS.get(symbol) or spare[symbol] for symbol in symbols}


@lru_cache
def sphere_radius(number: int) -> float:
    """Å."""
    ion = ions_by_name().get(chemical_symbols[number])
    return round(SMALLEST_SPHERE + SPHERE_GROWTH * (ion.radius if ion else float(covalent_radii[number])), 3)
