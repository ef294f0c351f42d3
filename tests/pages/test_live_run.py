"""What the panel of a run says of it: what it waits for, who is ahead, how fast it is, how to run it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.common.sitemap import POLICY
from pages.common.waiting import Signs, starved, waiting
from pages.common.wording import above_target, ahead, duration, number, signed, typeset
from pages.search import ending
from pages.search.live_view import COMPACT, view_of
from pages.search.run_downloads import elsewhere
from rlcsp_core.analysis.verdict import Verdict
from rlcsp_core.crystal.composition import presets
from rlcsp_core.crystal.known import experiment
from rlcsp_core.records import PopulationRecord
from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.search.presets import fast
from rlcsp_core.store import Claim, RunInfo, RunState, Store
from tests.pages.conftest import SMALL

pytestmark = pytest.mark.slow

Opened = Callable[..., AppTest]
SEARCH = "pages/search/page.py"
FED = Signs(compiled=True, seconds=20.0, cpu=19.0)


@pytest.fixture
def starting(empty_store: Store) -> RunInfo:
    """A run that has been claimed and has not begun."""
    claim = empty_store.create_claimed(SMALL.as_dict(), name="new")
    assert claim is not None
    return empty_store.run(claim.run_id)


def test_compiling_loading_and_starving_are_told_apart_and_have_a_clock(starting: RunInfo) -> None:
    compiling = waiting(starting, FED._replace(compiled=False, seconds=83.0))
    loading = waiting(starting, FED._replace(seconds=3.0, cpu=1.0))
    starving = waiting(starting, FED._replace(seconds=60.0, cpu=2.0))
    assert compiling is not None
    assert loading is not None
    assert starving is not None
    assert compiling[1].startswith("Compiling")
    assert "1 min 23 s" in compiling[1]
    assert loading[1] == "Loading the engine: 3 s"
    assert starving[1].startswith("Waiting for the processor")
    assert "2 s of computing in 1 min 00 s" in starving[1]
    assert waiting(starting, FED._replace(cpu=None))[1].startswith("Loading")  # type: ignore[index]


def test_the_initial_population_is_followed_in_a_pause_too(starting: RunInfo) -> None:
    part = replace(starting, n_population=3)
    assert waiting(part, FED) == (3 / 8, "Initial population: 3 of 8 random structures relaxed")
    paused = waiting(replace(part, state=RunState.PAUSED), FED._replace(cpu=0.1))
    assert paused == (
        3 / 8,
        "Initial population: 3 of 8 random structures relaxed; paused, One step relaxes the next",
    )
    assert waiting(replace(part, n_population=8), FED) is None
    assert waiting(replace(part, state=RunState.STOPPED), FED) is None


def test_a_search_that_lacks_the_processor_says_so() -> None:
    assert starved(None) is None
    assert starved(0.97) is None
    assert "12 %" in (starved(0.12) or "")


def test_a_pause_in_the_population_shows_its_progress(opened: Opened, empty_store: Store) -> None:
    claim = empty_store.create_claimed(SMALL.as_dict(), name="paused")
    assert claim is not None
    members = [r for r in Search(SMALL) if isinstance(r, PopulationRecord)]
    empty_store.append(claim, members[:1], {})
    empty_store.mark(claim, RunState.PAUSED)
    page = opened(SEARCH, run=claim.run_id)
    assert not page.exception
    assert any("1 of 8" in each.proto.text for each in page.get("progress"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.7, "1 min 00 s"),
        (119.6, "2 min 00 s"),
        (3599.6, "1 h 00 min"),
        (7199.0, "2 h 00 min"),
        (5430.0, "1 h 30 min"),
    ],
)
def test_durations_are_rounded_first_and_split_then(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_numbers_have_a_true_minus_and_none_before_a_zero() -> None:
    assert number(-27.354071, 5) == "−27.35407"
    assert number(-0.001, 2) == signed(-0.001, 2) == "0.00"
    assert signed(3.0, 1) == "+3.0"
    assert above_target(-27.35407, -27.39462) == "40.55 meV/atom above the target"
    assert above_target(-27.4, -27.39462) == "5.38 meV/atom below the target"
    assert above_target(-27.39462, -27.394619) == "at the target"


def test_formulas_have_lowered_digits_wherever_they_stand() -> None:
    assert (
        typeset("Sr4Ti3O10 · NPG, learned on Y2TiO5, seed 12")
        == "Sr₄Ti₃O₁₀ · NPG, learned on Y₂TiO₅, seed 12"
    )
    assert typeset("run 5a2238edb, Ia-3 (206), O2") == "run 5a2238edb, Ia-3 (206), O2"


def test_somebody_is_ahead(empty_store: Store, finished_run: str) -> None:
    run = empty_store.run(finished_run)
    lower = replace(run, id="b", config={**run.config, "seed": 2}, best_energy=run.best_energy - 0.01)
    assert (
        ahead([run, lower])
        == "Y₂O₃ · NPG · seed 2 is ahead: 10.00 meV/atom lower, after 60 steps against 60."
    )
    assert ahead([run, run]).startswith("Nobody")
    assert ahead([run, replace(run, best_energy=None)]).startswith("Nobody")
    assert ahead([replace(run, target_step=40), replace(lower, target_step=66)]).startswith(
        "Y₂O₃ · NPG · seed 1"
    )
    assert "cannot be compared" in ahead([run, replace(run, config={**run.config, "composition": "Y2TiO5"})])


def test_charts_side_by_side_have_the_same_axes(empty_store: Store, finished_run: str) -> None:
    run = empty_store.run(finished_run)
    other = SearchConfig(steps=5, population=2, max_atoms=5, seed=9)
    claim = empty_store.create_claimed(other.as_dict(), name="other")
    assert claim is not None
    empty_store.append(claim, list(Search(other)), None)
    runs = [run, empty_store.run(claim.run_id)]
    axes = [
        _axes(view_of(empty_store, each, COMPACT, [o for o in runs if o is not each]).energies)
        for each in runs
    ]
    assert axes[0] == axes[1]
    assert axes[0]["xaxis"]["include"] == [-7, 60]


def _axes(figure: str) -> dict[str, object]:
    layout = json.loads(figure)["layout"]
    return {name: layout[name]["autorangeoptions"] for name in ("xaxis", "yaxis")}


def test_side_by_side_has_a_key_a_word_and_structures(
    opened: Opened, finished_run: str, empty_store: Store
) -> None:
    again = empty_store.create_claimed({**SMALL.as_dict(), "seed": 2}, name="again")
    assert again is not None
    empty_store.append(again, list(Search(replace(SMALL, seed=2))), None)
    page = opened(SEARCH, run=[finished_run, again.run_id])
    assert not page.exception
    assert any("ahead" in each.value for each in page.markdown)
    assert any("Renew, any size" in each.proto.body for each in page.get("html"))
    assert len([each for each in page.caption if each.value.startswith("Best structure")]) == 2


def test_the_speed_of_an_ended_run_is_its_steps_over_its_time(
    opened: Opened, finished_run: str, empty_store: Store
) -> None:
    run = empty_store.run(finished_run)
    shown = next(each for each in opened(SEARCH, run=finished_run).metric if each.label == "Steps")
    assert f"in {duration(run.elapsed)}, {run.n_steps / run.elapsed:.1f} a second" in shown.delta


def test_the_policy_beside_a_run_is_its_own_or_the_one_it_follows(empty_store: Store) -> None:
    follower = fast(presets()["Y2O3"])
    for config, query in (
        (replace(SMALL, algorithm="npg"), {"run": "npg"}),
        (follower, {"policy": "without-Y2O3"}),
        (replace(SMALL, algorithm="uniform"), None),
    ):
        claim = empty_store.create_claimed(config.as_dict(), name="any")
        assert claim is not None
        run = replace(empty_store.run(claim.run_id), id="npg")
        assert dict(elsewhere(run)).get(POLICY) == query


def test_the_policy_of_a_run_that_learns_none_is_not_that_of_another(
    opened: Opened, empty_store: Store
) -> None:
    claim = empty_store.create_claimed(replace(SMALL, algorithm="uniform").as_dict(), name="any")
    assert claim is not None
    page = opened("pages/policy/page.py", run=claim.run_id)
    assert not page.exception
    assert any(claim.run_id in each.value and "learns no policy" in each.value for each in page.info)


def test_run_it_again_takes_the_next_seed(opened: Opened, finished_run: str, empty_store: Store) -> None:
    page = opened(SEARCH, run=finished_run)
    page = next(b for b in page.button if b.label == "Run it again").click().run()
    assert not page.exception
    newest = empty_store.runs()[0]
    assert newest.seed == SMALL.seed + 1
    assert {**newest.config, "seed": SMALL.seed} == SMALL.as_dict()
    assert page.query_params["run"] in (newest.id, [newest.id])
    empty_store.request(newest.id, "stop")


def test_energies_of_a_single_structure_are_not_cut_off(empty_store: Store) -> None:
    members = [r for r in Search(SMALL) if isinstance(r, PopulationRecord)]
    claim = empty_store.create_claimed(SMALL.as_dict(), name="one")
    assert isinstance(claim, Claim)
    empty_store.append(claim, members[:1], {})
    view = view_of(empty_store, replace(empty_store.run(claim.run_id), state=RunState.PAUSED), COMPACT)
    bounds = _axes_of_one(view.energies)
    assert members[0].energy is not None
    assert bounds["clipmin"] < members[0].energy < bounds["clipmax"]


def _axes_of_one(figure: str) -> dict[str, float]:
    found: dict[str, float] = json.loads(figure)["layout"]["yaxis"]["autorangeoptions"]
    return found


def test_every_end_has_a_verdict(opened: Opened, finished_run: str, empty_store: Store) -> None:
    page = opened(SEARCH, run=finished_run)  # cells of ten atoms do not hold bixbyite
    assert not page.exception
    said = page.info[0].value
    assert "bixbyite (Ia-3), was not found" in said.replace("\\", "")
    assert "This is the corundum type; bixbyite, the experimental structure, is 41 meV/atom lower" in said
    assert "extended actions" in said
    halite = SearchConfig(composition="NaCl", potential="tosi-fumi", steps=5, population=5, max_atoms=8)
    claim = empty_store.create_claimed(halite.as_dict(), name="salt")
    assert claim is not None
    empty_store.append(claim, list(Search(halite)), None)
    page = opened(SEARCH, run=claim.run_id)
    assert "This is halite, the known structure" in page.success[0].value.replace("\\", "")


def test_a_second_look_is_advised_only_where_one_can_be_had(
    finished_run: str, empty_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = empty_store.run(finished_run)
    lower = Verdict(None, "P1 (1)", experiment("Y2O3"), True, -0.02)
    monkeypatch.setattr(ending, "installed", lambda _: False)
    assert "second look" not in ending.advice(run, lower, looked_again=False)
    assert "second look, below" in ending.advice(run, lower, looked_again=True)
    monkeypatch.setattr(ending, "installed", lambda _: True)
    assert "second look, below" in ending.advice(run, lower, looked_again=False)
