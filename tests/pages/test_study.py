"""The study of additions on the Compare page: several compositions below each other, nothing pooled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.compare.summary import _interval
from rlcsp_core.analysis.compare import Estimate
from rlcsp_core.records import StopRecord
from rlcsp_core.store import Store
from tests.store.examples import CONFIG, member, step

pytestmark = pytest.mark.slow

Opened = Callable[..., AppTest]
VIEW = {"view": "Details", "detail": "Ablation study"}
TARGET = -26.5


def run_of(
    store: Store, label: str, seed: int, hit: int, target: float | None, composition: str = "Y2O3"
) -> None:
    config = {**CONFIG, "composition": composition, "seed": seed, "target": target, "note": label}
    claim = store.create_claimed(config, name=label, experiment="study")
    rng = np.random.default_rng(seed)
    records = [step(n, rng, TARGET if n == hit else -26.0) for n in range(1, hit + 1)]
    store.append(claim, [member(0, rng, -25.0), *records, StopRecord("target", hit, hit)], None)


def test_the_table_has_a_row_for_each_configuration_and_composition(
    opened: Opened, empty_store: Store
) -> None:
    for seed, hit in enumerate((4, 6)):
        run_of(empty_store, "Y2O3 · nine", seed, hit * 2, TARGET)
        run_of(empty_store, "Y2O3 · fast", seed, hit, TARGET)
        run_of(empty_store, "SrY2O4 · fast", seed, hit, TARGET, "SrY2O4")
    page = opened("pages/compare/page.py", experiment="study", **VIEW, against="nine")
    assert not page.exception
    table = page.dataframe[0].value
    assert list(table["composition"]) == ["Y₂O₃", "Y₂O₃", "SrY₂O₄"]
    assert list(table["configuration"]) == ["nine", "fast", "fast"]
    assert list(table["reached"]) == ["2 of 2"] * 3
    assert table["mean steps"][0].startswith("10 (")
    assert table["steps, ratio"][0] == "1 (reference)"
    assert table["steps, ratio"][1].startswith("0.5 (")
    assert list(table["paper's N_mean"]) == ["37789", "37789", "24094"]


def test_runs_without_a_target_are_counted_and_left_out(opened: Opened, empty_store: Store) -> None:
    run_of(empty_store, "nine", 1, 5, TARGET)
    run_of(empty_store, "nine", 2, 5, None)
    page = opened("pages/compare/page.py", experiment="study", **VIEW)
    assert page.dataframe[0].value["reached"][0] == "1 of 1"
    assert any("1 of the 2 chosen runs had no target" in caption.value for caption in page.caption)


def test_runs_without_any_target_get_a_sentence(opened: Opened, empty_store: Store) -> None:
    run_of(empty_store, "nine", 2, 5, None)
    page = opened("pages/compare/page.py", experiment="study", **VIEW)
    assert not page.exception
    assert "no target energy" in page.info[0].value


def test_a_view_without_an_experiment_shows_what_a_newcomer_sees(opened: Opened) -> None:
    page = opened("pages/compare/page.py", view="Curves")
    assert not page.exception
    assert not page.info
    assert page.query_params["experiment"] in ("additions (shipped)", ["additions (shipped)"])
    assert page.segmented_control(key="url-view").value == "Curves"
    assert any("one addition at a time" in caption.value for caption in page.caption), "what it is for"
    page = page.multiselect(key="compare-experiments").set_value([]).run()
    assert "Choose experiments" in page.info[0].value, "what the reader has cleared stays clear"
    assert not page.multiselect(key="compare-experiments").value
    assert not page.run().multiselect(key="compare-experiments").value


def test_a_result_of_one_compound_says_what_its_seeds_say(opened: Opened) -> None:
    page = opened("pages/compare/page.py", view="Result", of="report-judged (shipped)")
    assert not page.exception
    assert any("no transfer" in caption.value for caption in page.caption), "what it is for"
    told = [
        line for each in page.markdown for line in each.value.splitlines() if "over the seeds" in line.lower()
    ]
    assert len(told) == 6  # each of the others against Uniform
    assert all("Uniform" in words for words in told)


def test_no_interval_stands_where_nothing_varies() -> None:
    assert _interval(Estimate(-27.35407, -27.354070001, -27.354069999, 20), 5) == "−27.35407"
    assert _interval(Estimate(-27.35407, -27.4, -27.3, 20), 2) == "−27.35 ± 0.05"
    assert _interval(Estimate(None, None, None, 0), 2) == "–"
