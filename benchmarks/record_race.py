"""Records the race that Home shows: `python -m benchmarks.record_race [FILE]`, by default data/race.json.

Untrained against trained on Y2O3, with the settings of `learning-across` and the policy that never saw Y2O3.  Searches
with all of its seeds are run again, and the pair nearest to the medians of its shipped outcomes is written.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from rlcsp_core.actions import actions_of
from rlcsp_core.analysis.expectation import FAST_SEARCHES
from rlcsp_core.analysis.outcomes import read_outcomes, shipped_outcomes
from rlcsp_core.analysis.race import (
    RECORDED,
    UNTRAINED,
    Lane,
    Recorded,
    as_table,
    lane_of,
    most_typical,
    pairs,
)
from rlcsp_core.crystal.composition import presets
from rlcsp_core.execution import Halt, execute
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.presets import apart, fast, untrained
from rlcsp_core.store import Store, open_store

COMPOSITION = "Y2O3"
EXPERIMENT, TRAINED = FAST_SEARCHES


def main(file: Path) -> None:
    table = read_outcomes(shipped_outcomes()[EXPERIMENT])
    seeds = tuple(sorted(int(seed) for seed in table["seed"].unique()))
    preset = presets()[COMPOSITION]
    races: dict[int, tuple[Lane, ...]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder) / "race.sqlite"))
        for seed in seeds:
            trained = fast(preset, seed)
            races[seed] = tuple(searched(store, config) for config in (untrained(trained), trained))
            print(seed, *(len(lane.energy) for lane in races[seed]), flush=True)
        store.close()
    steps = {seed: (len(first.energy), len(second.energy)) for seed, (first, second) in races.items()}
    seed = most_typical(steps, pairs(table, COMPOSITION, UNTRAINED, TRAINED).medians)
    policy = apart(COMPOSITION)
    race = Recorded(COMPOSITION, preset.target, seed, steps, policy, races[seed])
    file.write_text(json.dumps(as_table(race), separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{file}: seed {seed}, {steps[seed][0]} and {steps[seed][1]} steps")


def searched(store: Store, config: SearchConfig) -> Lane:
    run = execute(store, store.create_claimed(config.as_dict(), name="race"), Halt())
    lane = lane_of(
        store.population(run.id),
        store.steps(run.id),
        actions_of(run.config),
        run.target_step,
        ended=True,
    )
    assert lane is not None, "a population without an energy ends the search"
    return lane


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDED)
