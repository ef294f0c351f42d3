"""What to expect of a search: shares and medians of equal ones, none left out because it failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pages.common.wording import expected_in_words
from rlcsp_core.analysis.expectation import Expectation, expectation
from rlcsp_core.crystal.composition import presets
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.presets import fast
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
    (Expectation(20, 19, 7.2, 246.5), "95% reached the target, in 7 s and 246 steps"),
    (Expectation(20, 0, None, None), "none reached the target in so many steps"),
])  # fmt: skip
def test_it_is_said_in_one_sentence(found: Expectation, words: str) -> None:
    assert words in expected_in_words(found)


def test_the_first_preset_of_the_form_has_shipped_searches() -> None:
    from rlcsp_core.store.library import archives_in

    runs = [run for archive in archives_in()[0].values() for run in archive.runs()]
    found = expectation(runs, fast(presets()["Y2O3"]))
    assert found is not None
    assert found.reached == found.n == 20
