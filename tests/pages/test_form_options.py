"""Options beyond the published method: they are those of the engine, and reach the configuration of the run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rlcsp_core.search import SearchConfig
from rlcsp_core.store import Store

pytestmark = pytest.mark.slow

Opened = Callable[..., AppTest]


def start(page: AppTest) -> AppTest:
    page = next(b for b in page.button if b.label == "Start search").click().run()
    assert not page.exception
    assert not page.error
    return page


def ending(widgets: object, end: str) -> str:
    return next(widget.key for widget in widgets if widget.key and widget.key.endswith(end))  # type: ignore[attr-defined]


def test_untouched_they_change_nothing(opened: Opened, empty_store: Store) -> None:
    start(opened("pages/search/page.py"))
    config = empty_store.runs()[0].config
    default = SearchConfig().as_dict()
    for name in ("features", "policy", "parallel"):
        assert config[name] == default[name]


def test_they_reach_the_configuration(opened: Opened, empty_store: Store, finished_run: str) -> None:
    page = opened("pages/search/page.py")
    page.text_input(key=ending(page.text_input, "-parallel")).set_value("2")
    page.selectbox(key=ending(page.selectbox, "-policy-published-published")).set_value(finished_run)
    start(page.run())
    run = next(run for run in empty_store.runs() if run.id != finished_run)
    learned = empty_store.updates(finished_run).theta[-1]
    assert run.config["parallel"] == 2
    theta = run.config["policy"]["theta"]
    assert [theta[str(number)] for number in (1, 2, 3, 4, 5, 6, 7, 9, 10)] == learned.tolist()


def test_other_features_leave_no_policy_that_does_not_fit(
    opened: Opened, empty_store: Store, finished_run: str
) -> None:
    page = opened("pages/search/page.py")
    page = page.selectbox(key=ending(page.selectbox, "-features")).set_value("structure").run()
    offered = page.selectbox(key=ending(page.selectbox, "-policy-published-structure")).options
    assert len(offered) == 1
    start(page)
    run = next(run for run in empty_store.runs() if run.id != finished_run)
    assert run.config["features"] == "structure"


def test_a_fixed_policy_has_no_features_and_no_start(opened: Opened) -> None:
    page = opened("pages/search/page.py")
    page = page.selectbox(key=ending(page.selectbox, "-algorithm")).set_value("uniform").run()
    assert not [box.key for box in page.selectbox if box.key and box.key.endswith("-features")]


def test_fast_keeps_near_its_prior(opened: Opened, empty_store: Store) -> None:
    page = opened("pages/search/page.py")
    page = page.segmented_control(key="new-manner").set_value("Fast").run()
    start(page)
    assert empty_store.runs()[0].config["settings"] == {"learning_rate": 1e-5}


def test_a_search_shares_the_policy_that_is_named(opened: Opened, empty_store: Store) -> None:
    page = opened("pages/search/page.py")
    page.text_input(key=ending(page.text_input, "-shared")).set_value("ours")
    start(page)
    assert [run.policy for run in empty_store.runs()] == ["ours"]


def test_a_policy_of_other_actions_is_refused_with_a_sentence(opened: Opened, empty_store: Store) -> None:
    empty_store.create_policy("ours", np.zeros((14, 2)))
    page = opened("pages/search/page.py")
    page.text_input(key=ending(page.text_input, "-shared")).set_value("ours")
    page = next(b for b in page.button if b.label == "Start search").click().run()
    assert not page.exception
    assert "14 actions and 2 features, this search 9 and 2" in page.error[0].value
    assert empty_store.runs() == []
