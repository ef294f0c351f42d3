"""A worker gives way to the dashboard and to other programs, also where it leads a session of its own."""

import subprocess
import sys

import pytest

from rlcsp_core.execution.worker import AUTOGROUP, NICENESS
from tests.execution.fake import ROOT

NICEST = 19
SEEN = """
import os
from rlcsp_core.execution.worker import AUTOGROUP, let_others_go_first
def group():
    return (AUTOGROUP.read_text().split() if AUTOGROUP.exists() else []) or ["-"]
before = group()[-1]
nice = os.nice(0)
let_others_go_first()
print(nice, os.nice(0), before, group()[-1])
"""


def seen(new_session):
    made = subprocess.run(
        [sys.executable, "-c", SEEN],
        cwd=ROOT,
        start_new_session=new_session,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()


def test_a_worker_that_leads_no_session_leaves_that_of_its_user_alone():
    nice, nicer, before, after = seen(new_session=False)
    assert int(nicer) == min(int(nice) + NICENESS, NICEST)
    assert after == before


GROUPS = AUTOGROUP.exists() and AUTOGROUP.read_text().strip() != ""  # empty where a cgroup schedules instead


@pytest.mark.skipif(not GROUPS, reason="sessions are not scheduled as groups here")
def test_a_worker_that_leads_a_session_lowers_it():
    *_, before, after = seen(new_session=True)
    assert (before, after) == ("0", str(NICENESS))
