"""Which symmetry a file states, as operators.

Operators that are listed are taken as they are, and nothing is added.  Else the Hall symbol decides, else the
Hermann–Mauguin name with its setting, else the number, all by gemmi's table (Wojdyr 2022, doi:10.21105/joss.04200).
A name or a number that fits several settings is decided by the cell where that can be; what stays ambiguous or
contradicts itself is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import gemmi
import numpy as np

from rlcsp_core.crystal.formats.atoms import shown
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Array

EXACT = 1e-5  # the same for angles and lengths that are equal as written
METRIC = 0.01  # largest relative change of the metric: a and b may differ by 0.5 %, angles be 0.5° off
OPERATOR = re.compile(r"[xyz\d+\-*/.,\s]+", re.IGNORECASE)
SETTINGS = {
    "1": "1",
    "2": "2",
    "s": "1",
    "z": "2",
    "h": "H",
    "r": "R",
}  # :1 :2 :H :R, and the letters of ICSD
ROTATIONS = re.compile(r"(?:21?|4[12]?|63?)/(?=[a-z])")  # of full symbols: 21/n 21/m 21/a


class Stated(NamedTuple):
    """What a file says of its symmetry; empty where it says nothing."""

    operators: Sequence[str] = ()  # "-x, y+1/2, z"
    hall: str = ""
    names: Sequence[str] = ()  # Hermann–Mauguin, perhaps in several spellings
    number: int | None = None  # of the International Tables
    setting: str = ""  # code of the coordinate system: "2", "h"

    def __str__(self) -> str:
        return shown(self.names[0]) if self.names else f"number {self.number}"


def operators_of(stated: Stated, cell: Array) -> list[gemmi.Op]:
    """All operators, centring included; StructureError where they are not certain."""
    if stated.operators:
        return _listed(stated, cell)
    groups = _with_axes(_groups(stated), stated)
    if stated.hall:
        return _by_hall(stated, groups, cell)
    if not groups:
        if stated.names:
            raise StructureError(f"the space group {stated} is not known: list the symmetry operators")
        return [gemmi.Op("x,y,z")]
    fitting = [group for group in groups if fits(group.operations(), cell)]
    if not fitting:
        raise StructureError(
            f"the cell does not have the symmetry of the space group {stated}: correct one of them"
        )
    fitting = [group for group in fitting if fits(group.operations(), cell, EXACT)] or fitting
    if stated.names:  # a short monoclinic name means the axis b where the cell leaves a choice
        fitting = [group for group in fitting if group.monoclinic_unique_axis() == "b"] or fitting
    if len({_key(group.operations()) for group in fitting}) > 1:
        choices = " or ".join(dict.fromkeys(group.xhm() for group in fitting))
        raise StructureError(
            f"the space group {stated} has several settings: write {choices}, or list the symmetry operators"
        )
    return list(fitting[0].operations())


def _with_axes(groups: list[gemmi.SpaceGroup], stated: Stated) -> list[gemmi.SpaceGroup]:
    """Those with the axes that the code of the coordinate system names, such as "b2" or "ba-c"."""
    code = stated.setting.strip().lower()
    if not groups or not code or code in SETTINGS:
        return groups
    axes = "" if code == "abc" else code
    numbers = {group.number for group in groups}
    if all(group.qualifier != axes for group in gemmi.spacegroup_table() if group.number in numbers):
        return groups  # a code of another kind
    if chosen := [group for group in groups if group.qualifier == axes]:
        return chosen
    raise StructureError(
        f"the code {shown(stated.setting)} of the coordinate system contradicts the space group {stated}: correct one "
        "of them, or list the symmetry operators"
    )


def fits(operators: Iterable[gemmi.Op], cell: Array, within: float = METRIC) -> bool:
    """Do the operators leave lengths and angles of the cell as they are?"""
    metric = cell @ cell.T
    scale = np.sqrt(np.outer(np.diag(metric), np.diag(metric)))
    rotations = np.array([op.rot for op in operators]) / gemmi.Op.DEN
    turned = rotations.transpose(0, 2, 1) @ metric @ rotations
    return bool((abs(turned - metric) < within * scale).all())


def _key(operators: Iterable[gemmi.Op]) -> frozenset[gemmi.Op]:
    return frozenset(op.wrap() for op in operators)


def _listed(stated: Stated, cell: Array) -> list[gemmi.Op]:
    operators = list(dict.fromkeys(map(_operator, ["x,y,z", *stated.operators])))
    for op in operators:
        if not fits([op], cell):
            raise StructureError(f"the operator {op.triplet()} does not fit the cell: correct one of them")
    if missing := {(a * b).wrap() for a in operators for b in operators} - set(operators):
        follows = min(op.triplet() for op in missing)
        raise StructureError(
            f"the list of symmetry operators is not complete: {follows} follows from the others"
        )
    if _lacks_centring(gemmi.GroupOps(operators), stated):
        raise StructureError(
            f"the operators lack the centring of the space group {stated}: add its translations"
        )
    return operators


def _operator(text: str) -> gemmi.Op:
    try:
        op = gemmi.Op(text) if OPERATOR.fullmatch(text) else None
    except (RuntimeError, ValueError):
        op = None
    if (
        op is None
        or any(n % gemmi.Op.DEN for row in op.rot for n in row)
        or abs(op.det_rot()) != gemmi.Op.DEN**3
    ):
        raise StructureError(f"the symmetry operator {shown(text)} cannot be applied: correct it")
    return op.wrap()


def _lacks_centring(listed: gemmi.GroupOps, stated: Stated) -> bool:
    """All rotations of the group named and none of its centring translations: half of a list."""
    rotations = {str(op.rot) for op in listed.sym_ops}
    named = [group.operations() for name in stated.names for group in settings_named(name, stated.setting)]
    named = named or [
        group.operations() for group in gemmi.spacegroup_table_itb() if group.number == stated.number
    ]
    return (
        bool(named)
        and len(rotations) > 1 == len(listed.cen_ops)
        and all(len(group.cen_ops) > 1 for group in named)
        and any({str(op.rot) for op in group.sym_ops} == rotations for group in named)
    )


def _by_hall(stated: Stated, groups: Sequence[gemmi.SpaceGroup], cell: Array) -> list[gemmi.Op]:
    symbol = f"the Hall symbol {shown(stated.hall)}"
    try:
        operators = gemmi.symops_from_hall(stated.hall)
    except (RuntimeError, ValueError):
        raise StructureError(f"{symbol} cannot be read: correct it, or list the symmetry operators") from None
    settings = [_key(group.operations()) for group in groups]
    # a shifted origin is in no table, and may go with any name
    if groups and gemmi.find_spacegroup_by_ops(operators) and _key(operators) not in settings:
        raise StructureError(f"{symbol} contradicts the space group {stated}: correct one of them")
    if not fits(operators, cell):
        raise StructureError(f"the cell does not have the symmetry of {symbol}: correct one of them")
    return list(operators)


def _groups(stated: Stated) -> list[gemmi.SpaceGroup]:
    """All settings that names and number allow; none where they say nothing, or the name is in no table."""
    known = [groups for name in stated.names if (groups := settings_named(name, stated.setting))]
    if known:
        groups = [group for group in known[0] if all(group in others for others in known[1:])]
        if stated.number is not None:
            groups = [group for group in groups if group.number == stated.number]
        if not groups:
            also = " and ".join([*map(shown, stated.names), f"number {stated.number}"])
            raise StructureError(
                f"the names of the space group contradict each other ({also}): correct one of them"
            )
        return groups
    if stated.names or stated.number is None:
        return []
    groups = [group for group in gemmi.spacegroup_table_itb() if group.number == stated.number]
    if not groups:
        raise StructureError(f"there is no space group {stated}: they are numbered from 1 to 230")
    return _of_setting(groups, stated.setting)


def settings_named(name: str, setting: str = "") -> list[gemmi.SpaceGroup]:
    """All settings that a Hermann–Mauguin name can mean: old and new, short and full, with or without a suffix."""
    text = re.sub(r"[\s_$\\{}()'\"*]", "", name).lower()
    text = re.sub(r"origin(choice)?(?=[12]$)", ":", text)
    found = re.fullmatch(r"(.+?)(?::([12hrsz])|([hrsz]))?", text)
    if found is None:
        return []
    groups = next((groups for form in _forms(found[1]) if (groups := _settings(form))), [])
    return _of_setting(groups, found[2] or found[3] or setting.lower())


def _settings(name: str) -> list[gemmi.SpaceGroup]:
    if (
        "e" in name and name[0] != "c"
    ):  # a plane that glides both ways; "cmme" is the standard setting of Cmma
        return [group for glide in "abc" for group in _names().get(name.replace("e", glide), [])]
    group = None if name in _names() else gemmi.find_spacegroup_by_name(name)  # "fm3m", "cmme"
    return _names().get(_compact(group.hm) if group else name, [])


def _of_setting(groups: list[gemmi.SpaceGroup], code: str) -> list[gemmi.SpaceGroup]:
    """Those of the origin or axes that the code names, where there is a choice."""
    extension = SETTINGS.get(code)
    if extension is None or all(group.ext not in SETTINGS.values() for group in groups):
        return groups
    return [group for group in groups if group.ext == extension]


def _forms(name: str) -> list[str]:
    """As written, and without the rotations of a full symbol: "p42/m21/n2/m", "f4/m-32/m"."""
    forms = [name]
    if name.count("/") > 1:
        first = name.index("/") + 2
        forms.append(name[:first] + ROTATIONS.sub("", name[first:]))
    if name.count("/") == 3 or re.search(r"3(?!/)", name):  # not of 6₃/m
        forms.append(ROTATIONS.sub("", name))
    return forms


@cache
def _names() -> dict[str, list[gemmi.SpaceGroup]]:
    names: dict[str, list[gemmi.SpaceGroup]] = defaultdict(list)
    for group in gemmi.spacegroup_table():
        names[_compact(group.hm)].append(group)
        if 3 <= group.number <= 15 and (short := "".join(p for p in group.hm.split() if p != "1").lower()):
            names[short].append(group)
    return dict(names)


def _compact(name: str) -> str:
    return name.replace(" ", "").lower()
