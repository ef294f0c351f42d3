"""`app`: the dashboard in a browser on this machine; its address is printed, Ctrl-C ends it."""

from __future__ import annotations

import argparse
import os
import sys

from rlcsp_core.cli.options import whole
from rlcsp_core.cli.progress import compile_once
from rlcsp_core.errors import ConfigError
from rlcsp_core.execution.processes import THREADS
from rlcsp_core.paths import ROOT

PORT, MOST = 8501, 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=whole, default=PORT, help=f"where it answers (default: {PORT})")


def run(arguments: argparse.Namespace) -> int:
    if not 0 < arguments.port <= MOST:
        raise ConfigError(f"--port must lie between 1 and {MOST}, got {arguments.port}")
    compile_once()
    # -P: a file in the working directory must not stand in for a library
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(ROOT / "serve.py")]
    command += ["--server.port", str(arguments.port)]
    sys.stdout.flush()
    # pages compute little: the cores are for the searches
    os.execve(sys.executable, command, {**dict.fromkeys(THREADS, "1"), **os.environ})
