"""MaskablePPO of sb3-contrib beside our PPO, on the same environment: `python -m benchmarks.maskable_ppo [--steps N]`.

Needs `pip install '.[gym]' sb3-contrib`, with torch.  Both are trained for N steps over searches one after the
other, with the reward "target" (1 for the step that reaches it), and then tried, no longer learning, on fresh seeds
beside actions drawn uniformly.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

import gymnasium
import numpy as np

from rlcsp_core.agents import agent_named
from rlcsp_core.cli.output import Column, Lines
from rlcsp_core.gym import ID
from rlcsp_core.records import Observation, Transition

TASK = {"composition": "Y2Ti2O7", "actions": "sized", "max_atoms": 44, "population": 20, "reward": "target"}
LONGEST = 1000  # steps of a search
FRESH = range(101, 121)  # seeds that nothing was trained on
COLUMNS = (
    Column("agent", 12),
    Column("searches", 8),
    Column("reached", 7),
    Column("mean_steps", 10, ".1f"),
    Column("standard_error", 14, ".1f"),
    Column("training_seconds", 16, ".0f"),
)

Choose = Callable[[np.ndarray, np.ndarray], int]  # an action for features and mask


def made() -> gymnasium.Env:
    return gymnasium.make(ID, steps=LONGEST, **TASK)


def uniform(rng: np.random.Generator) -> Choose:
    return lambda _, mask: int(rng.choice(np.flatnonzero(mask)))


def theirs(steps: int) -> Choose:
    """MaskablePPO with a linear policy, as ours is; updates after as many steps as ours."""
    from sb3_contrib import MaskablePPO

    model = MaskablePPO(
        "MlpPolicy", made(), n_steps=50, batch_size=50, learning_rate=3e-3, ent_coef=0.01, seed=1,
        policy_kwargs={"net_arch": []}, device="cpu",
    )  # fmt: skip
    model.learn(steps)
    return lambda seen, mask: int(model.predict(seen, action_masks=mask, deterministic=False)[0])


def ours(steps: int, rng: np.random.Generator) -> Choose:
    """Our PPO, carried from search to search."""
    env = made()
    agent = agent_named(
        "ppo", n_actions=int(env.action_space.n), n_features=int(env.observation_space.shape[0])
    )
    seen, info = env.reset(seed=1)
    for _ in range(steps):
        observation = Observation(seen.astype(float), info["action_mask"].astype(bool))
        chosen = agent.act(observation, rng).action
        seen, reward, terminated, truncated, info = env.step(chosen)
        agent.learn(Transition(observation, info["action"], reward, seen.astype(float)))
        if terminated or truncated:
            seen, info = env.reset()
    return lambda features, mask: agent.act(Observation(features.astype(float), mask), rng).action


def tried(choose: Choose) -> list[int | None]:
    """Steps to the target on each fresh seed; None where it was not reached."""
    env, found = made(), []
    for seed in FRESH:
        (seen, info), steps, terminated, truncated = env.reset(seed=seed), 0, False, False
        while not (terminated or truncated):
            seen, _, terminated, truncated, info = env.step(choose(seen, info["action_mask"].astype(bool)))
            steps += 1
        found.append(steps if terminated else None)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=4000, metavar="N", help="of training (default: 4000)")
    steps, rng = parser.parse_args(arguments).steps, np.random.default_rng(1)
    lines = Lines(False, COLUMNS)
    agents: dict[str, Callable[[], Choose]] = {
        "uniform": lambda: uniform(rng),
        "our PPO": lambda: ours(steps, rng),
        "MaskablePPO": lambda: theirs(steps),
    }
    for name, train in agents.items():
        began = time.process_time()
        choose = train()
        trained = time.process_time() - began
        found = tried(choose)
        counted = [
            LONGEST if n is None else n for n in found
        ]  # what was not reached counts as the whole search
        lines.print(
            {
                "agent": name,
                "searches": len(found),
                "reached": sum(n is not None for n in found),
                "mean_steps": float(np.mean(counted)),
                "standard_error": float(np.std(counted, ddof=1) / np.sqrt(len(counted))),
                "training_seconds": trained,
            }
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
