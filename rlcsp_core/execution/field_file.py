"""Field files: end members and limits, from a file in which every mistake is named with its line.

    title = "…"
    end_members = ["Y2O3", "SrO", "TiO2"]     two or three neutral formulas
    max_atoms = 18                            most atoms of a formula unit
    most_units = 4                            most formula units of one end member
    seeds = 3                                 1 … 3, or a list of seeds: searches of each composition
    model = "diep"                            that relaxes again; "none" for ions alone
    top = 4                                   how many minima of a composition it relaxes; one far above the hull
    rounds = 2                                more searches, longer ones, where the hull is in doubt
    [search]                                  fields of the configuration that all searches share
    [known]                                   formula = "name" of compounds that exist, beside the known crystals

Composition by composition, searches are runs of the experiment that has the name of the file.  Round k searches again
what `search_next` names after the rounds before: with as many other seeds, and k times the steps and the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rlcsp_core.analysis.phase_field_definition import FieldDefinition
from rlcsp_core.analysis.second_look import MOST as MOST_TOP
from rlcsp_core.crystal.composition import canonical_formula
from rlcsp_core.crystal.mixing import MOST_UNITS, Mixture, checked_members, mixtures
from rlcsp_core.errors import ConfigError, FormulaError
from rlcsp_core.execution.experiment import (
    RUN_KEYS,
    TOP,
    Batch,
    Entry,
    PlannedRun,
    Reader,
    content_of,
    culprit,
    shipped,
    text_of,
    with_policy,
)
from rlcsp_core.paths import DATA
from rlcsp_core.relax.learned import USUAL, checked_model
from rlcsp_core.search import SETTINGS, SearchConfig, check_config
from rlcsp_core.search.config import MAX_ATOMS, MAX_SEED, MAX_STEPS, MAX_TIME, energy_source
from rlcsp_core.store.archive import Archive

SHIPPED = DATA / "fields"
NONE = "none"  # for no model
MOST_ROUNDS = 10
SEEDS = 3
SEARCH: Mapping[str, Any] = MappingProxyType(  # what a search is unless the file says otherwise
    {
        "algorithm": "belief",
        "actions": "sized",
        "population": 20,
        "steps": 500,
        "time_limit": 600.0,
        "max_atoms": 40,
    }
)
SEARCH_KEYS = tuple(key for key in RUN_KEYS if key not in ("composition", "target"))
NUMBERS = {  # key: usual value, least, most
    "max_atoms": (20, 1, MAX_ATOMS),
    "most_units": (4, 1, MOST_UNITS),
    "top": (5, 1, MOST_TOP),
    "rounds": (1, 1, MOST_ROUNDS),
}
KEYS = ("title", "description", "end_members", *NUMBERS, "seeds", "model", "search", "known")


@dataclass(frozen=True)
class Field:
    """A field file."""

    definition: FieldDefinition
    configs: Mapping[str, SearchConfig]  # by formula; of round 1, seed aside
    seeds: tuple[int, ...]
    top: int
    rounds: int

    def round(self, number: int, formulas: Sequence[str]) -> Batch:
        """Round 1, 2, … of these compositions, seed by seed: what is cut short has all compositions alike."""
        return Batch(
            self.definition.name,
            tuple(
                PlannedRun(formula, self._config(formula, number, seed))
                for seed in self.seeds_of(number)
                for formula in formulas
            ),
        )

    def seeds_of(self, number: int) -> tuple[int, ...]:
        """Other ones in each round."""
        span = max(self.seeds) - min(self.seeds) + 1
        return tuple(seed + (number - 1) * span for seed in self.seeds)

    def _config(self, formula: str, number: int, seed: int) -> SearchConfig:
        config = self.configs[formula]
        return replace(
            config,
            seed=seed,
            steps=min(number * config.steps, MAX_STEPS),
            time_limit=min(number * config.time_limit, MAX_TIME),
        )


def shipped_fields() -> list[str]:
    """Names that can stand for a file."""
    return shipped(SHIPPED)


def shipped_outcome(name: str) -> Archive | None:
    """Of a shipped field: its runs without their histories, and the structures of its hulls; None without them."""
    folder = SHIPPED / name
    return Archive(folder) if name in shipped_fields() and folder.is_dir() else None


def load_field(file: str | Path) -> Field:
    """From a file, or by the name of a shipped one; checked in full."""
    path, text = text_of(file, SHIPPED)
    return parse_field(text, path.stem, str(path))


def parse_field(text: str, name: str, file: str = "field") -> Field:
    return FieldReader(text, file).field(content_of(text, file), name)


class FieldReader(Reader):
    """An experiment whose compositions are enumerated."""

    def field(self, content: Mapping[str, Any], name: str) -> Field:
        top = TOP._replace(values=content)
        self._check_keys(top, KEYS)
        self._check_texts(top)
        numbers = {key: self._number(top, key) for key in NUMBERS}
        seeds = self._seeds(TOP._replace(values={"seeds": SEEDS, **content}))
        found = self._mixtures(top, numbers)
        configs = self._configs(content, found)
        title = content.get("title") or "–".join(self._members(top))
        definition = FieldDefinition(
            name=name,
            title=title,
            end_members=self._members(top),
            mixtures=tuple(found),
            potential=energy_source(configs[found[0].formula].as_dict()),
            model=self._model(top),
            n_seeds=len(seeds),
            known=self._known(content),
        )
        made = Field(definition, configs, seeds, numbers["top"], numbers["rounds"])
        if (last := max(made.seeds_of(made.rounds))) > MAX_SEED:
            text = f"seeds of the last round would go up to {last}; the largest is {MAX_SEED}"
            raise self._mistake(top, "seeds", text)
        return made

    def _number(self, top: Entry, key: str) -> int:
        usual, least, most = NUMBERS[key]
        value = top.values.get(key, usual)
        if type(value) is not int or not least <= value <= most:
            raise self._mistake(
                top, key, f"{key} must be a whole number from {least} to {most}, got {value!r}"
            )
        return value

    def _members(self, top: Entry) -> tuple[str, ...]:
        value = top.values.get("end_members")
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            text = 'end_members must be a list of two or three formulas, as ["Y2O3", "SrO", "TiO2"]'
            raise self._mistake(top, "end_members", text)
        try:
            return checked_members(value)
        except FormulaError as error:
            raise self._mistake(top, "end_members", str(error)) from None

    def _mixtures(self, top: Entry, numbers: Mapping[str, int]) -> list[Mixture]:
        members = self._members(top)
        try:
            return mixtures(members, numbers["most_units"], numbers["max_atoms"])
        except FormulaError as error:
            key = "max_atoms" if "max_atoms" in top.values else "end_members"
            raise self._mistake(top, key, str(error)) from None

    def _configs(self, content: Mapping[str, Any], found: Sequence[Mixture]) -> dict[str, SearchConfig]:
        values = content.get("search", {})
        if not isinstance(values, dict):
            raise self._mistake(TOP, "search", "search must be a table of settings")
        entry = Entry("search", 0, values)
        self._check_keys(entry, SEARCH_KEYS)
        for key, value in values.items():
            try:
                SETTINGS[key].checked(value)
            except ConfigError as error:
                raise self._mistake(entry, key, str(error)) from None
        configs = {}
        for each in found:
            try:
                config = SearchConfig(**with_policy({**SEARCH, **values, "composition": each.formula}))
                check_config(config)
            except (ConfigError, FormulaError) as error:
                where = culprit(
                    str(error), (entry, TOP._replace(values={"end_members": content["end_members"]}))
                )
                where = where if where[1] in where[0].values else (TOP, "end_members")
                raise self._mistake(*where, f"{each.formula}: {error}") from None
            configs[each.formula] = config
        return configs

    def _model(self, top: Entry) -> str | None:
        value = top.values.get("model", USUAL)
        try:
            if not isinstance(value, str):
                raise ConfigError(f"model must be a text in quotes, got {value!r}")
            return None if value == NONE else checked_model(value)
        except ConfigError as error:
            raise self._mistake(top, "model", str(error)) from None

    def _known(self, content: Mapping[str, Any]) -> dict[str, str]:
        values = content.get("known", {})
        if not isinstance(values, dict):
            raise self._mistake(TOP, "known", 'known must be a table of formula = "name"')
        named = {}
        for formula, name in values.items():
            entry = Entry("known", 0, values)
            try:
                if not isinstance(name, str) or not name.strip() or not name.isprintable():
                    raise ConfigError(f"the name of {formula} must be a text in quotes")
                named[canonical_formula(formula)] = name
            except (ConfigError, FormulaError) as error:
                raise self._mistake(entry, formula, str(error)) from None
        return named
