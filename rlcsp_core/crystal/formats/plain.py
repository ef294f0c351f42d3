"""Crystals from POSCAR and from extended XYZ, by ASE, frame by frame.  Units: Å.

ASE's reader of whole XYZ files gives up all of them for one bad frame, and counts lines inside of an assertion, which
`python -O` leaves out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from rlcsp_core.crystal.formats.atoms import UNREADABLE, because, from_ase
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal

COUNT = re.compile(r"[ \t]*[0-9]{1,9}[ \t]*")
ROW = re.compile(r"\s*[A-Za-z][^\s=]*(\s+[-+.\deE]+){3}")  # an atom, or a vector of the cell


def read_poscar(text: str) -> Crystal:
    from ase.io.vasp import read_vasp_configuration

    stream = io.StringIO(text)
    try:
        atoms = read_vasp_configuration(stream)
    except AttributeError:  # it looks for a POTCAR beside the file
        raise StructureError(
            "the elements are not named: add a line of symbols above the numbers of atoms"
        ) from None
    except Exception as error:  # ASE's readers raise whatever their parsing trips over
        raise StructureError(UNREADABLE + because(error)) from None
    if re.match(r"\s*[-+\d.]+\s+[-+\d.]+\s+[-+\d.]+", stream.readline()):
        raise StructureError("there are more lines of coordinates than atoms: correct the numbers of atoms")
    return from_ase(atoms)


def frames(text: str) -> Iterator[str]:
    """One text for each frame of extended XYZ, whether its number of atoms is right or not."""
    lines = text.split("\n")
    counts = [COUNT.fullmatch(line) is not None for line in lines]
    begins = [
        count and "lattice" in comment.lower()
        for count, comment in zip(counts, [*lines[1:], ""], strict=True)
    ]
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        end = at + 1
        if counts[at]:
            full = at + 2 + int(lines[at])
            while end < len(lines) and not begins[end] and (end < full or ROW.match(lines[end])):
                end += 1
        else:
            while end < len(lines) and lines[end].strip() and not counts[end]:
                end += 1
        yield "\n".join(lines[at:end])
        at = end


def read_frame(text: str) -> Crystal:
    from ase.io.extxyz import _read_xyz_frame

    head, *lines = text.split("\n")
    try:
        count = int(head)
        rest = [line for line in lines[count + 1 :] if line.strip()]
        vectors = sum(line.startswith("VEC") for line in rest)
        atoms = _read_xyz_frame(iter(lines), count, nvec=vectors)
    except Exception as error:
        raise StructureError(UNREADABLE + because(error)) from None
    if len(rest) > vectors:
        raise StructureError(f"the frame has more lines than its {count} atoms: correct their number")
    return from_ase(atoms)
