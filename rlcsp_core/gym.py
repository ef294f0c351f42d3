"""A search as a Gymnasium environment, for agents of other libraries (pip install '.[gym]').

    import gymnasium, rlcsp_core.gym
    env = gymnasium.make("rlcsp/CrystalSearch-v0", composition="Y2O3", actions="extended", max_atoms=80)

An episode is a search: `reset` relaxes the initial population, `step` takes one action, the end is the target
(terminated) or the number of steps (truncated).  Every setting of `SearchConfig` is an argument of the environment, but
for the seed, which is `reset`'s, and those of an agent.  Observations are the run's features [F] (`features=`), the
mask of the actions [A] that can be applied is in `info["action_mask"]` and in `action_masks()`.  An action that cannot
be applied, or gives no sound trial, is replaced by another, drawn uniformly; `info["action"]` says which was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from rlcsp_core.crystal.composition import canonical_formula, presets
from rlcsp_core.energy.choice import best_for
from rlcsp_core.errors import ConfigError
from rlcsp_core.outside import is_outside
from rlcsp_core.records import BoolArray, StepRecord
from rlcsp_core.search import SETTINGS, SearchConfig, check_config
from rlcsp_core.search.play import Play
from rlcsp_core.settings import entry

ID = "rlcsp/CrystalSearch-v0"
NO_CLOCK = SETTINGS["time_limit"].high  # s: an episode ends by its steps, which repeat, not by the clock
POPULATIONS = 20  # drawn until one does not hold the target already
OF_THE_AGENT = ("seed", "algorithm", "baseline", "settings", "policy", "parallel")
LARGEST_SEED = int(SETTINGS["seed"].high)


class Gained(NamedTuple):
    """What a step has to be rewarded for; energies in eV/atom."""

    record: StepRecord
    best: float  # before the step
    deviation: float  # of the energies of the initial population
    reached: bool  # the target, and with it the end


REWARDS: Mapping[str, Callable[[Gained], float]] = {
    "published": lambda gained: gained.record.reward,  # RL-CSP: the way down in deviations, or the penalty
    # by how much the lowest energy fell, in deviations: their sum over an episode is what it found
    "new-low": lambda gained: (gained.best - gained.record.best_energy) / gained.deviation,
    "steps": lambda _: -1.0,  # what an episode costs until the target
    "target": lambda gained: float(gained.reached),
}


class CrystalSearch(gymnasium.Env[np.ndarray, np.int64]):
    """A search whose agent is outside."""

    metadata = {"render_modes": []}  # noqa: RUF012  (as Gymnasium wants it)

    def __init__(self, *, reward: str = "published", **settings: Any) -> None:
        """reward: a name of `REWARDS`; settings: of `SearchConfig`.  Left out, the potential is the best for the
        composition, and the target its known minimum; `target=None` is none.  ConfigError or FormulaError where there
        is no such search."""
        if refused := [name for name in settings if name in OF_THE_AGENT]:
            raise ConfigError(
                f"{refused[0]} is no setting of an environment: the seed is given to reset, and agents are outside"
            )
        self._reward = entry(REWARDS, reward, "reward")
        self.config = SearchConfig.from_dict({**_defaults(settings), **settings, "algorithm": "uniform"})
        parts = check_config(self.config)
        self.action_space = Discrete(len(parts.actions))
        self.observation_space = Box(-np.inf, np.inf, (len(parts.features.names),), np.float32)
        self.actions = parts.actions
        self._numbers = [action.number for action in parts.actions]
        self._play: Play | None = None
        self._best = np.inf  # eV/atom

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Relax a population; that of seed 7 is the one of a run with seed 7, unless it holds the target already."""
        super().reset(seed=seed, options=options)
        for _ in range(POPULATIONS):
            number = int(self.np_random.integers(LARGEST_SEED)) if seed is None else seed % LARGEST_SEED
            self._play, seed = Play(replace(self.config, seed=number)), None
            self._play.begin()
            if self._play.ended is None:
                self._best = self._play.current[1]
                return self._observed(), self._info()
        raise ConfigError(
            f"{POPULATIONS} initial populations of {self.config.population} held the target already, so that there is "
            "nothing to choose: lower the population or the target"
        )

    def step(self, action: np.int64 | int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One relaxed trial."""
        play = self._play
        if play is None or play.ended is not None:
            raise gymnasium.error.ResetNeeded("the search has ended or not begun: call reset first")
        record = play.step(self._numbers[int(action)])
        assert record is not None
        terminated = play.ended == "target"
        gained = self._reward(Gained(record, self._best, play.scale.deviation, terminated))
        self._best = record.best_energy
        info = self._info() | {
            "action": self._numbers.index(record.action),
            "energy": np.nan if record.energy is None else record.energy,
        }
        return self._observed(), float(gained), terminated, play.ended is not None and not terminated, info

    def action_masks(self) -> BoolArray:
        """[A] what can be applied to the current structure, as sb3-contrib asks for it."""
        assert self._play is not None, "call reset first"
        return self._play.available

    def _observed(self) -> np.ndarray:
        assert self._play is not None
        return self._play.observation.features.astype(np.float32)

    def _info(self) -> dict[str, Any]:
        assert self._play is not None
        return {"action_mask": self.action_masks().astype(np.int8), "best_energy": self._best}


def _defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is taken where an argument is left out."""
    formula = canonical_formula(settings.get("composition", SearchConfig.composition))
    found: dict[str, Any] = {"time_limit": NO_CLOCK}
    if not is_outside(settings.get("calculator", "")):
        found["potential"] = settings.get("potential") or best_for(formula).potential.name
    known = presets().get(formula)
    if known is not None and found.get("potential") == known.potential:
        found["target"] = known.target
    return found


gymnasium.register(ID, entry_point="rlcsp_core.gym:CrystalSearch")
