"""Options: how they are read, and those that several commands have."""

from __future__ import annotations

import argparse
import math
from typing import NoReturn

from rlcsp_core.errors import ConfigError


class Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong; `--help` has the rest."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see {self.prog} --help")


def whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from None


def number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a number such as 0.05, got {text!r}")
    return value


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        metavar="URL",
        help="database URL or path of an SQLite file (default: RLCSP_DATABASE_URL, the file named by "
        "RLCSP_DATABASE_URL_FILE, or data/runs.sqlite)",
    )
