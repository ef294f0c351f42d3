"""Structures from files, one at a time; a bad one is reported and does not keep the good ones from being done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rlcsp_core.errors import RLCSPError
from rlcsp_core.records import Crystal

BAD_INPUT = 2


def add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="structures in any format that ASE reads")


def for_each_frame(files: Sequence[str], act: Callable[[str, int, Crystal], None]) -> int:
    """Call act(file, frame from 1, crystal) for every structure; the exit code, 2 if any could not be done."""
    from rlcsp_core.crystal.formats import read_crystals

    code = 0
    for file in files:
        try:
            crystals = read_crystals(file)
        except RLCSPError as error:
            print(f"error: {error}", file=sys.stderr)
            code = BAD_INPUT
            continue
        for frame, crystal in enumerate(crystals, start=1):
            try:
                act(file, frame, crystal)
            except RLCSPError as error:
                place = file if len(crystals) == 1 else f"{file}, structure {frame}"
                print(f"error: {place}: {error}", file=sys.stderr)
                code = BAD_INPUT
    return code
