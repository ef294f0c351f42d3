"""Training: policies learned over searches, each of which is a stored run whose configuration holds its policy.

A stream is a policy and the searches it is learned from, one batch after the other.  The batches of all streams with
the same number are carried out together, as a sweep; then each stream learns from its own.  What a stream knows follows
from its runs alone, in their order: a training that was killed replays what is stored and goes on, to the same policy.

    prior       streams of belief, each on one compound; then the prior of `agents.prior`, on the hits and uses of all
    belief      believed hits and uses are carried from one search to the next: α + Σ hits, β + Σ uses
    reinforce, npg, ppo, actor-critic, trpo
                the rule of that algorithm on whole searches, see `agents.across`
    none        the policy stays what it was: every action alike, what the others are to be compared with
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from rlcsp_core.actions import Action, actions_of, policy_group, policy_groups
from rlcsp_core.agents.across import Across
from rlcsp_core.agents.prior import Logged, fitted
from rlcsp_core.analysis.searched import searched, uses_and_hits
from rlcsp_core.analysis.stream import SEEDS_APART
from rlcsp_core.analysis.trained import Place
from rlcsp_core.errors import ConfigError
from rlcsp_core.execution.experiment import Batch, PlannedRun
from rlcsp_core.execution.training_file import RULES, Method, Training
from rlcsp_core.records import Array
from rlcsp_core.search import SearchConfig, policies
from rlcsp_core.search.features import feature_set
from rlcsp_core.search.parts import agent_of
from rlcsp_core.store import RunInfo, RunState, Store

# of belief where hits are those of the target, some per thousand uses, and no others
CARRIED = {"prior_hits": 0.5, "gain": 0.0}
DECIMALS = 6  # of θ: what two machines agree on


CarryOut = Callable[[Batch], bool]  # False: it was interrupted


class Counting:
    """Hits and uses of each action on one compound, for belief."""

    algorithm = "belief"

    def __init__(self, method: Method, configs: Sequence[SearchConfig]) -> None:
        (config,) = configs
        self.settings = {**CARRIED, **method.settings}
        self._decay, self._config = method.decay, config
        self._actions = actions_of(config.as_dict())
        agent: Any = agent_of(replace(config, algorithm=self.algorithm, settings=self.settings))
        self._theta: Array = agent.theta
        self._counts = dict(zip((a.number for a in self._actions), agent.counts.tolist(), strict=True))
        self.found = {action.number: (0.0, 0) for action in self._actions}  # hits and uses

    def learn(self, store: Store, runs: Sequence[RunInfo]) -> None:
        for run in runs:
            for number, (hits, uses) in uses_and_hits(store, run, self._decay).items():
                before = self.found[number]
                self.found[number] = before[0] + hits, before[1] + uses

    def policy(self, name: str) -> dict[str, Any]:
        config = self._config
        rows = {a.number: row for a, row in zip(self._actions, self._theta.tolist(), strict=True)}
        counts = {
            str(n): [round(a + self.found[n][0], DECIMALS), b + self.found[n][1]]
            for n, (a, b) in self._counts.items()
        }
        return policies.from_rows(name, config.actions, config.features, rows) | {"counts": counts}


class Gradient:
    """A policy that a rule improves; on several compounds with a row of θ for each group of actions."""

    algorithm = "fixed"

    def __init__(self, method: Method, configs: Sequence[SearchConfig]) -> None:
        self._config, self._decay = configs[0], method.decay
        sets = [actions_of(config.as_dict()) for config in configs]
        name: Callable[[Action], str] = policy_group if len(configs) > 1 else _number
        self._keys = list(dict.fromkeys(name(action) for actions in sets for action in actions))
        self._rows = {
            config.composition: {action.number: self._keys.index(name(action)) for action in actions}
            for config, actions in zip(configs, sets, strict=True)
        }
        theta = np.zeros((len(self._keys), 2))
        for config, actions in zip(configs, sets, strict=True):
            agent: Any = agent_of(replace(config, algorithm=self.algorithm, settings={}))
            theta[[self._rows[config.composition][a.number] for a in actions]] = agent.theta
        self._across = Across(RULES[method.method], method.baseline, method.settings, method.credit, theta)
        self.settings = {"exploration": self._across.config.exploration}

    def learn(self, store: Store, runs: Sequence[RunInfo]) -> None:
        n = len(self._keys)
        rows = self._rows
        self._across.learn([searched(store, run, rows[run.composition], n, self._decay) for run in runs])

    def policy(self, name: str) -> dict[str, Any]:
        config = self._config
        theta = dict(zip(self._keys, np.round(self._across.theta, DECIMALS).tolist(), strict=True))
        if (
            len(self._rows) > 1
        ):  # groups that none of these compounds has are as those that have learned nothing
            theta = {group: [0.0, 0.0] for group in policy_groups(config.actions)} | theta
        return policies.checked(
            {"name": name, "actions": config.actions, "features": config.features, "theta": theta}
        )


class Nothing:
    """What a stream knows that learns nothing: every action is as good as any other."""

    algorithm = "fixed"

    def __init__(self, method: Method, configs: Sequence[SearchConfig]) -> None:
        (self._config,) = configs
        self.settings = dict(method.settings)

    def learn(self, store: Store, runs: Sequence[RunInfo]) -> None:
        pass

    def policy(self, name: str) -> dict[str, Any]:
        config = self._config
        width = len(feature_set(config.features).names)
        rows = {action.number: [0.0] * width for action in actions_of(config.as_dict())}
        return policies.from_rows(name, config.actions, config.features, rows)


def _number(action: Action) -> str:
    return str(action.number)


class Stream:
    """One policy and its searches."""

    def __init__(self, label: str, method: Method, configs: Sequence[SearchConfig], seed: int) -> None:
        self.label, self.method, self.configs, self.seed = label, method, tuple(configs), seed
        kind = Gradient if method.method in RULES else Nothing if method.method == "none" else Counting
        self.knows: Counting | Gradient | Nothing = kind(method, configs)
        self.done: list[RunInfo] = []

    @property
    def n_batches(self) -> int:
        return math.ceil(self.method.searches / self.method.batch)

    def planned(self, batch: int) -> list[PlannedRun]:
        """The searches of this batch, with what is known now."""
        policy = self.knows.policy(self.label)
        first, last = batch * self.method.batch, (batch + 1) * self.method.batch
        return [
            PlannedRun(
                f"{_label(self.method, config, self.seed)} · search {number + 1}",
                replace(
                    config,
                    algorithm=self.knows.algorithm,
                    settings=self.knows.settings,
                    policy=policy,
                    seed=SEEDS_APART * self.seed + number + 1,
                ),
            )
            for number in range(first, min(last, self.method.searches))
            for config in self.configs
        ]

    def learn(self, store: Store, runs: Sequence[RunInfo]) -> None:
        self.knows.learn(store, runs)
        self.done += runs


def _label(method: Method, config: SearchConfig, seed: int) -> str:
    return f"{method.label} · {config.composition} · {seed}"


def streams_of(training: Training) -> list[Stream]:
    """Stream by stream, a method after the other."""
    found = []
    for method in training.methods:
        together = method.policies == "one" and method.method in RULES
        for configs in [training.configs] if together else [(config,) for config in training.configs]:
            what = "" if together else f" {configs[0].composition}"
            found += [
                Stream(f"{method.label}{what} {seed}", method, configs, seed) for seed in training.seeds
            ]
    return found


def train(store: Store, training: Training, carry_out: CarryOut) -> list[dict[str, Any]] | None:
    """The policies, each with its provenance; None where it was interrupted."""
    streams = streams_of(training)
    for batch in range(max(stream.n_batches for stream in streams)):
        planned = [(stream, stream.planned(batch)) for stream in streams if batch < stream.n_batches]
        whole = Batch(training.name, tuple(run for _, runs in planned for run in runs))
        if not carry_out(whole):
            return None
        for stream, runs in planned:
            stream.learn(store, [_finished(store, training.name, run) for run in runs])
    return [policy for method in training.methods for policy in _policies(training, method, streams)]


def _finished(store: Store, experiment: str, planned: PlannedRun) -> RunInfo:
    run = store.run_of(experiment, planned.config.as_dict())
    if run is None or run.state is not RunState.FINISHED:
        why = "is gone" if run is None else f"ended as {run.state}: {run.reason}"
        raise ConfigError(f"the search {planned.label!r} {why}; start the training again")
    return run


def _policies(training: Training, method: Method, streams: Sequence[Stream]) -> list[dict[str, Any]]:
    mine = [stream for stream in streams if stream.method is method]
    if method.method != "prior":
        return [
            stream.knows.policy(stream.label) | {"provenance": provenance(training, method, [stream])}
            for stream in mine
        ]
    found = []
    for left_out in (None, *training.left_out(method)):
        used = [stream for stream in mine if stream.configs[0].composition != left_out]
        name = method.label if left_out is None else f"without-{left_out}"
        found.append(prior(name, method, used) | {"provenance": provenance(training, method, used)})
    return found


def prior(name: str, method: Method, streams: Sequence[Stream]) -> dict[str, Any]:
    """The policy of `agents.prior`, from streams of belief."""
    config = streams[0].configs[0]
    groups = list(policy_groups(config.actions))
    by_compound: dict[str, list[Mapping[int, tuple[float, int]]]] = {}
    for stream in streams:
        assert isinstance(stream.knows, Counting)
        by_compound.setdefault(stream.configs[0].composition, []).append(stream.knows.found)
    actions = {s.configs[0].composition: actions_of(s.configs[0].as_dict()) for s in streams}
    logged = []
    for compound, parts in by_compound.items():
        totals = np.array([[part[a.number] for a in actions[compound]] for part in parts]).sum(axis=0)
        group = np.array([groups.index(policy_group(a)) for a in actions[compound]])
        logged.append(Logged(group, totals[:, 0], totals[:, 1]))
    theta = fitted(logged, len(groups), method.shrinkage, method.spread)
    rows = {g: [round(float(t), DECIMALS), 0.0] for g, t in zip(groups, theta, strict=True)}
    return policies.checked(
        {"name": name, "actions": config.actions, "features": config.features, "theta": rows}
    )


def curve_of(streams: Sequence[Stream]) -> list[Place]:
    """Steps against the number of the search."""
    found = []
    n = len(streams[0].configs)
    for number in range(streams[0].method.searches):
        runs = [run for stream in streams for run in stream.done[number * n : (number + 1) * n]]
        steps = [run.n_steps if run.target_step is None else run.target_step for run in runs]
        mean = math.exp(sum(math.log(max(k, 1)) for k in steps) / len(steps))
        reached = sum(run.target_step is not None for run in runs) / len(runs)
        found.append(Place(number + 1, round(mean, 1), round(reached, 3)))
    return found


def provenance(training: Training, method: Method, streams: Sequence[Stream]) -> dict[str, Any]:
    """How the policy came about; all of it follows from the runs."""
    runs = [run for stream in streams for run in stream.done]
    latest = max(runs, key=lambda run: run.ended or 0.0)
    return {
        "method": method.method,
        "settings": method.differing(),
        "experiment": training.name,
        "compositions": list(dict.fromkeys(c.composition for stream in streams for c in stream.configs)),
        "seeds": list(dict.fromkeys(stream.seed for stream in streams)),
        "searches": len(runs),
        "steps": sum(run.n_steps for run in runs),
        "versions": dict(latest.versions),
        "date": datetime.fromtimestamp(latest.ended or 0.0, UTC).date().isoformat(),
        "curve": [list(place) for place in curve_of(streams)],
    }
