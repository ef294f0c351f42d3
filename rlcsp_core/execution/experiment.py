"""Experiments: configurations × seeds, from a file in which every mistake is named with its line.

    title = "…"                  what the Compare page calls it
    description = "…"
    seeds = 20                   1 … 20, or a list of seeds
    [defaults]                   fields of the configuration that all runs share
    [[compositions]]             what is searched for; may be left out if [defaults] says it
    [[algorithms]]               who searches: label, algorithm, baseline, settings, …

The runs are compositions × algorithms × seeds.  Seeds are paired: with equal seeds every algorithm starts from the same
initial population, which is drawn before the agent's first choice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from rlcsp_core.errors import ConfigError, FormulaError, StoreError
from rlcsp_core.paths import DATA
from rlcsp_core.search import SETTINGS, SearchConfig, check_config
from rlcsp_core.search.policies import choice_from, default_for
from rlcsp_core.settings import Setting
from rlcsp_core.store.schema import check_name

SHIPPED = DATA / "experiments"
MAX_SEEDS = 10_000
DEFAULT_SEEDS = 1
LABEL = Setting("label", "text", "", "", "Label")

TABLES = ("defaults", "compositions", "algorithms")
TOP_KEYS = ("title", "description", "seeds", *TABLES)
RUN_KEYS = tuple(name for name in SETTINGS if name != "seed")  # seeds are said once, for all
KEYS = {"defaults": RUN_KEYS, "compositions": RUN_KEYS, "algorithms": ("label", *RUN_KEYS)}
CALLED = {"max_atoms": "atom limit"}  # what messages call a field, where it is not its name


class PlannedRun(NamedTuple):
    """One run of an experiment."""

    label: str
    config: SearchConfig


@dataclass(frozen=True)
class Experiment:
    """A set of configurations with paired seeds."""

    name: str
    title: str
    description: str
    seeds: tuple[int, ...]
    variants: tuple[PlannedRun, ...]  # to be run with every seed; their own mean nothing

    def with_seeds(self, wanted: Container[int]) -> Experiment:
        """The part of it with these of its seeds."""
        seeds = tuple(seed for seed in self.seeds if seed in wanted)
        if not seeds:
            lowest, highest = min(self.seeds), max(self.seeds)
            raise ConfigError(
                f"{self.name} has none of these seeds; its own lie between {lowest} and {highest}"
            )
        return replace(self, seeds=seeds)

    def runs(self) -> list[PlannedRun]:
        """Seed by seed, so that an experiment cut short has all algorithms with the same seeds."""
        return [
            each._replace(config=replace(each.config, seed=seed))
            for seed in self.seeds
            for each in self.variants
        ]


def shipped_experiments() -> list[str]:
    """Names that can stand for a file."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_experiment(file: str | Path) -> Experiment:
    """From a file, or by the name of a shipped one; checked in full."""
    path = Path(file)
    try:
        if not path.is_file() and path.suffix == "" and (SHIPPED / f"{path}.toml").is_file():
            path = SHIPPED / f"{path}.toml"
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        names = ", ".join(shipped_experiments())
        raise ConfigError(f"{path} cannot be read: {why}; shipped experiments: {names}") from None
    return parse_experiment(text, path.stem, str(path))


def parse_experiment(text: str, name: str, file: str = "experiment") -> Experiment:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number too long, a nest too deep
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    return Reader(text, file).experiment(content, name)


