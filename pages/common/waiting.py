"""What a run waits for before its first step, in words: compiling, loading, its population, the processor."""

from __future__ import annotations

import time
from typing import NamedTuple

from pages.common.wording import duration, percent
from rlcsp_core.process import cpu_seconds, is_here
from rlcsp_core.relax import is_warm
from rlcsp_core.store import ACTIVE, RunInfo, RunState

LITTLE = 0.4  # of a processor; a worker that has less waits for it
PATIENCE = 8.0  # s before that is said


class Signs(NamedTuple):
    """What tells one kind of waiting from another."""

    compiled: bool  # the kernels, in this copy of the program
    seconds: float  # since the run was taken up
    cpu: float | None  # s that its process has computed; None where that is not known


def signs_of(run: RunInfo) -> Signs:
    """On another machine nothing is known but the time."""
    here = run.process is not None and is_here(run.process)
    cpu = None if run.process is None else cpu_seconds(run.process)
    return Signs(is_warm() or not here, time.time() - (run.started or run.created), cpu)


def waiting(run: RunInfo, signs: Signs | None = None) -> tuple[float, str] | None:
    """The share of the initial population that is there, and what goes on; None from the first step on.

    signs: found here, which reads the table of processes, unless they are given."""
    members, wanted = run.n_population, int(run.config["population"])
    if run.state not in ACTIVE or members >= wanted:
        return None
    signs = signs or signs_of(run)
    population = f"Initial population: {members} of {wanted} random structures relaxed"
    clock = duration(signs.seconds)
    if run.state is RunState.PAUSED:
        words = f"{population}; paused, One step relaxes the next"
    elif members == 0 and not signs.compiled:
        words = f"Compiling the energy engine for this copy of the program, once: {clock} of about a minute"
    elif signs.cpu is not None and signs.seconds > PATIENCE and signs.cpu < LITTLE * signs.seconds:
        words = (
            f"Waiting for the processor, which other programs use: {duration(signs.cpu)} of computing "
            f"in {clock}. {population}"
        )
    elif members == 0:
        words = f"Loading the engine: {clock}"
    else:
        words = population
    return members / wanted, words


def starved(share: float | None) -> str | None:
    """The sentence of a search whose process has had `share` of a processor lately."""
    if share is None or share >= LITTLE:
        return None
    return f"Waiting for the processor: other programs leave this search {percent(share)} of it."
