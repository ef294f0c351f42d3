"""Crystals from files and into files.

What is read is reduced at once to numbers, positions and cell: no label or comment survives, so nothing that was
written into a file can reach a page or another program.  What this package cannot use (molecules, slabs, disorder,
symmetry that is ambiguous or contradicts itself) is refused with a sentence.
"""

from rlcsp_core.crystal.formats.atoms import from_ase, to_ase
from rlcsp_core.crystal.formats.reading import (
    UPLOADS,
    Entry,
    parse_crystals,
    parse_structures,
    read_crystals,
    read_structures,
)
from rlcsp_core.crystal.formats.writing import FORMATS, SYMMETRIC_FORMATS, FileFormat, extxyz

__all__ = [
    "FORMATS",
    "SYMMETRIC_FORMATS",
    "UPLOADS",
    "Entry",
    "FileFormat",
    "extxyz",
    "from_ase",
    "parse_crystals",
    "parse_structures",
    "read_crystals",
    "read_structures",
    "to_ase",
]
