"""The section of shared policies on the page Policy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from streamlit.testing.v1 import AppTest

from rlcsp_core.store import RunState, Store
from tests.pages.conftest import SMALL

FILE = "pages/policy/page.py"
NAME = "ours *and* <b>theirs</b>"


def sentences(page: AppTest) -> str:
    return " ".join(str(each.value) for each in [*page.error, *page.info])


def test_without_one_there_is_no_word_of_them(opened: Callable[..., AppTest]) -> None:
    page = opened(FILE)
    assert not page.exception
    assert not page.error
    assert "hared polic" not in sentences(page)


def test_updates_of_all_runs_are_counted(empty_store: Store, opened: Callable[..., AppTest]) -> None:
    claims = [empty_store.create_claimed(SMALL.as_dict(), name=str(k), policy=NAME) for k in range(3)]
    for claim in claims:  # ended, so that no page sets them to work
        empty_store.end(claim, RunState.STOPPED, "user")
    ids = [claim.run_id for claim in claims]
    empty_store.create_policy(NAME, np.zeros((9, 2)))
    page = opened(FILE)
    assert "3 runs have named this policy" in sentences(page)
    for step in range(1, 8):
        empty_store.add_to_policy(NAME, np.full((9, 2), 0.1), run_id=ids[step % 2], step=step)
    empty_store.delete_run(ids[1])
    page = opened(FILE)
    assert not page.exception
    values = {metric.label: metric.value for metric in page.metric}
    assert (values["Updates"], values["Runs"]) == ("7", "3")
    assert values["‖θ‖"] == f"{0.7 * 18**0.5:.3g}"
    assert values["Entropy (nats)"] == f"{np.log(9):.3f}"
    [table] = [each.value for each in page.dataframe if "updates" in each.value]
    assert table["updates"].tolist() == [4, 3, 0]
    assert table["run"][0] == f"deleted run {ids[1]}"
