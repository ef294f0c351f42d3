"""Training files: an experiment file with methods in place of algorithms, every mistake named with its line.

    seeds = 2                    streams: policies that learn independently
    [defaults]                   fields of the configuration that all searches share
    [[compositions]]             what is searched for; or compositions = "NAME", those of an experiment
    [[methods]]                  how the policy is learned: label, method, searches, …: the fields of `Method`

Searches have the seeds 1000 s + 1, 1000 s + 2, … of stream s, so that those below 1000 are fresh for a test.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rlcsp_core.agents.across import CREDITS
from rlcsp_core.agents.baselines import BASELINES
from rlcsp_core.errors import ConfigError, StoreError
from rlcsp_core.execution.experiment import SHIPPED as EXPERIMENTS
from rlcsp_core.execution.experiment import TOP, Entry, Reader, content_of, shipped_experiments, text_of
from rlcsp_core.paths import DATA
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.policies import NAME, UNTRAINED
from rlcsp_core.settings import Settings, choice, described, number, settings_from, settings_in
from rlcsp_core.store.schema import check_name

SHIPPED = DATA / "training"
# methods that change a policy by the rule of an algorithm
RULES = {"reinforce": "rlcsp", "npg": "npg", "ppo": "ppo", "actor-critic": "actor-critic", "trpo": "trpo"}
METHODS = ("prior", "belief", *RULES, "none")
MOST_SEARCHES = 999  # of a stream: its seeds end where those of the next begin
MOST_STREAMS = 1000


@dataclass(frozen=True, kw_only=True)
class Method(Settings):
    """How a policy is learned over searches."""

    label: str = described("text", "general", "what the policy and its searches are called")
    method: str = choice("prior", METHODS, "how it is learned")
    searches: int = number(5, 1, MOST_SEARCHES, "of each stream, on each of its compositions")
    batch: int = number(1, 1, MOST_SEARCHES, "searches on each composition between two updates")
    policies: str = choice(
        "each", ("each", "one"), "of a rule: a policy for each composition, or one for all"
    )
    baseline: str = choice("none", tuple(BASELINES), "of a rule: what is subtracted from the return")
    credit: str = choice("lineage", tuple(CREDITS), "of a rule: what a search teaches")
    decay: float = number(0.0, 0.0, 1.0, "credit of a parent as a part of that of its child")
    settings: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={"kind": "table", "help": "hyperparameters of the rule or of belief", "label": ""},
    )
    leave_out: str = described("text", "none", "of prior: each, or formulas: also a policy without each")
    shrinkage: float = number(20.0, 1e-9, 1e6, "κ of prior: uses by which rates are drawn to their mean")
    spread: float = number(2.0, 0.0, 1e6, "λ of prior: compounds expected to be unlike all others")

    def differing(self) -> dict[str, Any]:
        """What is not as by default."""
        usual = {setting.name: setting.default for setting in settings_in(Method)}
        return {k: v for k, v in asdict(self).items() if k not in ("label", "method") and v != usual[k]}


@dataclass(frozen=True)
class Training:
    """Methods × compositions × streams."""

    name: str  # of the experiment that its runs are stored under
    seeds: tuple[int, ...]  # of the streams
    configs: tuple[SearchConfig, ...]  # of one search of each composition
    methods: tuple[Method, ...]

    def left_out(self, method: Method) -> list[str]:
        """Compositions without which there is a policy too."""
        known = [config.composition for config in self.configs]
        if method.leave_out == "none":
            return []
        return known if method.leave_out == "each" else method.leave_out.split()

    @property
    def n_runs(self) -> int:
        return len(self.seeds) * len(self.configs) * sum(method.searches for method in self.methods)


def load_training(file: str | Path) -> Training:
    """From a file, or by the name of a shipped one; checked in full."""
    path, text = text_of(file, SHIPPED)
    return parse_training(text, path.stem, str(path))


def parse_training(text: str, name: str, file: str = "training") -> Training:
    return TrainingReader(text, file).training(content_of(text, file), name)


class TrainingReader(Reader):
    """An experiment whose algorithms are replaced by methods."""

    def training(self, content: Mapping[str, Any], name: str) -> Training:
        if "algorithms" in content:
            raise self._mistake(TOP, "algorithms", "a training has [[methods]] in place of [[algorithms]]")
        methods = content.get("methods")
        if not isinstance(methods, list) or not methods:
            raise ConfigError(f"{self.file}: no [[methods]]; add at least one with label and method")
        rest = {key: value for key, value in content.items() if key != "methods"}
        if isinstance(rest.get("compositions"), str):
            rest["compositions"] = self._those_of(rest["compositions"])
        defaults = rest.get("defaults", {})
        if isinstance(defaults, dict):
            rest["defaults"] = {"policy": UNTRAINED} | defaults
        self._check_distinct(rest.get("compositions"))
        experiment = self.experiment(rest | {"algorithms": [{"algorithm": "belief"}]}, name)
        if max(experiment.seeds) >= MOST_STREAMS:
            raise self._mistake(TOP, "seeds", f"seeds of streams must be below {MOST_STREAMS}")
        configs = tuple(variant.config for variant in experiment.variants)
        for config in configs:
            self._check_search(config)
        training = Training(
            name,
            experiment.seeds,
            configs,
            tuple(self._method(entry, j) for j, entry in enumerate(methods)),
        )
        self._check_methods(training)
        return training

    def _those_of(self, experiment: str) -> Any:
        """The compositions of a shipped experiment."""
        if experiment not in shipped_experiments():
            text = f"there is no experiment {experiment!r}; choose from {', '.join(shipped_experiments())}"
            raise self._mistake(TOP, "compositions", text)
        content = tomllib.loads((EXPERIMENTS / f"{experiment}.toml").read_text(encoding="utf-8"))
        return content.get("compositions", [])

    def _check_distinct(self, compositions: Any) -> None:
        """Streams are told apart by their compounds; what is no table or no formula is found later."""
        entries = compositions if isinstance(compositions, list) else []
        named = [e.get("composition") for e in entries if isinstance(e, dict)]
        for index, formula in enumerate(named):
            if formula in named[:index]:
                text = f"{formula} stands there twice; leave one out"
                raise self._mistake(Entry("compositions", index), "composition", text)

    def _check_search(self, config: SearchConfig) -> None:
        if config.target is None:
            raise ConfigError(f"{self.file}: {config.composition} has no target: say what is to be found")
        if config.features != "published":
            text = 'what steps record of the features is the energy alone: train on features = "published"'
            raise self._mistake(Entry("defaults", 0), "features", text)

    def _method(self, values: Any, index: int) -> Method:
        if not isinstance(values, dict):
            raise self._mistake(TOP, "methods", "methods must be a table of settings")
        try:
            return settings_from(Method, values, "a method")
        except ConfigError as error:
            key = next((key for key in values if key in str(error)), "")
            raise self._mistake(Entry("methods", index), key, str(error)) from None

    def _check_methods(self, training: Training) -> None:
        from rlcsp_core.execution.training import streams_of

        labels = [method.label for method in training.methods]
        known = [config.composition for config in training.configs]
        for index, method in enumerate(training.methods):
            entry = Entry("methods", index)
            if labels.count(method.label) > 1:
                text = f"the label {method.label!r} is used twice; give every method its own"
                raise self._mistake(entry, "label", text)
            if not NAME.fullmatch(method.label):
                text = (
                    f"{method.label!r} cannot name a policy: take letters, digits, blanks, points and hyphens"
                )
                raise self._mistake(entry, "label", text)
            for formula in training.left_out(method):
                if formula not in known:
                    text = f"{formula} cannot be left out: choose from {', '.join(known)}"
                    raise self._mistake(entry, "leave_out", text)
            if training.left_out(method) and len(known) < 2:
                raise self._mistake(entry, "leave_out", "one composition cannot be left out")
        try:
            for stream in streams_of(training):
                for planned in stream.planned(0):
                    check_name(planned.label, "a run")
        except (ConfigError, StoreError) as error:
            raise ConfigError(f"{self.file}: {error}") from None
