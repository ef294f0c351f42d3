"""Crystals from CIF, block by block.

Hall, Allen & Brown 1991, doi:10.1107/S010876739101067X; the syntax is read by gemmi, names of items may be those of the
newer dictionaries (`_atom_site.fract_x`).  Units: Å, degrees.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd
from typing import Any

import gemmi
import numpy as np
from gemmi import cif

from rlcsp_core.crystal.formats.atoms import DISORDER, is_whole, shown, usable
from rlcsp_core.crystal.formats.sites import Site, cell_of, expand
from rlcsp_core.crystal.formats.spacegroups import Stated, operators_of
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Array, Crystal

CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
OPERATORS = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
NAMES = ("_space_group_name_h-m_alt", "_symmetry_space_group_name_h-m", "_space_group_name_h-m_full")
HALL = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
NUMBER = ("_space_group_it_number", "_symmetry_int_tables_number")
SYMMETRY = ("_space_group", "_symmetry", "_parent_space_group")
PLAIN = {"", "1", "p1", "triclinic"}  # values that say of the symmetry that there is none
BEYOND = ("_space_group_magn", "_space_group_symop_magn", "_space_group_symop_ssg", "_space_group_ssg")
TYPE = re.compile(r"([A-Za-z]{1,2})(?:\d*|[\d.]*[+-]|[+-][\d.]*)")  # Sr, SR+2, O2-, O1
LABEL = re.compile(r"[A-Za-z]+")
MIXED = re.compile(r"[/,+&|]\s*[A-Za-z]|[A-Za-z]0?\.\d")  # Sr/Y, Sr0.5
SECOND = re.compile(r"\d([A-Z][a-z]|[A-Z](?=\d))")  # Ti1Sr1, Sr1Y1, but not O1A
ELSE = f"; if elements share the site, {DISORDER}"

Items = dict[str, list[str]]  # name -> values, one for each row of its loop


def blocks(text: str) -> Iterator[str]:
    """One text for each block, with so many empty lines before it that line numbers remain those of the file."""
    lines, starts, opened = text.split("\n"), [], None
    heads = [line.lstrip()[:5].lower() == "data_" for line in lines]
    for number, line in enumerate(lines):
        if line.startswith(";"):  # a text of several lines, which may hold anything
            opened = number if opened is None else None
        elif opened is None and heads[number]:
            starts.append(number)
    if opened is not None:  # never closed: its own block is damaged, the next ones need not be
        starts += [number for number in range(opened, len(lines)) if heads[number]]
    before = lines[: starts[0]] if starts else lines
    if any(line.strip() and not line.lstrip().startswith("#") for line in before):
        starts.insert(0, 0)  # what stands outside of blocks is damage, and has a reason
    for start, end in pairwise([*starts, len(lines)]):
        yield "\n" * start + "\n".join(lines[start:end])


def read_block(text: str, max_sites: int | None = None) -> tuple[Crystal, str | None] | None:
    """The crystal of a block and what contradicts it there; None for a block without sites."""
    items = _items(text)
    if not any(f"_atom_site_{kind}_x" in items for kind in ("fract", "cartn")):
        return None
    cell = cell_of([_number(_first(items, f"_cell_{name}"), f"the cell's {name}") for name in CELL])
    sites = _sites(items, cell, max_sites)
    crystal = usable(expand(sites, operators_of(_stated(items), cell), cell))
    return crystal, _contradiction(items, crystal)


def _items(text: str) -> Items:
    # gemmi takes ASCII only; what is not can stand in names and comments, or be a minus sign or a space
    plain = text.replace("−", "-").replace("\N{NO-BREAK SPACE}", " ").encode("ascii", "replace").decode()
    try:
        [block] = cif.read_string(plain)
    except (RuntimeError, ValueError) as error:
        words = re.sub(r"^string:(\d+)[:\d()]*(?: in data_\S*?:)?", r"line \1:", str(error))
        raise StructureError(
            f"this cannot be read as a crystal structure; correct the CIF ({shown(words)[1:-1]})"
        ) from None
    items: Items = {}
    item: Any  # gemmi's stubs call it an object
    for item in block:
        names: Sequence[str] = item.loop.tags if item.loop else []
        values: Sequence[str] = item.loop.values if item.loop else []
        if item.pair:
            names, values = [item.pair[0]], [item.pair[1]]
        for column, name in enumerate(names):
            items[name.lower().replace(".", "_")] = [cif.as_string(v) for v in values[column :: len(names)]]
    return items


def _first(items: Items, *names: str) -> str:
    """The first value that is given; "" where none is."""
    return next((value for name in names for value in items.get(name, []) if value), "")


def _number(text: str, what: str) -> float:
    """A number with its uncertainty in brackets, if any."""
    value = cif.as_number(text)
    if not np.isfinite(value):
        raise StructureError(
            f"{what} cannot be read as a number ({shown(text)})" if text else f"{what} is not given"
        )
    return float(value)


def _stated(items: Items) -> Stated:
    if any(name.startswith(("_space_group_symop_magn", "_space_group_magn")) for name in items):
        raise StructureError(
            "the symmetry is that of a magnetic structure: list the operators of the crystal"
        )
    number = _first(items, *NUMBER)
    stated = Stated(
        operators=next((given for name in OPERATORS if (given := [v for v in items.get(name, []) if v])), ()),
        hall=_first(items, *HALL),
        names=list(dict.fromkeys(name for key in NAMES if (name := _first(items, key)))),
        number=int(_number(number, "the number of the space group")) if number else None,
        setting=_first(items, "_space_group_it_coordinate_system_code"),
    )
    if not (stated.operators or stated.hall or stated.names or stated.number):
        for name, values in items.items():
            if name.startswith(SYMMETRY) and any(v.replace(" ", "").lower() not in PLAIN for v in values):
                raise StructureError(
                    f"the symmetry is stated by {shown(name)} alone, which does not tell the operators: list them"
                )
    return stated


def _sites(items: Items, cell: Array, max_sites: int | None) -> list[Site]:
    cartesian = "_atom_site_cartn_x" in items and not any(items.get("_atom_site_fract_x", ()))
    kind = "cartn" if cartesian else "fract"
    count = len(items[f"_atom_site_{kind}_x"])
    if max_sites is not None and count > max_sites:
        raise StructureError(f"the file lists {count} sites, more than {max_sites}: use a smaller cell")
    columns = [_column(items, f"{kind}_{axis}", count) for axis in "xyz"]
    types = _column(items, "type_symbol", count)
    labels = [label or kind for label, kind in zip(_column(items, "label", count), types, strict=True)]
    for label, occupancy, hydrogens in zip(
        labels, _column(items, "occupancy", count), _column(items, "attached_hydrogens", count), strict=True
    ):
        if occupancy and not is_whole(number := cif.as_number(occupancy)):
            amount = "holds more than one atom" if number > 1 else "is only partly occupied"
            raise StructureError(f"the site {shown(label)} {amount} ({shown(occupancy)}): {DISORDER}")
        if hydrogens.strip("0"):
            raise StructureError(f"{shown(label)} has hydrogen attached that is not listed: list all atoms")
    for name, values in items.items():  # under a name that is in no dictionary
        if (
            "occup" in name
            and name.startswith("_atom_site_")
            and not name.endswith(("occupancy", "_su", "_esd"))
        ) and not all(is_whole(cif.as_number(value)) for value in values if value):
            raise StructureError(f"{shown(name)} says that not every site holds one atom: {DISORDER}")
    sites = []
    for label, symbol, *position in zip(labels, types, *columns, strict=True):
        number = element_of_type(symbol) if symbol else element_of_label(label)
        place = [_number(each, f"a coordinate of {shown(label)}") for each in position]
        sites.append(Site(label, number, np.array(place)))
    return sites if kind == "fract" else _from_cartesian(items, sites, cell)


def _column(items: Items, name: str, count: int) -> list[str]:
    """One value for each site, "" where the file gives none."""
    values = items.get(f"_atom_site_{name}", [""] * count)
    if len(values) != count:
        raise StructureError(
            f"there are {count} sites, but {len(values)} of _atom_site_{name}: correct the list"
        )
    return values


def _from_cartesian(items: Items, sites: Sequence[Site], cell: Array) -> list[Site]:
    """The axes are a free choice of each program, and obvious in a right-angled cell only."""
    if (
        any(name.startswith("_atom_sites_cartn_tran") for name in items)
        or np.count_nonzero(abs(cell) > 1e-9) > 3
    ):
        raise StructureError("the sites have Cartesian coordinates of unknown axes: give fractional ones")
    return [site._replace(position=site.position / np.diag(cell)) for site in sites]


def element_of_type(text: str) -> int:
    """Atomic number of a type such as "Sr", "SR+2", "O2-"."""
    found = TYPE.fullmatch(text)
    number = gemmi.Element(found[1]).atomic_number if found else 0
    if not number:
        raise StructureError(f"the type {shown(text)} is not that of one element: correct it" + ELSE)
    return int(number)


def element_of_label(text: str) -> int:
    """Atomic number of a site without a type, from a label such as "Sr1", "SR1", "O1A"."""
    found = LABEL.match(text)
    letters = "" if found is None or MIXED.search(text) else found[0]
    long = bool(gemmi.Element(letters[:2]).atomic_number)  # SR1 is strontium
    first, rest = (letters[:2], letters[2:]) if long else (letters[:1], letters[1:])
    two = gemmi.Element(rest).atomic_number and (long or len(rest) > 1)  # SrY1, but not OB1
    two = two or any(gemmi.Element(each).atomic_number for each in SECOND.findall(text))
    number = 0 if two else gemmi.Element(first).atomic_number
    if not number:
        raise StructureError(
            f"the label {shown(text)} is not that of one element: add _atom_site_type_symbol" + ELSE
        )
    return int(number)


def _contradiction(items: Items, crystal: Crystal) -> str | None:
    """Where the formula or the number of formula units is not that of the atoms."""
    formula, units = _first(items, "_chemical_formula_sum"), _first(items, "_cell_formula_units_z")
    found = Counter(gemmi.Element(int(number)).name for number in crystal.numbers)
    stated, z = _formula(formula), int(units) if units.isdecimal() else 0
    ratios = {found[symbol] / stated[symbol] if symbol in stated else 0 for symbol in {*found, *stated}}
    if (ratios == {z} if z else len(ratios) == 1) if stated else not z or gcd(*found.values()) % z == 0:
        return None
    said = " and ".join([f"the formula {shown(formula)}"] * bool(stated) + [f"Z = {z}"] * bool(z))
    atoms = " ".join(f"{symbol}{n}" for symbol, n in sorted(found.items()))
    return f"the file says {said}, but its sites and symmetry give {atoms} in the cell: check what is missing"


def _formula(text: str) -> dict[str, Fraction]:
    """How many of each element; nothing where the text cannot be read."""
    parts = [re.fullmatch(r"([A-Za-z]{1,2})([\d.]*)", part) for part in text.split()]
    pairs = [part.groups() for part in parts if part]
    if len(pairs) < len(parts):
        pairs = re.findall(r"([A-Z][a-z]?)([\d.]*)", text)
    try:
        counts = {symbol.capitalize(): Fraction(n or 1) for symbol, n in pairs}
    except ValueError:
        return {}
    return counts if all(gemmi.Element(symbol).atomic_number and n for symbol, n in counts.items()) else {}
