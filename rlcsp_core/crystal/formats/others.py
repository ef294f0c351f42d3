"""Crystals from SHELX (.res) and PDB, with the symmetry and the occupancies that these state.

SHELX: Sheldrick 2015, doi:10.1107/S2053229614024218; AIRSS writes its cells the same way.  There the occupancy of a
site on a symmetry element is divided by the number of operators that leave it: 10.5 on a mirror plane is a whole atom.

Units: Å, degrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import gemmi
import numpy as np

from rlcsp_core.crystal.formats.atoms import DISORDER, is_whole, shown, usable
from rlcsp_core.crystal.formats.cif import element_of_type
from rlcsp_core.crystal.formats.sites import Site, cell_of, expand, orbit
from rlcsp_core.crystal.formats.spacegroups import Stated, operators_of
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Array, Crystal

CENTRINGS = "?PIRFABC"  # LATT 1 … 7
FIXED = 10.0  # added to a parameter that is not refined
COMMANDS = """
ABIN ACTA AFIX ANIS ANSC ANSR BASF BIND BLOC BOND BUMP CELL CGLS CHIV CONF CONN DAMP DANG DEFS DELU DFIX DISP
EADP END EQIV EXTI EXYZ FEND FLAT FMAP FRAG FREE FVAR GRID HFIX HKLF HTAB ISOR LATT LAUE LIST LONE L.S. MERG
MOLE MORE MOVE MPLA NCSY NEUT OMIT PART PLAN PRIG REM RESI RIGU RTAB SADI SAME SFAC SHEL SIMU SIZE SPEC STIR SUMP
SWAT SYMM TEMP TITL TWIN TWST UNIT WGHT WIGL WPDB XNPD ZERR
"""


def shelx_files(text: str) -> Iterator[str]:
    """AIRSS puts several into one."""
    return (part for part in re.split(r"(?mi)^(?=TITL\b)", text) if part.strip())


def read_shelx(text: str) -> Crystal:
    lines = re.sub(r"=[ \t]*\n", " ", text).split("\n")  # a line that goes on
    rows = [words for line in lines if line[:1].strip() and (words := line.split("!")[0].split())]
    said = {
        key: [row[1:] for row in rows if row[0].upper() == key] for key in ("CELL", "LATT", "SYMM", "SFAC")
    }
    if not said["CELL"] or len(said["CELL"][0]) < 7:
        raise StructureError("the file has no cell: add a CELL line with wavelength, lengths and angles")
    cell = cell_of([_number(word, "CELL") for word in said["CELL"][0][1:7]])
    elements = [word for row in said["SFAC"] for word in (row[:1] if _is_number(row[1:2]) else row)]
    operators = _operators(said["LATT"], ["".join(row) for row in said["SYMM"]], cell)
    sites, fragment = [], False
    for row in rows:
        command = row[0][:4].upper()
        if command in ("END", "HKLF"):
            break
        if command == "PART" and row[1:2] != ["0"]:
            raise StructureError(f"the file has alternative positions ({shown(' '.join(row))}): {DISORDER}")
        fragment = command == "FRAG" or (fragment and command != "FEND")  # a model, no atoms of the crystal
        if fragment:
            continue
        if row[0][:4].split("_")[0].upper() not in COMMANDS.split() and not re.fullmatch(r"Q\d+", row[0]):
            sites.append(_shelx_site(row, elements, operators, cell))
    return usable(expand(sites, operators, cell))


def _shelx_site(row: list[str], elements: list[str], operators: Sequence[gemmi.Op], cell: Array) -> Site:
    name = row[0]
    try:
        element = elements[int(row[1]) - 1] if int(row[1]) > 0 else ""
    except (ValueError, IndexError):
        element = ""
    if not element or len(row) < 5:
        raise StructureError(
            f"the line of {shown(name)} is no atom with an element of SFAC and three coordinates"
        )
    position = np.array([_refined(word, name) for word in row[2:5]])
    if len(row) > 5:
        occupancy = _refined(row[5], name)
        symmetric = len(operators) / len(orbit(position, operators, cell))
        if not is_whole(occupancy) and abs(occupancy * symmetric - 1) > 0.005:
            raise StructureError(
                f"the site {shown(name)} is only partly occupied ({shown(row[5])}): {DISORDER}"
            )
    return Site(name, element_of_type(element.lstrip("$")), position)


def _refined(word: str, what: str) -> float:
    value = _number(word, what)
    if abs(value) > 1.5 * FIXED:
        raise StructureError(
            f"{shown(what)} refers to a free variable ({shown(word)}): write its value there"
        )
    return value - FIXED if FIXED / 2 < value < 1.5 * FIXED else value


def _operators(latt: list[list[str]], symm: list[str], cell: Array) -> list[gemmi.Op]:
    try:
        kind = int(latt[0][0])
        lattice = gemmi.symops_from_hall("-" * (kind > 0) + CENTRINGS[abs(kind)] + " 1")
    except (IndexError, RuntimeError, ValueError):
        raise StructureError(
            "the lattice is not certain: add a line LATT, as LATT -1 where all atoms are listed"
        ) from None
    try:
        given = [gemmi.Op(text) for text in ["x,y,z", *symm]]
    except (RuntimeError, ValueError):
        raise StructureError("a SYMM operator cannot be applied: correct it") from None
    return operators_of(Stated([op.combine(shift).triplet() for op in given for shift in lattice]), cell)


def _is_number(words: list[str]) -> bool:
    return bool(words) and re.fullmatch(r"[-+]?[\d.]+", words[0]) is not None


def _number(word: str, what: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise StructureError(
            f"{shown(word)} in the line of {shown(what)} cannot be read as a number"
        ) from None


def pdb_models(text: str) -> Iterator[str]:
    """One text for each model."""
    header, *models = re.split(r"(?m)^MODEL\b.*$", text)
    return (header + model for model in models or [""])


def read_pdb(text: str) -> Crystal:
    try:
        structure = gemmi.read_pdb_string(text)
    except (RuntimeError, ValueError) as error:
        raise StructureError(f"this cannot be read as PDB ({shown(str(error))[1:-1]}): correct it") from None
    if not structure.cell.is_crystal():
        raise StructureError("the structure has no cell: add a CRYST1 record")
    if any(not each.given for each in structure.ncs):
        raise StructureError("MTRIX records stand for atoms that are not listed: list all atoms")
    sites = []
    for atom in (each.atom for model in structure for each in model.all()):
        if not is_whole(atom.occ):
            raise StructureError(
                f"the site {shown(atom.name)} is only partly occupied ({atom.occ:g}): {DISORDER}"
            )
        place = structure.cell.fractionalize(atom.pos).tolist()
        sites.append(Site(atom.name, atom.element.atomic_number, np.array(place)))
    cell = cell_of(structure.cell.parameters)
    names = [structure.spacegroup_hm] if structure.spacegroup_hm else []
    return usable(expand(sites, operators_of(Stated(names=names), cell), cell))
