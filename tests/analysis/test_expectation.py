"""What to expect of a search: shares and medians of equal ones, none left out because it failed."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pages.common.wording import expected_in_words
from rlcsp_core.analysis.expectation import Expectation, expectation, from_outcomes, of_fast
from rlcsp_core.search import SearchConfig
from rlcsp_core.store import RunInfo, RunState

MINE = SearchConfig(composition="Y2O3", target=-27.4, steps=100)


def ended(target_step: int | None, elapsed: float = 1.0, **settings: object) -> RunInfo:
    config = {**MINE.as_dict(), "steps": 1000, **settings}
    return RunInfo(
        id="r", name="r", experiment="e", state=RunState.FINISHED, reason="steps", config=config, versions={},
        created=0.0, started=0.0, ended=1.0, n_population=1, n_population_failed=0, n_steps=target_step or 1000,
        elapsed=elapsed, best_energy=-27.0, best_step=1, target_step=target_step, tally={},
    )  # fmt: skip


def test_shares_and_medians_are_of_equal_searches_within_the_steps_to_come() -> None:
    runs = [ended(20, 2.0, seed=1), ended(40, 4.0, seed=2), ended(60, 9.0, seed=3), ended(400), ended(None)]
    others = [ended(1, kT=0.5), ended(1, composition="SrO"), ended(1, target=-27.0), ended(1, steps=50)]
    assert expectation([*runs, *others], MINE) == Expectation(n=5, reached=3, seconds=4.0, steps=40)


def test_a_run_of_an_earlier_version_has_the_defaults_of_what_it_did_not_know() -> None:
    run = ended(20)
    run = replace(run, config={name: value for name, value in run.config.items() if name != "potential"})
    assert expectation([run], MINE) is not None
    assert expectation([run], replace(MINE, potential="lewis-catlow")) is None


def test_nothing_is_expected_without_a_target_or_without_runs() -> None:
    assert expectation([ended(20)], replace(MINE, target=None)) is None
    assert expectation([], MINE) is None


@pytest.mark.parametrize(("found", "words"), [
    (Expectation(20, 19, 7.2, 246.5), "95 % reached the target, in 7 s and 246 steps"),
    (Expectation(20, 0, None, None), "none reached the target in so many steps"),
])  # fmt: skip
def test_it_is_said_in_one_sentence(found: Expectation, words: str) -> None:
    assert words in expected_in_words(found)


def test_outcomes_say_what_to_expect() -> None:
    rows = [("Y2O3", "b", steps, steps < 300, steps / 100) for steps in (10, 20, 60, 300)]
    table = pd.DataFrame([*rows, ("MgO", "b", 1, True, 1.0), ("Y2O3", "a", 1, True, 1.0)],
                         columns=["composition", "label", "steps", "reached", "cpu"])  # fmt: skip
    assert from_outcomes(table, "b", "Y2O3", 1000) == Expectation(n=4, reached=3, seconds=0.2, steps=20)
    assert from_outcomes(table, "b", "Y2O3", 30) == Expectation(
        n=4, reached=2, seconds=pytest.approx(0.15), steps=15
    )
    assert from_outcomes(table, "b", "Y2O3", 5) == Expectation(n=4, reached=0, seconds=None, steps=None)
    assert from_outcomes(table, "b", "CaO", 5) is None


def test_the_first_preset_of_the_form_has_shipped_searches() -> None:
    found = of_fast("Y2O3")
    assert found is not None
    assert found.reached == found.n == 20
