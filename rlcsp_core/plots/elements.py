"""How elements are drawn: a colour and a radius each, the same everywhere.

Colours are those of Jmol, darkened or lightened until they stand out from the pages of both themes.  Yttrium, strontium
and titanium have their own: Jmol's look alike to readers who do not tell red from green.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ase.data import atomic_numbers, chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors

from rlcsp_core.crystal.ions import ions_by_name
from rlcsp_core.plots.palette import standing_out

SMALLEST_SPHERE = 0.24  # Å; touching spheres would hide the bonds
SPHERE_GROWTH = 0.13  # Å per Å of ionic radius
OWN_COLOURS = {"Y": "#35a7e0", "Sr": "#e8b800", "Ti": "#8272b0"}


def element_colours(numbers: Iterable[int]) -> dict[str, str]:
    """Colour of each element by symbol."""
    return {symbol: element_colour(symbol) for symbol in (chemical_symbols[z] for z in numbers)}


@cache
def element_colour(symbol: str) -> str:
    if symbol in OWN_COLOURS:
        return OWN_COLOURS[symbol]
    number = min(atomic_numbers[symbol], len(jmol_colors) - 1)  # Jmol ends at meitnerium
    return standing_out("#{:02x}{:02x}{:02x}".format(*(round(255 * c) for c in jmol_colors[number])))


@cache
def sphere_radius(number: int) -> float:
    """Å."""
    ion = ions_by_name().get(chemical_symbols[number])
    return round(SMALLEST_SPHERE + SPHERE_GROWTH * (ion.radius if ion else float(covalent_radii[number])), 3)
