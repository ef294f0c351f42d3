"""All structures of a file or of an upload, each good or named as bad.

CIF, SHELX and PDB are read with their symmetry (see the modules beside this one), POSCAR and extended XYZ by ASE, frame
by frame; other formats by ASE as a whole, and refused where they may hold symmetry that ASE does not apply.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rlcsp_core.crystal.formats import cif, others, plain
from rlcsp_core.crystal.formats.atoms import UNREADABLE, because, from_ase, shown
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal

if TYPE_CHECKING:
    from ase import Atoms

Found = Crystal | tuple[Crystal, str | None]  # a structure, and what the file says against it
Part = Callable[[], Found | None]  # reads one structure, or says why not; None: there is none

OPENERS = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
UPLOADS = {".cif": "cif", ".vasp": "vasp", ".poscar": "vasp", ".xyz": "extxyz", ".extxyz": "extxyz"}
ENDINGS = UPLOADS | {
    ".mcif": "cif", ".res": "res", ".ins": "res", ".shelx": "res", ".pdb": "proteindatabank", ".ent": "proteindatabank"
}  # fmt: skip
# what ASE passes over in other formats: symmetry, or several elements on one site
PASSED_OVER = {
    "abinit-in": r"\b(spgroup|natrd)\b",
    "castep-cell": r"\bmixture\b",
    "crystal": r"\A(.*\n){4}\s*(?!1\s*$)\d+\s*$",  # the number of operators
    "dmol-car": r"^PBC .*\((?!P *1\))",
    "nwchem-in": r"\bsymmetry\b",
    "xsd": r'\bGroupName="(?!P *1")',
}


class Entry(NamedTuple):
    """One structure of a file: a crystal, or the sentence why it cannot be used."""

    number: int  # its place, from 1
    crystal: Crystal | None
    problem: str | None = None
    note: str | None = None  # where other statements of the file contradict the crystal


def read_structures(path: str | Path) -> list[Entry]:
    """All structures of a file in any format that ASE reads; StructureError where there is none."""
    path = Path(path)
    if not os.path.isfile(path):  # which also takes names too long for a file
        raise StructureError("no such file")
    opener = OPENERS.get(path.suffix.lower(), bytes)
    name = path.name if opener is bytes else path.stem
    kind = ENDINGS.get(Path(name).suffix.lower()) or _guessed(path)
    try:
        if kind in READERS:
            return _entries(_parts(kind, _text(opener(path.read_bytes()))))
        if kind in PASSED_OVER:
            _refuse_passed_over(kind, _text(opener(path.read_bytes())))
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise StructureError(f"the file cannot be read{because(error)}") from None
    return _entries(partial(from_ase, atoms) for atoms in _by_ase(path, kind))


def parse_structures(name: str, content: bytes, *, max_atoms: int | None = None) -> list[Entry]:
    """All structures of an uploaded file; only the formats of UPLOADS, chosen by the ending of its name."""
    return _entries(_parts(_format_of_upload(name), _text(content), max_atoms), max_atoms)


def read_crystals(path: str | Path) -> list[Crystal]:
    """All structures of a file; one that cannot be used refuses the file."""
    try:
        return _all_of(read_structures(path))
    except StructureError as error:
        raise StructureError(f"{path}: {error}") from None


def parse_crystals(name: str, content: bytes, *, max_atoms: int | None = None) -> list[Crystal]:
    """All structures of an upload; one that cannot be used refuses the file."""
    return _all_of(parse_structures(name, content, max_atoms=max_atoms))


def _all_of(entries: list[Entry]) -> list[Crystal]:
    for entry in entries:
        if entry.problem:
            place = f"structure {entry.number}: " if len(entries) > 1 else ""
            raise StructureError(place + entry.problem)
    return [entry.crystal for entry in entries if entry.crystal is not None]


def _entries(parts: Iterable[Part], max_atoms: int | None = None) -> list[Entry]:
    entries: list[Entry] = []
    for part in parts:
        try:
            if (found := part()) is None:
                continue
            crystal, note = found if isinstance(found, tuple) else (found, None)
            if max_atoms is not None and crystal.n_atoms > max_atoms:
                raise StructureError(
                    f"the structure has {crystal.n_atoms} atoms, more than {max_atoms}: use a smaller cell"
                )
            entries.append(Entry(len(entries) + 1, crystal, note=note))
        except StructureError as error:
            entries.append(Entry(len(entries) + 1, None, str(error)))
    if not entries:
        raise StructureError(
            "the file holds no structure: check that it is complete and of the format it claims"
        )
    return entries


def _text(content: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or else Latin-1; lines end in \\n."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", errors="replace")
    elif b"\0" in content:
        raise StructureError("the file is not text: give a CIF, POSCAR or extended XYZ file")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _format_of_upload(name: str) -> str:
    """Format by the ending of the name, or by the name itself for POSCAR and CONTCAR, as ASE has it for files."""
    ending = Path(name).suffix.lower()
    if ending in UPLOADS:
        return UPLOADS[ending]
    if any(word in Path(name).name.upper() for word in ("POSCAR", "CONTCAR")):
        return "vasp"
    raise StructureError(
        f"the ending {shown(ending)} is not known: name the file {', '.join(UPLOADS)} or POSCAR"
    )


def _guessed(path: Path) -> str:
    from ase.io.formats import filetype

    try:
        return str(filetype(str(path)))
    except Exception as error:
        raise StructureError(UNREADABLE + because(error)) from None


def _by_ase(path: Path, kind: str) -> list[Atoms]:
    from ase.io import read

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(read(path, index=":", format=kind, do_not_split_by_at_sign=True))
    except Exception as error:  # ASE's readers raise whatever their parsing trips over
        raise StructureError(UNREADABLE + because(error)) from None


def _refuse_passed_over(kind: str, text: str) -> None:
    if re.search(PASSED_OVER[kind], text, re.IGNORECASE | re.MULTILINE):
        raise StructureError(
            "the file states symmetry or mixed sites that are not read from this format: write it as CIF, "
            "or with all atoms of the cell"
        )


def _parts(kind: str, text: str, max_atoms: int | None = None) -> Iterator[Part]:
    split, read = READERS[kind]
    if kind == "cif":
        read = partial(cif.read_block, max_sites=max_atoms)  # before symmetry has multiplied them
    return (partial(read, part) for part in split(text))


# how a text is divided into structures, and how one is read
READERS: dict[str, tuple[Callable[[str], Iterable[str]], Callable[[str], Found | None]]] = {
    "cif": (cif.blocks, cif.read_block),
    "extxyz": (plain.frames, plain.read_frame),
    "proteindatabank": (others.pdb_models, others.read_pdb),
    "res": (others.shelx_files, others.read_shelx),
    "vasp": (lambda text: [text], plain.read_poscar),
}
