"""`warm`: compile the engine now, once for each version, so that nothing waits for it later: half a minute."""

from __future__ import annotations

import argparse

from rlcsp_core.cli.progress import compile_once


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """None."""


def run(_arguments: argparse.Namespace) -> int:
    compile_once()
    return 0
