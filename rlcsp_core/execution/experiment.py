"""Experiments: configurations × seeds, from a file in which every mistake is named with its line.

    title = "…"                  for those who read the file, like the description
    description = "…"          Compare shows both, of those that are shipped
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
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from rlcsp_core.crystal.composition import canonical_formula
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
class Batch:
    """Runs that can be carried out side by side; a sweep takes it for an experiment."""

    name: str
    planned: tuple[PlannedRun, ...]

    def runs(self) -> list[PlannedRun]:
        return list(self.planned)


@dataclass(frozen=True)
class Experiment:
    """A set of configurations with paired seeds."""

    name: str
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
    return shipped(SHIPPED)


@cache
def about(name: str) -> str | None:
    """What a shipped experiment says of itself; None for one's own."""
    if name not in shipped_experiments():
        return None
    said = tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))
    return f"{said['title']}: {said['description']}"


def shipped(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_experiment(file: str | Path) -> Experiment:
    """From a file, or by the name of a shipped one; checked in full."""
    path, text = text_of(file, SHIPPED)
    return parse_experiment(text, path.stem, str(path))


def text_of(file: str | Path, folder: Path) -> tuple[Path, str]:
    """A file and what stands in it; `file` may be the name of one that is shipped in the folder."""
    path = Path(file)
    try:
        if not path.is_file() and path.suffix == "" and (folder / f"{path}.toml").is_file():
            path = folder / f"{path}.toml"
        return path, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        names = ", ".join(shipped(folder))
        raise ConfigError(f"{path} cannot be read: {why}; shipped {folder.name}: {names}") from None


def parse_experiment(text: str, name: str, file: str = "experiment") -> Experiment:
    return Reader(text, file).experiment(content_of(text, file), name)


def content_of(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number too long, a nest too deep
        raise ConfigError(f"{file}: not valid TOML: {error}") from None


class Entry(NamedTuple):
    """One table of the file."""

    table: str  # its name; "" for the file itself
    place: int  # among the tables of this name
    values: Mapping[str, Any] = MappingProxyType({})


TOP = Entry("", 0)


class Reader:
    """Turns the content of a file into an experiment; knows the text, to say where a mistake is."""

    def __init__(self, text: str, file: str) -> None:
        self.lines = text.splitlines()
        self.file = file

    def experiment(self, content: Mapping[str, Any], name: str) -> Experiment:
        top = TOP._replace(values=content)
        self._check_keys(top, TOP_KEYS)
        self._check_texts(top)
        seeds = self._seeds(top)
        defaults = self._entry(top, "defaults", 0, content.get("defaults", {}))
        compositions = self._entries(top, "compositions") or [Entry("compositions", 0, {})]
        algorithms = self._entries(top, "algorithms")
        if not algorithms:
            raise ConfigError(f"{self.file}: no [[algorithms]]; add at least one with label and algorithm")
        variants: dict[str, PlannedRun] = {}
        for composition in compositions:
            for algorithm in algorithms:
                config = self._config(defaults, composition, algorithm)
                label = algorithm.values.get("label", config.algorithm)
                label = f"{config.composition} · {label}" if len(compositions) > 1 else label
                self._check_label(label, algorithm, variants)
                variants[label] = PlannedRun(label, config)
        return Experiment(name, seeds, tuple(variants.values()))

    def _check_texts(self, top: Entry) -> None:
        for key in ("title", "description"):
            if not isinstance(top.values.get(key, ""), str):
                raise self._mistake(top, key, f"{key} must be a text in quotes")

    def _seeds(self, top: Entry) -> tuple[int, ...]:
        value = top.values.get("seeds", DEFAULT_SEEDS)
        seeds = range(1, value + 1) if type(value) is int and value <= MAX_SEEDS else value
        good = isinstance(seeds, range | list) and all(type(s) is int and 0 <= s < 2**31 for s in seeds)
        if not good or not seeds or len(set(seeds)) != len(seeds):
            text = f"seeds must be a number from 1 to {MAX_SEEDS} or a list of different seeds, got {value!r}"
            raise self._mistake(top, "seeds", text)
        return tuple(seeds)

    def _entries(self, top: Entry, table: str) -> list[Entry]:
        entries = top.values.get(table, [])
        if not isinstance(entries, list):
            raise self._mistake(top, table, f"write [[{table}]] with double brackets, once for each")
        return [self._entry(top, table, i, values) for i, values in enumerate(entries)]

    def _entry(self, top: Entry, table: str, index: int, values: Any) -> Entry:
        if not isinstance(values, dict):
            raise self._mistake(top, table, f"{table} must be a table of settings")
        entry = Entry(table, index, values)
        self._check_keys(entry, KEYS[table])
        for key, value in values.items():
            try:
                (LABEL if key == "label" else SETTINGS[key]).checked(value)
            except ConfigError as error:
                raise self._mistake(entry, key, str(error)) from None
        return entry

    def _check_keys(self, entry: Entry, keys: Sequence[str]) -> None:
        for key in entry.values:
            if key not in keys:
                raise self._mistake(entry, key, f"unknown key {key!r}; choose from {', '.join(keys)}")

    def _config(self, defaults: Entry, composition: Entry, algorithm: Entry) -> SearchConfig:
        if "algorithm" not in algorithm.values:
            raise self._mistake(algorithm, "algorithm", 'an [[algorithms]] entry needs algorithm = "…"')
        own = {key: value for key, value in algorithm.values.items() if key != "label"}
        try:
            config = SearchConfig(**with_policy({**defaults.values, **composition.values, **own}))
            check_config(config)
        except (ConfigError, FormulaError) as error:
            entries = (algorithm._replace(values=own), composition, defaults)
            raise self._mistake(*culprit(str(error), entries), str(error)) from None
        return config

    def _check_label(self, label: str, algorithm: Entry, taken: Container[str]) -> None:
        if label in taken:
            text = f"the label {label!r} is used twice; give every entry its own"
            raise self._mistake(algorithm, "label", text)
        try:
            check_name(label, "a run")
        except StoreError as error:
            raise self._mistake(algorithm, "label", str(error)) from None

    def _mistake(self, entry: Entry, key: str, text: str) -> ConfigError:
        line = line_of(self.lines, entry.table, entry.place, key)
        return ConfigError(f"{self.file}, line {line}: {text}")


def culprit(message: str, entries: Sequence[Entry]) -> tuple[Entry, str]:
    """The entry and key a message is about: the first that sets what the message names, by key or by value."""
    for names in (_keys_named, _values_named):
        for entry in entries:
            for key in names(entry.values, message):
                return entry, key
    return entries[0], "algorithm"


def with_policy(values: dict[str, Any]) -> dict[str, Any]:
    """With what the file of its policy says, and the policy that the actions start from where none is named.

    `without-{composition}` is the policy of that name for each composition."""
    if "policy" in values:
        named = values["policy"]
        if isinstance(named, str):
            formula = canonical_formula(values.get("composition", SETTINGS["composition"].default))
            named = choice_from(named.replace("{composition}", formula))
        return values | {"policy": named}
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
