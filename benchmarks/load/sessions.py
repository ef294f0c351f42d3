"""Many sessions watch a few running searches, and click.

`python -m benchmarks.load.sessions` starts the dashboard, four searches in worker processes as the dashboard starts
them, and twenty sessions without a browser that each watch one of the four live.  Four times a minute each session
clicks: it chooses in the form beside its run, turns to another run, or to another page and back.  A click takes until
the server has sent the whole page; drawing, which browsers do on machines of their own, is not included.  Prints one
JSON object for each kind of click, and one for the whole.

`--looking --sessions 80 --runs 1` is a lecture hall: all watch one search, nobody clicks, and what counts is the
longest time that a session waits for the next look at it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil

from benchmarks.load.visitor import Visitor
from rlcsp_core.execution import RunManager
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import open_store
from tests.browser.dashboard import cpu_seconds, serving

COMPOSITIONS = ("Y2O3", "SrTiO3", "Y2O3", "SrTiO3")
ALGORITHMS = ("rlcsp", "ppo", "npg", "uniform")
PAUSE = (5.0, 25.0)  # s between two clicks of one session
PAGES = ("Structures", "Policy", "Replay", "Compare", "")
FORM = "Run a second search side by side"
BEGINNING = 5.0  # s for the server, which reads ahead
WARMING = 15.0  # s for searches to begin and sessions to have opened their pages
LOG_SHOWN = 8000  # characters of what the server wrote, where something went wrong
LIMIT = 1.5  # s a click may take
LONGEST_LOOK = 3.0  # s between two looks at a run

Clicks = dict[str, list[float]]


@contextmanager
def searching(url: str, number: int) -> Iterator[list[str]]:
    """Ids of so many searches, at work as long as this lasts."""
    manager = RunManager(url, limit=number)
    try:
        yield [
            manager.start(
                SearchConfig(
                    composition=COMPOSITIONS[i % 4],
                    algorithm=ALGORITHMS[i % 4],
                    seed=i,
                    steps=200_000,
                    max_atoms=20,
                ).as_dict()
            )
            for i in range(number)
        ]
    finally:
        manager.close()


async def session(
    url: str, runs: Sequence[str], seed: int, end: float, clicks: Clicks, looking: bool
) -> Visitor:
    """Watch a run until the end, and click unless it is only looking."""
    rng = random.Random(seed)
    async with Visitor(url) as visitor:
        await asyncio.sleep(rng.uniform(0, WARMING / 2))
        await visitor.open("Search", run=runs[seed % len(runs)])
        await asyncio.sleep(WARMING / 2)
        if looking:
            await asyncio.sleep(max(0.0, end - time.monotonic()))
            return visitor
        while time.monotonic() < end:
            await asyncio.sleep(rng.uniform(*PAUSE))
            kind = rng.choice(["choice in the form", "another run", "another page"])
            if kind == "choice in the form":
                if "Algorithm" not in visitor.widgets:
                    clicks["form opened"].append(await visitor.unfold(FORM))
                taken = await visitor.choose("Algorithm", rng.choice(visitor.options.get("Algorithm", [""])))
            elif kind == "another run":
                taken = await visitor.open("Search", run=rng.choice(runs))
            else:
                run = runs[seed % len(runs)]
                page = rng.choice(PAGES)
                kind = f"page {page or 'Home'}"
                taken = await visitor.open(page, run=run)
                await asyncio.sleep(rng.uniform(*PAUSE))
                back = await visitor.open("Search", run=run)
                clicks["back to the run"].append(back)
            clicks[kind].append(taken)
    return visitor


async def crowd(
    url: str, runs: Sequence[str], number: int, seconds: float, looking: bool
) -> tuple[Clicks, list[Visitor], list[BaseException]]:
    """Clicks, the sessions that came to the end, and why the others did not."""
    clicks: Clicks = defaultdict(list)
    end = time.monotonic() + WARMING + seconds
    sessions = (session(url, runs, seed, end, clicks, looking) for seed in range(number))
    ended = await asyncio.gather(*sessions, return_exceptions=True)
    visitors = [each for each in ended if isinstance(each, Visitor)]
    return clicks, visitors, [each for each in ended if isinstance(each, BaseException)]


def waits_of(visitor: Visitor, ended: float) -> list[float]:
    """Seconds between two looks, from when its page was first there."""
    looks = [*(look for look in visitor.looks if look < ended), ended]
    return [after - before for before, after in pairwise(looks)]


def summary(times: Sequence[float]) -> dict[str, float | int]:
    if not times:
        return {"clicks": 0, "over_limit": 0}
    return {
        "clicks": len(times),
        "median": round(float(np.median(times)), 2),
        "95_percent_below": round(float(np.quantile(times, 0.95)), 2),
        "longest": round(max(times), 2),
        "over_limit": sum(each >= LIMIT for each in times),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--looking", action="store_true", help="nobody clicks")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as dashboard,
        searching(str(dashboard.database), asked.runs) as runs,
    ):
        time.sleep(BEGINNING)
        before_mb = round(psutil.Process(dashboard.pid).memory_info().rss / 1e6)
        before, began = cpu_seconds(dashboard.pid), time.monotonic()
        clicks, visitors, lost = asyncio.run(
            crowd(dashboard.url, runs, asked.sessions, asked.seconds, asked.looking)
        )
        took = time.monotonic() - began
        memory = [before_mb, round(psutil.Process(dashboard.pid).memory_info().rss / 1e6)]
        busy = (cpu_seconds(dashboard.pid) - before) / took
        store = open_store(str(dashboard.database))
        steps = [store.run(run).n_steps for run in runs]
        store.close()
        if any(visitor.exceptions for visitor in visitors) or lost:
            print((Path(folder) / "server.log").read_text()[-LOG_SHOWN:], file=sys.stderr)
    for kind, times in sorted(clicks.items()):
        print(json.dumps({"click": kind, **summary(times)}))
    ended = began + WARMING + asked.seconds
    waits = [wait for each in visitors for wait in waits_of(each, ended)] or [0.0]
    whole = {
        **summary([each for times in clicks.values() for each in times]),
        "sessions": asked.sessions,
        "sessions_lost": [str(error) or type(error).__name__ for error in lost],
        "ends_of_pages_dropped": sum(visitor.dropped for visitor in visitors),
        "steps_of_the_runs": steps,
        "looks_a_second_and_session": round(
            sum(len(visitor.looks) for visitor in visitors) / took / asked.sessions, 2
        ),
        "seconds_between_looks": round(float(np.median(waits)), 2),
        "99_percent_of_looks_within": round(float(np.quantile(waits, 0.99)), 2),
        "longest_seconds_between_looks": round(max(waits), 2),
        "cores_the_server_used": round(busy, 2),
        "memory_of_the_server_mb": memory,
        "load_of_the_machine": os.getloadavg()[0],
        "exceptions": [text for visitor in visitors for text in visitor.exceptions],
    }
    print(json.dumps(whole))
    late = asked.looking and max(waits) > LONGEST_LOOK
    return int(bool(late or whole["over_limit"] or whole["exceptions"] or lost))


if __name__ == "__main__":
    sys.exit(main())
