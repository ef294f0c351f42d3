"""Writes data/ions.toml: the ions of IONS with Shannon's radii, from the table that pymatgen carries.

    python tools/derive_ions.py

radius        mean of the effective ionic radii over the coordination numbers of the table [Å]
coordination  lowest and highest of these numbers; anions are asked for none

High spin where the table has both; square and pyramidal sites only where it has no other of that number.  The order
of IONS gives the codes of ions in stored searches: new ones go to the end.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from pymatgen.core import Element

TARGET = Path(__file__).resolve().parents[1] / "data" / "ions.toml"
# of two states of one element the more common first
IONS = """
Y3+ Sr2+ Ti4+ O2-
Li+ Be2+ B3+ F- Na+ Mg2+ Al3+ Si4+ P5+ S2- Cl- K+ Ca2+ Sc3+ Ti3+ V5+ V4+ V3+ Cr3+ Mn2+ Mn3+ Mn4+ Fe3+ Fe2+ Co2+ Co3+
Ni2+ Cu2+ Cu+ Zn2+ Ga3+ Ge4+ As5+ Se2- Br- Rb+ Zr4+ Nb5+ Mo6+ Ag+ Cd2+ In3+ Sn4+ Sb5+ Te2- I- Cs+ Ba2+ La3+ Ce4+ Ce3+
Pr3+ Nd3+ Sm3+ Eu3+ Eu2+ Gd3+ Tb3+ Dy3+ Ho3+ Er3+ Tm3+ Yb3+ Lu3+ Hf4+ Ta5+ W6+ Hg2+ Tl+ Pb2+ Pb4+ Bi3+ Th4+ U4+
"""
NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV")
HEADER = """\
# Ions with their radii.  Made by tools/derive_ions.py from R. D. Shannon, Acta Cryst. A 32, 751 (1976), as pymatgen
# carries the table.
#
# radius: effective ionic radius, the mean over the coordination numbers of the table [Å], high spin where both are
#   there; for Y, Sr, Ti and O the averages that RL-CSP uses (doi 10.1039/D3DD00063J)
# coordination: range of the coordination numbers in the table; none is asked of an anion
#
# The order gives the codes of ions in stored searches: new ions go to the end.

"""


def radii(element: Element, charge: int) -> dict[int, Decimal]:
    """Radius [Å] by coordination number."""
    table: dict[str, Any] = element.data["Shannon radii"][str(charge)]
    found: dict[int, Decimal] = {}
    for site in sorted(table, key=lambda name: name not in NUMERALS):  # plain numbers first
        number = NUMERALS.index(re.match(r"[IVX]+", site).group()) + 1  # type: ignore[union-attr]
        spins = table[site]
        values = spins.get("High Spin") or spins.get("") or next(iter(spins.values()))
        found.setdefault(number, Decimal(str(values["ionic_radius"])))
    return found


def line(ion: str) -> str:
    symbol, size, sign = re.fullmatch(r"([A-Z][a-z]?)(\d*)([+-])", ion).groups()  # type: ignore[union-attr]
    charge = int(sign + (size or "1"))
    found = radii(Element(symbol), charge)
    mean = (sum(found.values()) / len(found)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    range_ = f", coordination = [{min(found)}, {max(found)}]" if charge > 0 else ""
    return f'"{ion}" = {{number = {Element(symbol).Z}, radius = {mean}{range_}}}\n'


if __name__ == "__main__":
    TARGET.write_text(HEADER + "".join(map(line, IONS.split())), encoding="utf-8")
