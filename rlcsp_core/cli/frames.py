"""Structures from files, one at a time; a bad one is reported and does not keep the good ones from being done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rlcsp_core.cli.output import complain
from rlcsp_core.energy import Potential
from rlcsp_core.errors import RLCSPError, StructureError
from rlcsp_core.records import Crystal

BAD_INPUT = 2


def add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="structures: CIF, POSCAR, extended XYZ, SHELX, PDB, or another format that ASE reads",
    )


def add_potential(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--potential",
        metavar="NAME|FILE.toml",
        help="a shipped potential or a file of your own; left out: ysrtio where it covers the structure, else the one "
        "with the smallest measured error, see `potentials`",
    )


def potential_chooser(asked: str | None) -> Callable[[Crystal], Potential]:
    """The potential for each structure; says which it is where it was not asked for and is not the usual one."""
    from rlcsp_core.energy.choice import potential_for
    from rlcsp_core.energy.potential_file import DEFAULT, choice_from, load_potential

    if asked is not None:
        potential = load_potential(choice_from(asked))
        return lambda _: potential
    told = {DEFAULT}

    def choose(crystal: Crystal) -> Potential:
        found = potential_for(crystal.numbers)
        if found.name not in told:
            told.add(found.name)
            print(
                f"potential {found.name}, chosen by its measured errors; --potential takes another",
                file=sys.stderr,
            )
        return found

    return choose


def for_each_frame(files: Sequence[str], act: Callable[[str, int, Crystal, str | None], str | None]) -> int:
    """Call act(file, frame from 1, crystal, note) for every structure; the exit code, 2 if any could not be done.

    The note says where the file contradicts the crystal; what `act` returns of it is printed on standard error."""
    from rlcsp_core.crystal.formats import read_structures

    code = 0
    for file in files:
        try:
            entries = read_structures(file)
        except RLCSPError as error:
            complain(f"{file}: {error}")
            code = BAD_INPUT
            continue
        for entry in entries:
            place = file if len(entries) == 1 else f"{file}, structure {entry.number}"
            try:
                if entry.crystal is None:
                    raise StructureError(entry.problem or "it cannot be used")
                note = act(file, entry.number, entry.crystal, entry.note)
            except RLCSPError as error:
                complain(f"{place}: {error}")
                code = BAD_INPUT
            else:
                if note:
                    print(f"note: {place}: {note}", file=sys.stderr)
    return code
