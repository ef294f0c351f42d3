"""Crystals from files and into files.

Everything is read through ASE and reduced at once to numbers, positions and cell: no label or comment
survives, so nothing that was written into a file can reach a page or another program.  What this package
cannot use (molecules, slabs, disorder) is refused with a sentence.

Units: Å.  Shapes: N atoms.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal

if TYPE_CHECKING:  # ASE takes a third of a second to import; nothing here needs it before the first file
    from ase import Atoms

SMALLEST_VOLUME = 1e-3  # Å³ per atom; anything below is a cell that was left out or is flat
FULL_OCCUPANCY = 0.999  # rounded tables write 0.9999


def to_ase(crystal: Crystal) -> Atoms:
    """The same crystal as ASE atoms, periodic in all directions."""
    from ase import Atoms

    return Atoms(numbers=crystal.numbers, positions=crystal.positions, cell=crystal.cell, pbc=True)


def from_ase(atoms: Atoms) -> Crystal:
    """The crystal in `atoms`; StructureError where there is none."""
    crystal = Crystal(
        numbers=np.array(atoms.numbers, dtype=np.int64),
        positions=np.array(atoms.positions, dtype=np.float64),
        cell=np.array(atoms.cell.array, dtype=np.float64),
    )
    if crystal.n_atoms == 0:
        raise StructureError("the structure has no atoms: give a file that lists at least one")
    if not (np.isfinite(crystal.positions).all() and np.isfinite(crystal.cell).all()):
        raise StructureError(
            "the structure has coordinates that are not finite numbers: correct or remove them"
        )
    if not crystal.cell.any():
        raise StructureError("the structure has no cell: add the three lattice vectors")
    if not atoms.pbc.all():
        raise StructureError(
            "the structure is not periodic in all three directions: only bulk crystals can be used"
        )
    if crystal.volume < SMALLEST_VOLUME * crystal.n_atoms:
        raise StructureError(
            f"the cell has no volume ({crystal.volume:.3g} Å³): give three independent vectors"
        )
    if (crystal.numbers < 1).any():
        raise StructureError("the structure holds a dummy atom (X): give every atom an element")
    return crystal


def read_crystals(path: str | Path, *, max_atoms: int | None = None) -> list[Crystal]:
    """All frames of a file in any format that ASE reads; one that cannot be used refuses the file."""
    path = Path(path)
    if not path.is_file():
        raise StructureError(f"{path}: no such file")
    try:
        return _checked(_frames_of_file(path), max_atoms)
    except StructureError as error:
        raise StructureError(f"{path}: {error}") from None


def parse_crystals(name: str, content: bytes, *, max_atoms: int | None = None) -> list[Crystal]:
    """All frames of an uploaded file; only the formats of UPLOADS, chosen by the ending of its name."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise StructureError("the file is not text: give a CIF, POSCAR or extended XYZ file") from None
    return _checked(_frames_of_text(text, _format_of_name(name), max_atoms), max_atoms)


def _checked(frames: Iterator[Atoms], max_atoms: int | None) -> list[Crystal]:
    crystals = []
    for atoms in frames:
        if max_atoms is not None and len(atoms) > max_atoms:
            raise StructureError(
                f"the structure has {len(atoms)} atoms, more than {max_atoms}: use a smaller cell"
            )
        crystals.append(from_ase(atoms))
    if not crystals:
        raise StructureError(
            "the file holds no structure: check that it is complete and of the format it claims"
        )
    return crystals


def _frames_of_file(path: Path) -> Iterator[Atoms]:
    if path.suffix.lower() == ".cif":
        return _read_cif(path.read_text(errors="replace"), None)
    return _read_by_ase(path, None)


def _frames_of_text(text: str, file_format: str, max_atoms: int | None) -> Iterator[Atoms]:
    if file_format == "cif":
        return _read_cif(text, max_atoms)
    return _read_by_ase(io.StringIO(text), file_format)


def _read_by_ase(source: Path | io.StringIO, file_format: str | None) -> Iterator[Atoms]:
    from ase.io import read

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = read(source, index=":", format=file_format, do_not_split_by_at_sign=True)
    except Exception as error:  # ASE's readers raise whatever their parsing trips over
        raise StructureError(_UNREADABLE + _because(error)) from None
    yield from frames


def _read_cif(text: str, max_atoms: int | None) -> Iterator[Atoms]:
    """CIF block by block: ASE alone would take the main species of a disordered site without a word."""
    from ase.io.cif import parse_cif

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # ASE reads on past a row with a field too many or too few, and an atom would be lost
            warnings.filterwarnings("error", message="Wrong number")
            parsed = list(parse_cif(io.StringIO(text)))
        blocks = [block for block in parsed if block.get("_atom_site_fract_x") is not None]
    except Exception as error:
        raise StructureError(_UNREADABLE + _because(error)) from None
    for block in blocks:
        sites = block["_atom_site_fract_x"]
        if isinstance(sites, Sequence) and max_atoms is not None and len(sites) > max_atoms:
            raise StructureError(
                f"the file lists {len(sites)} sites, more than {max_atoms}: use a smaller cell"
            )
        _refuse_disorder(block.get("_atom_site_occupancy"))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield block.get_atoms()
        except Exception as error:
            raise StructureError(_UNREADABLE + _because(error)) from None


def _refuse_disorder(occupancies: object) -> None:
    for occupancy in (
        occupancies if isinstance(occupancies, Sequence) and not isinstance(occupancies, str) else ()
    ):
        if isinstance(occupancy, int | float) and occupancy < FULL_OCCUPANCY:
            raise StructureError(
                f"a site is only partly occupied ({occupancy:g}): make an ordered model of it first, "
                "every site holding one whole atom"
            )


_UNREADABLE = (
    "this cannot be read as a crystal structure; give a CIF, POSCAR or extended XYZ file with a cell"
)


def _because(error: Exception) -> str:
    """What the reader said, on one short line, without angle brackets: it may quote the file."""
    words = " ".join(str(error).split()).replace("<", "‹").replace(">", "›")
    return f" ({words[:120]})" if words else ""


UPLOADS = {".cif": "cif", ".vasp": "vasp", ".poscar": "vasp", ".xyz": "extxyz", ".extxyz": "extxyz"}


def _format_of_name(name: str) -> str:
    """Format by the ending of the name, or by the name itself for POSCAR and CONTCAR."""
    path = Path(name)
    if path.name.upper().startswith(("POSCAR", "CONTCAR")):
        return "vasp"
    try:
        return UPLOADS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(UPLOADS)
        raise StructureError(
            f"the ending {path.suffix!r} is not known: name the file {known} or POSCAR"
        ) from None


@dataclass(frozen=True)
class FileFormat:
    """A format that crystals can be saved in."""

    label: str
    suffix: str
    mime: str
    write: Callable[[Crystal], str]


def _cif(crystal: Crystal) -> str:
    stream = io.BytesIO()
    to_ase(crystal).write(stream, format="cif", wrap=True)
    return stream.getvalue().decode()


def _poscar(crystal: Crystal) -> str:
    stream = io.StringIO()
    to_ase(crystal).write(stream, format="vasp", sort=True, direct=True)
    return stream.getvalue()


def _extxyz(crystal: Crystal) -> str:
    stream = io.StringIO()
    to_ase(crystal).write(stream, format="extxyz")
    return stream.getvalue()


FORMATS = {
    "cif": FileFormat("CIF", ".cif", "chemical/x-cif", _cif),
    "poscar": FileFormat("POSCAR", ".vasp", "text/plain", _poscar),
    "extxyz": FileFormat("extended XYZ", ".extxyz", "text/plain", _extxyz),
}
