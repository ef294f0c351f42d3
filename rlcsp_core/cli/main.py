"""Finds the command, runs it, and turns errors into a sentence and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from rlcsp_core import __version__
from rlcsp_core.cli.options import Parser
from rlcsp_core.cli.output import complain
from rlcsp_core.errors import RLCSPError

BAD_INPUT = 2
DEFECT = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

COMMANDS = (
    "app",
    "energy",
    "relax",
    "potentials",
    "policies",
    "validate",
    "run",
    "resume",
    "refine",
    "sweep",
    "train",
    "field",
    "export",
    "save",
    "load",
    "repeat",
    "warm",
    "work",
)
HIDDEN = ("work",)


def parser_for(commands: Sequence[str]) -> argparse.ArgumentParser:
    parser = Parser(prog="rlcsp", description="Crystal structure prediction by reinforcement learning.")
    parser.add_argument("--version", action="version", version=f"rlcsp {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in commands:
        module = import_module(f"rlcsp_core.cli.{name}")
        title, _, more = (module.__doc__ or "").partition("\n\n")
        title = title.partition(": ")[2]
        listed: dict[str, Any] = {} if name in HIDDEN else {"help": title.rstrip(".")}
        module.add_arguments(subparsers.add_parser(name, description=f"{title}  {more}", **listed))
    return parser


def command() -> None:
    """The installed command `rlcsp`."""
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal need not know Å
    words = list(sys.argv[1:] if arguments is None else arguments)
    # a worker starts the faster the less it loads
    commands = words[:1] if words and words[0] in COMMANDS else COMMANDS
    try:
        parsed = parser_for(commands).parse_args(words)
        return int(import_module(f"rlcsp_core.cli.{parsed.command}").run(parsed))
    except SystemExit as end:  # argparse has said what there is to say
        return end.code if isinstance(end.code, int) else BAD_INPUT
    except RLCSPError as error:
        complain(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has gone; Python would complain again when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:
        traceback.print_exc()
        print(
            "error: this is a defect of the program; please report it with the lines above", file=sys.stderr
        )
        return DEFECT
