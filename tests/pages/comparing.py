"""How long each view of Compare takes on the server: `python -m tests.pages.comparing DATABASE`.

Fills the database, if it is not there, with 200 made-up runs of 2000 steps (five labels, forty seeds), then runs the
page's own script without a browser.  Prints one JSON object a view; the first load also loads libraries.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from rlcsp_core.records import StopRecord
from rlcsp_core.store import open_store
from tests.pages.conftest import ROOT
from tests.store.examples import CONFIG, member, step

ALGORITHMS = ("rlcsp", "npg", "ppo", "uniform", "original")
SEEDS, STEPS, LOADS = 40, 2000, 5
VIEWS = {  # by what the address says
    **{
        name: ("Details", "detail", name)
        for name in ("Averages", "Moves, generations", "Settings", "Ablation study")
    },
    **{name: ("Curves", "curve", name) for name in ("Energy", "Target")},
}


def fill(path: str) -> None:
    store, rng = open_store(path), np.random.default_rng(1)
    for seed in range(SEEDS):
        for algorithm in ALGORITHMS:
            config = {**CONFIG, "algorithm": algorithm, "seed": seed, "steps": STEPS, "target": -20.34}
            claim = store.create_claimed(config, name=algorithm, experiment="big")
            records = [
                step(n, rng, float(rng.normal(-20, 0.1)), False, n % 50 == 0) for n in range(1, STEPS + 1)
            ]
            members = [member(i, rng, -19.0) for i in range(10)]
            store.append(claim, [*members, *records, StopRecord("steps", STEPS, None)], None)
    store.close()


def load(view: str) -> tuple[float, float, int]:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300.0).run()
    page.query_params["experiment"] = "big"
    page.query_params["view"], choice, name = VIEWS[view]
    page.query_params[choice] = name
    page.switch_page("pages/compare/page.py")
    wall, cpu = time.perf_counter(), time.process_time()
    page.run()
    return time.perf_counter() - wall, time.process_time() - cpu, len(page.exception) + len(page.error)


def main() -> int:
    os.environ["RLCSP_DATABASE_URL"] = path = sys.argv[1]
    if not Path(path).exists():
        fill(path)
    first = load("Averages")
    print(
        json.dumps({"view": "first load", "seconds": round(first[0], 2), "cpu_seconds": round(first[1], 2)})
    )
    for view in VIEWS:
        loads = [load(view) for _ in range(LOADS)]
        wall, cpu = (round(statistics.median(times), 2) for times in list(zip(*loads, strict=True))[:2])
        result = {"view": view, "seconds": wall, "cpu_seconds": cpu, "errors": loads[-1][2]}
        print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
