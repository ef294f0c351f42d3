"""How long the dashboard takes to send its pages, with a database as large as it may get.

`python -m benchmarks.load.pages DATABASE` starts a server of its own for each page, waits until it answers, and visits
the page with the run of most steps as its first visitor and then as later ones: sessions without a browser, so that
drawing is not included.  Prints one JSON object a page: seconds by the clock, and of the server's CPU, which other
programs on the machine do not lengthen.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.load.visitor import Visitor
from rlcsp_core.store import open_store
from tests.browser.dashboard import Dashboard, cpu_seconds, serving

LATER = 3  # visits after the first
PAGES = ("", "Demo", "Search", "Compare", "Structures", "Field", "Replay", "Policy", "Learn")


async def visit(dashboard: Dashboard, page: str, run: str) -> tuple[float, float]:
    """Seconds by the clock and of CPU until the whole page is sent."""
    before = cpu_seconds(dashboard.pid)
    async with Visitor(dashboard.url) as visitor:
        seconds = await visitor.open(page, run=run)
        if visitor.exceptions:
            raise SystemExit(f"{page or 'Home'} failed: {visitor.exceptions[0]}")
    return seconds, cpu_seconds(dashboard.pid) - before


def main() -> int:
    store = open_store(sys.argv[1])
    longest = max(store.runs(), key=lambda run: run.n_steps)
    store.close()
    print(json.dumps({"longest_run": longest.id, "steps": longest.n_steps}))
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder), Path(sys.argv[1])) as dashboard:
            first, *later = (asyncio.run(visit(dashboard, page, longest.id)) for _ in range(1 + LATER))
        later_clock, later_cpu = (statistics.median(times) for times in zip(*later, strict=True))
        result = {
            "first_seconds": round(first[0], 2),
            "first_cpu": round(first[1], 2),
            "later_seconds": round(later_clock, 2),
            "later_cpu": round(later_cpu, 2),
        }
        print(json.dumps({"page": page or "Home", **result}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
