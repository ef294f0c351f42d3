"""Runs of the fake search, and waiting for what other processes do."""

import sys
import time
from pathlib import Path

from tests.patience import STARTING

ROOT = Path(__file__).resolve().parents[2]
FAKE_WORKER = Path(__file__).with_name("fake_worker.py")


def fake_command(run_id):
    return [sys.executable, str(FAKE_WORKER), run_id]


def fake_config(steps=20, seed=1, **settings):
    return {"composition": "Y2O3", "algorithm": "rlcsp", "seed": seed, "steps": steps, "settings": settings}


def wait_until(condition, what="the condition"):
    end = time.monotonic() + STARTING
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come about")
