"""Crystals into files.  A CIF states its space group; with symmetry, its operators and only the distinct sites.

Units: Å, degrees.  Shapes: N atoms, G operators.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import gcd
from types import MappingProxyType

import numpy as np

from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.formats.atoms import to_ase
from rlcsp_core.crystal.symmetry import SYMPREC, operations
from rlcsp_core.records import Crystal, IntArray

DIGITS = 6  # after the point: 1e-5 Å, and the energy to 1e-8 eV/atom near a minimum


@dataclass(frozen=True)
class FileFormat:
    """A format that crystals can be saved in."""

    label: str
    suffix: str
    mime: str
    write: Callable[[Crystal], str]


def _cif(crystal: Crystal) -> str:
    """All atoms of the cell, P 1."""
    return _cif_text(crystal, np.arange(crystal.n_atoms), ["x,y,z"], ("P 1", "P 1", 1), title="")


def _symmetric_cif(crystal: Crystal) -> str:
    """Operators of a crystal whose atoms were idealised by symmetry, and one atom of each orbit."""
    import gemmi

    found = operations(crystal, SYMPREC)
    seitz = np.tile(np.eye(4), (len(found.rotations), 1, 1))
    seitz[:, :3, :3], seitz[:, :3, 3] = found.rotations, found.translations
    listed = [gemmi.seitz_to_op(each).wrap() for each in seitz.tolist()]
    group = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(listed))
    # none where the cell has more symmetry than it was idealised by, in a setting of its own
    name, hall = (group.xhm(), group.hall) if group else (found.group.symbol, "?")
    title = "_" + found.group.symbol.replace("_", "")
    return _cif_text(
        crystal, found.orbits, [op.triplet() for op in listed], (name, hall, found.group.number), title
    )


def _cif_text(
    crystal: Crystal, orbits: IntArray, operators: list[str], group: tuple[str, str, int], title: str
) -> str:
    """orbits: [N] an atom that stands for each atom."""
    from ase.data import chemical_symbols

    from rlcsp_core.crystal.summary import cell_parameters

    symbols = [chemical_symbols[z] for z in crystal.numbers]
    counts = Counter(symbols)
    units = gcd(*counts.values())
    formula = [symbol + (str(n // units) if n > units else "") for symbol, n in sorted(counts.items())]
    cell = cell_parameters(crystal)
    fractional = np.round(crystal.positions @ np.linalg.inv(crystal.cell), DIGITS) % 1.0
    lines = [
        f"data_{formula_of(crystal.numbers)}{title}",
        f"_chemical_formula_sum  '{' '.join(formula)}'",
        f"_cell_formula_units_Z  {units}",
        *(f"_cell_length_{name}  {getattr(cell, name):.{DIGITS}f}" for name in "abc"),
        *(f"_cell_angle_{name}  {getattr(cell, name):.{DIGITS}f}" for name in ("alpha", "beta", "gamma")),
        f"_cell_volume  {crystal.volume:.{DIGITS}f}",
        f"_space_group_name_H-M_alt  '{group[0]}'",
        f"_space_group_name_Hall  '{group[1]}'",
        f"_space_group_IT_number  {group[2]}",
        "loop_",
        "_space_group_symop_operation_xyz",
        *(f"'{operator}'" for operator in operators),
        "loop_",
        *(f"_atom_site_{name}" for name in ("label", "type_symbol", "symmetry_multiplicity")),
        *(f"_atom_site_fract_{axis}" for axis in "xyz"),
        "_atom_site_occupancy",
    ]
    numbered: Counter[str] = Counter()
    for atom, size in zip(*np.unique(orbits, return_counts=True), strict=True):
        numbered[symbols[atom]] += 1
        place = "  ".join(f"{x:.{DIGITS}f}" for x in fractional[atom])
        lines.append(f"{symbols[atom]}{numbered[symbols[atom]]}  {symbols[atom]}  {size}  {place}  1")
    return "\n".join(lines) + "\n"


def _poscar(crystal: Crystal) -> str:
    stream = io.StringIO()
    to_ase(crystal).write(stream, format="vasp", sort=True, direct=True)
    return stream.getvalue()


def extxyz(crystal: Crystal, values: Mapping[str, str | float] = MappingProxyType({})) -> str:
    """values: what else its second line says."""
    stream, atoms = io.StringIO(), to_ase(crystal)
    atoms.info = dict(values)
    atoms.write(stream, format="extxyz")
    return stream.getvalue()


FORMATS = {
    "cif": FileFormat("CIF", ".cif", "chemical/x-cif", _cif),
    "poscar": FileFormat("POSCAR", ".vasp", "text/plain", _poscar),
    "extxyz": FileFormat("extended XYZ", ".extxyz", "text/plain", extxyz),
}
# for a conventional cell idealised by symmetry
SYMMETRIC_FORMATS = FORMATS | {"cif": replace(FORMATS["cif"], write=_symmetric_cif)}
