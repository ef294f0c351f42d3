"""`warm`: compile the kernels now, so that nothing waits for it later."""

from __future__ import annotations

import argparse

from rlcsp_core.cli.progress import compile_once


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    subparsers.add_parser("warm", help="compile the engine now (once for each version, about half a minute)")


def run(_arguments: argparse.Namespace) -> int:
    compile_once()
    return 0
