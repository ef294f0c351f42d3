"""The pages Learn and Replay without a browser."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.common import watching
from pages.common.wording import beside_known_minimum
from pages.learn.bench import BENCH
from pages.replay import film
from pages.replay.film import EVERY, PAUSE, PLAYING
from rlcsp_core.analysis.moment import StepView, step_view
from rlcsp_core.execution import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.explain import SEEN
from rlcsp_core.store import Source, open_store
from tests.patience import STARTING

pytestmark = pytest.mark.slow

APP = Path(__file__).parents[2] / "app.py"
STEPS = 25
CHAPTERS = ("decide", "build", "act", "relax", "learn", "play")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("learn") / "runs.sqlite"
    store = open_store(str(path))
    config = SearchConfig(composition="Y2O3", seed=3, steps=STEPS, max_atoms=15, population=6)
    execute(store, store.create_claimed(config.as_dict(), name="small"), Halt())
    store.close()
    return path


def opened(page: str, database: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("RLCSP_DATABASE_URL", str(database))
    return AppTest.from_file(str(APP), default_timeout=STARTING).run().switch_page(page)


@pytest.fixture
def learn(database: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return opened("pages/learn/page.py", database, monkeypatch)


@pytest.fixture
def replay(database: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return opened("pages/replay/page.py", database, monkeypatch)


def at_chapter(learn: AppTest, chapter: str) -> AppTest:
    learn.query_params["chapter"] = chapter
    learn.run()
    assert not learn.exception
    assert not learn.error
    return learn


@pytest.mark.parametrize("chapter", [*CHAPTERS, "nonsense"])
def test_every_chapter_opens_by_address(learn: AppTest, chapter: str) -> None:
    at_chapter(learn, chapter)
    assert learn.markdown


def test_a_newcomer_sees_a_step_worked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = at_chapter(opened("pages/learn/page.py", tmp_path / "none.sqlite", monkeypatch), "learn")
    assert not any("worked out" in each.value or "No update" in each.value for each in page.info)
    assert any("are one episode" in each.value for each in page.markdown)
    facts = page.dataframe[0].value
    assert facts.iloc[:, 1][facts["what"] == "outcome"].item() == "accepted"


def test_every_possible_action_gives_a_trial_or_says_why_not(learn: AppTest) -> None:
    at_chapter(learn, "act")
    buttons = [button.key for button in learn.button if (button.key or "").startswith("act-")]
    assert len(buttons) == 9
    for key in buttons:
        if not learn.button(key=key).disabled:
            learn.button(key=key).click().run()
            assert not learn.exception
            assert any("valid" in each.value for each in learn.markdown)


def test_an_action_can_be_undone(learn: AppTest) -> None:
    at_chapter(learn, "act")
    undo = next(button for button in learn.button if button.label == "Undo")
    assert undo.disabled
    start = learn.session_state[BENCH].structure
    for _ in range(2):
        learn.button(key="act-7").click().run()
    while not (undo := next(button for button in learn.button if button.label == "Undo")).disabled:
        undo.click().run()
    assert learn.session_state[BENCH].structure is start


def test_one_leafs_through_the_chapters(learn: AppTest) -> None:
    at_chapter(learn, "decide")
    for chapter in CHAPTERS[1:]:
        next(button for button in learn.button if button.label.startswith("Next:")).click().run()
        assert not learn.exception
        assert learn.query_params["chapter"] == chapter
    assert not any(button.label.startswith("Next:") for button in learn.button)


def test_relaxing_on_the_bench_goes_downhill(learn: AppTest) -> None:
    at_chapter(learn, "relax")
    next(button for button in learn.button if button.label.startswith("Relax the structure")).click().run()
    assert not learn.exception
    assert not learn.error
    sentence = next(each.value for each in learn.markdown if "points of the path" in each.value)
    before, after = (float(n.replace("−", "-")) for n in re.findall(r"−\d+\.\d+", sentence)[:2])
    assert after < before


def test_a_game_counts_the_players_steps(learn: AppTest) -> None:
    at_chapter(learn, "play")
    next(button for button in learn.button if button.label == "New game").click().run()
    for number in (7, 6, 7):
        learn.button(key=f"play-{number}").click().run()
        assert not learn.exception
    assert "Step 3 of 40" in [each.value for each in learn.subheader]


def test_replay_moves_through_the_run_and_keeps_its_place_in_the_address(replay: AppTest) -> None:
    replay.run()
    assert not replay.exception
    assert replay.subheader[0].value.startswith("Step 1:")
    for button, step in (("Next", 2), ("Last", STEPS), ("Next", STEPS), ("Back", STEPS - 1), ("First", 1)):
        replay.button(key=f"replay-{button}").click().run()
        assert not replay.exception
        assert replay.subheader[0].value.startswith(f"Step {step}:")
        assert replay.query_params["step"] == str(step)


@pytest.mark.parametrize(
    ("asked", "shown"), [("9", 9), ("99999", STEPS), ("0", 1), ("-3", 1), ("<b>", 1), ("9" * 40, 1)]
)
def test_replay_opens_at_the_step_in_the_address(replay: AppTest, asked: str, shown: int) -> None:
    replay.query_params["step"] = asked
    replay.run()
    assert not replay.exception
    assert replay.subheader[0].value.startswith(f"Step {shown}:")


@pytest.mark.parametrize(
    ("above", "words"),
    [
        (0.0, "the energy of"),
        (1e-5, "the energy of"),
        (0.0405, "40.50 meV/atom lower"),
        (-0.001, "1.00 meV/atom higher"),
    ],
)
def test_a_minimum_is_told_beside_the_known_one(above: float, words: str) -> None:
    assert words in beside_known_minimum(-27.394619 + above, -27.394619)


def test_replay_goes_on_where_it_was_left_for_another_page(replay: AppTest) -> None:
    replay.run()
    replay.button(key="replay-Last").click().run()
    replay.switch_page("pages/policy/page.py").run()
    del replay.query_params["step"]
    replay.switch_page("pages/replay/page.py").run()
    assert not replay.exception
    assert replay.subheader[0].value.startswith(f"Step {STEPS}:")


def test_play_and_next_accepted_go_where_there_is_something_to_see(replay: AppTest, database: Path) -> None:
    store = open_store(str(database))
    (run,) = store.runs()
    table = store.steps(run.id)
    accepted = [int(step) for step in table.step[table.accepted]]
    falls = [k for k in range(2, STEPS + 1) if table.best_energy[k - 1] < table.best_energy[k - 2] - 1e-6]
    replay.run()
    for button, steps in (("accepted", accepted), ("lowest", falls)):
        replay.button(key="replay-First").click().run()
        for step in [*(each for each in steps if each > 1), STEPS]:
            replay.button(key=f"replay-{button}").click().run()
            assert not replay.exception
            assert replay.subheader[0].value.startswith(f"Step {step}:")
            assert ("new lowest" in replay.subheader[0].value) == (step in falls)
    store.close()


def test_a_penalty_says_why(replay: AppTest, database: Path) -> None:
    store = open_store(str(database))
    (run,) = store.runs()
    step = next(n for n in range(1, STEPS + 1) if step_view(store, run, n).useless == SEEN)
    store.close()
    replay.query_params["step"] = str(step)
    replay.run()
    assert any("penalty" in each.value and "seen before" in each.value for each in replay.caption)


def test_actions_are_explained_where_no_tooltip_is_needed(learn: AppTest) -> None:
    at_chapter(learn, "act")
    assert any("Repeat the structure along one axis." in each.value for each in learn.caption)
    assert not any(each.help for each in learn.button if (each.key or "").startswith("act-"))


def test_a_rejected_trial_is_made_again_and_shown(replay: AppTest, database: Path) -> None:
    store = open_store(str(database))
    (run,) = store.runs()
    table = store.steps(run.id)
    step = int(table.step[~table.accepted & ~np.isnan(table.energy)][-1])
    assert not store.structures(run.id, Source.STEP, step)
    replay.query_params["step"] = str(step)
    replay.run()
    assert not replay.exception
    while replay.get("progress"):
        time.sleep(PAUSE)
        replay.run()
    assert any("made again from the seed" in each.value for each in replay.caption)
    store.close()


@pytest.mark.parametrize("every", [False, True])
def test_a_film_shows_the_accepted_steps_or_every_step(replay: AppTest, database: Path, every: bool) -> None:
    store = open_store(str(database))
    (run,) = store.runs()
    table = store.steps(run.id)
    store.close()
    replay.run()
    replay.button(key="replay-First").click().run()
    replay.toggle(key=EVERY).set_value(every).run()
    replay.session_state[PLAYING] = True
    shown = [int(replay.run().query_params["step"]) for _ in range(3)]
    accepted = [int(step) for step in table.step[table.accepted] if step > 1]
    assert not replay.exception
    assert shown == ([2, 3, 4] if every else [*accepted, STEPS][:3])


def test_a_film_pauses_at_the_step_that_is_seen(replay: AppTest) -> None:
    replay.run()
    replay.button(key="replay-First").click().run()
    replay.toggle(key=EVERY).set_value(True).run()
    replay.button(key="replay-play").click().run()
    shown = replay.query_params["step"]
    replay.button(key="replay-play").click().run()
    assert not replay.exception
    assert replay.button(key="replay-play").label == "Play"
    assert replay.query_params["step"] == shown


def test_a_film_waits_for_its_turn_among_those_who_look(
    replay: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many who play at once would share out the processor so thinly that no look comes to its end."""
    free = []

    def seen(*moment: Any) -> StepView:
        free.append(watching._turns._value)
        return step_view(*moment)

    monkeypatch.setattr(film, "step_view", seen)
    replay.run()
    assert not replay.exception
    assert free == [watching.AT_ONCE - 1]
