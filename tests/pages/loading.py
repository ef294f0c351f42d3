"""How long pages take on the server with a database as large as it may get: `python -m tests.pages.loading DATABASE`.

Runs the pages' own scripts, without a browser, on the run with the most steps.  The first load of a page also loads
libraries and fills caches; the median is of those after it.  Prints one JSON object a page.
"""

import json
import os
import statistics
import sys
import time

from streamlit.testing.v1 import AppTest

from rlcsp_core.store import open_store
from tests.pages.conftest import ROOT

LOADS = 3
LIMIT = 300.0  # s
PAGES = ("app.py", *sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("[0-9]*.py")))


def seconds(file: str, run_id: str) -> tuple[float, int]:
    """Of one load by a new visitor, and how many errors the page shows."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=LIMIT)
    page.query_params["run"] = run_id
    if file != "app.py":
        page.switch_page(file)
    began = time.perf_counter()
    page.run()
    return time.perf_counter() - began, len(page.exception) + len(page.error)


def main() -> int:
    os.environ["RLCSP_DATABASE_URL"] = sys.argv[1]
    store = open_store(sys.argv[1])
    longest = max(store.runs(), key=lambda run: run.n_steps)
    print(json.dumps({"longest_run": longest.id, "steps": longest.n_steps}))
    for file in PAGES:
        first, _ = seconds(file, longest.id)
        loads = [seconds(file, longest.id) for _ in range(LOADS)]
        median = statistics.median(time for time, _ in loads)
        result = {
            "first_seconds": round(first, 2),
            "median_seconds": round(median, 2),
            "errors": loads[-1][1],
        }
        print(json.dumps({"page": file, **result}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