class Reader:
    """Turns the content of a file into an experiment; knows the text, to say where a mistake is."""

    def __init__(self, text: str, file: str) -> None:
        self.lines = text.splitlines()
        self.file = file

    def experiment(self, content: Mapping[str, Any], name: str) -> Experiment:
        self._known(content, TOP_KEYS, "", 0)
        for key in ("title", "description"):
            if not isinstance(content.get(key, ""), str):
                raise self._mistake("", 0, key, f"{key} must be a text in quotes")
        seeds = self._seeds(content.get("seeds", DEFAULT_SEEDS))
        defaults = self._table(content.get("defaults", {}), "defaults", 0)
        compositions = self._tables(content, "compositions") or [{}]
        algorithms = self._tables(content, "algorithms")
        if not algorithms:
            raise ConfigError(f"{self.file}: no [[algorithms]]; add at least one with label and algorithm")
        variants = tuple(
            self._variant(defaults, composition, i, algorithm, j, several=len(compositions) > 1)
            for i, composition in enumerate(compositions)
            for j, algorithm in enumerate(algorithms)
        )
        self._distinct(variants, len(algorithms))
        title, description = content.get("title", name), content.get("description", "")
        return Experiment(name, title, description, seeds, variants)

    def _seeds(self, value: Any) -> tuple[int, ...]:
        seeds = range(1, value + 1) if type(value) is int and value <= MAX_SEEDS else value
        good = isinstance(seeds, range | list) and all(type(s) is int and 0 <= s < 2**31 for s in seeds)
        if not good or not seeds or len(set(seeds)) != len(seeds):
            text = f"seeds must be a number from 1 to {MAX_SEEDS} or a list of different seeds, got {value!r}"
            raise self._mistake("", 0, "seeds", text)
        return tuple(seeds)

    def _tables(self, content: Mapping[str, Any], table: str) -> list[Mapping[str, Any]]:
        entries = content.get(table, [])
        if not isinstance(entries, list):
            raise self._mistake("", 0, table, f"write [[{table}]] with double brackets, once for each")
        return [self._table(entry, table, i) for i, entry in enumerate(entries)]

    def _table(self, values: Any, table: str, index: int) -> Mapping[str, Any]:
        if not isinstance(values, dict):
            raise self._mistake("", 0, table, f"{table} must be a table of settings")
        self._known(values, KEYS[table], table, index)
        for key, value in values.items():
            try:
                (LABEL if key == "label" else SETTINGS[key]).checked(value)
            except ConfigError as error:
                raise self._mistake(table, index, key, str(error)) from None
        return values

    def _known(self, values: Mapping[str, Any], keys: Sequence[str], table: str, index: int) -> None:
        for key in values:
            if key not in keys:
                raise self._mistake(table, index, key, f"unknown key {key!r}; choose from {', '.join(keys)}")

    def _variant(
        self,
        defaults: Mapping[str, Any],
        composition: Mapping[str, Any],
        i: int,
        algorithm: Mapping[str, Any],
        j: int,
        several: bool,
    ) -> PlannedRun:
        if "algorithm" not in algorithm:
            raise self._mistake("algorithms", j, "algorithm", 'an [[algorithms]] entry needs algorithm = "…"')
        own = {key: value for key, value in algorithm.items() if key != "label"}
        try:
            config = SearchConfig(**with_policy({**defaults, **composition, **own}))
            check_config(config)
        except (ConfigError, FormulaError) as error:
            table, index, key = self._culprit(str(error), defaults, (composition, i), (own, j))
            raise self._mistake(table, index, key, str(error)) from None
        label = algorithm.get("label", algorithm["algorithm"])
        return PlannedRun(f"{config.composition} · {label}" if several else label, config)

    def _culprit(
        self,
        message: str,
        defaults: Mapping[str, Any],
        composition: tuple[Mapping[str, Any], int],
        algorithm: tuple[Mapping[str, Any], int],
    ) -> tuple[str, int, str]:
        """The entry a message is about: the last that sets what the message names, by key or by value."""
        places = (("algorithms", *algorithm), ("compositions", *composition), ("defaults", defaults, 0))
        for names in (_keys_named, _values_named):
            for table, values, index in places:
                for key in names(values, message):
                    return table, index, key
        return "algorithms", algorithm[1], "algorithm"

    def _distinct(self, variants: Sequence[PlannedRun], n_algorithms: int) -> None:
        seen: dict[str, int] = {}
        for place, variant in enumerate(variants):
            if variant.label in seen:
                text = f"the label {variant.label!r} is used twice; give every entry its own"
                raise self._mistake("algorithms", place % n_algorithms, "label", text)
            try:
                check_name(variant.label, "a run")
            except StoreError as error:
                raise self._mistake("algorithms", place % n_algorithms, "label", str(error)) from None
            seen[variant.label] = place

    def _mistake(self, table: str, index: int, key: str, text: str) -> ConfigError:
        line = line_of(self.lines, table, index, key)
        return ConfigError(f"{self.file}, line {line}: {text}")


def with_policy(values: dict[str, Any]) -> dict[str, Any]:
    """With what the file of its policy says, and the policy that the actions start from where none is named."""
    if "policy" in values:
        named = values["policy"]
        return values | {"policy": choice_from(named) if isinstance(named, str) else named}
    return values | {"policy": default_for(values.get("actions", ""), values["algorithm"])}


def _keys_named(values: Mapping[str, Any], message: str) -> list[str]:
    inner = values.get("settings", {})
    padded = f" {message} "
    named = [key for key in values if f" {key} " in padded or f" {CALLED.get(key, key)} " in padded]
    return named or (["settings"] if any(key in message for key in inner) else [])


def _values_named(values: Mapping[str, Any], message: str) -> list[str]:
    return [key for key, value in values.items() if isinstance(value, str) and value and value in message]


def line_of(lines: Sequence[str], table: str, index: int, key: str) -> int:
    """Where a key stands (from 1); where its table begins if it does not; 1 if neither is found."""
    header, entry, begin = "", -1, 1
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            header = stripped.split("#")[0].strip().strip("[]").strip()
            entry = entry + 1 if header == table else entry
            if header == table and entry == index:
                begin = number
            if not table and header == key:
                return number
        here = (not header) if not table else (header.split(".")[0] == table and entry == index)
        if here and stripped.split("=")[0].strip().split(".")[0].strip("\"'") == key and "=" in stripped:
            return number
        if here and header == f"{table}.{key}":
            return number
    return begin
