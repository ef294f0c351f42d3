"""`work RUN`: the process of one run, started by the run manager; not meant to be typed."""

from __future__ import annotations

import argparse

from rlcsp_core.execution.worker import work


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", metavar="RUN")


def run(arguments: argparse.Namespace) -> int:
    return work(arguments.run_id)
