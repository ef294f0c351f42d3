"""The form of a search: every field is made from the tables of the engine, and checked by the engine again.

Ranges, defaults and help come from `SETTINGS` and `settings_of`.  What would be started stands in words
beside Start; as long as a field is in error, that is nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import streamlit as st

from pages.common.cache import cached
from pages.common.columns import beside, cells
from pages.common.errors import plain
from pages.common.session import library
from pages.common.wording import expected_in_words, search_in_words
from pages.components.number_field import number_field
from pages.search.compound import about, compound_field, oxidation_states, potential_field
from pages.search.form_options import Chosen, options
from rlcsp_core.actions import ACTION_SETS
from rlcsp_core.agents import AGENTS, BASELINES, settings_of
from rlcsp_core.analysis.expectation import Expectation, expectation, of_fast
from rlcsp_core.crystal.composition import Preset, presets
from rlcsp_core.errors import RLCSPError
from rlcsp_core.search import SETTINGS, SearchConfig
from rlcsp_core.search.policies import GENERAL
from rlcsp_core.search.presets import fast
from rlcsp_core.settings import Setting
from rlcsp_core.store import RunInfo

OWN_BASELINE = "own"
COLUMNS = 3
STEPS_WITHOUT_TARGET = 1000  # small cells find their minimum in some tens
TRIALS = ("max_atoms", "population", "min_distance", "rattle")
ACCEPTANCE = ("kT", "melt_after", "melt_step", "penalty")


class _Form(NamedTuple):
    """What the fields of one form begin with.  Another start has fields, and so keys, of its own; the seed stays."""

    key: str
    start: Mapping[str, Any]  # as SearchConfig.as_dict()
    wrong: list[str]  # labels of the fields in error


class Wanted(NamedTuple):
    """A search to start."""

    config: SearchConfig
    policy: str | None  # the name of the one it shares


def search_form(key: str, formula: str | None = None) -> Wanted | None:
    """Four fields, the rest behind "More settings"; what to start when "Start search" was pressed.

    formula: the compound it begins with; another one needs another key.
    """
    manner = _manner(key)
    first, second, third, fourth = cells(f"form-{key}", [9, 9, 3, 3], wide=True)
    with first:
        compound = compound_field(key, formula)
    line = st.empty()
    compound = oxidation_states(key, compound)
    wrong = [] if compound.problem is None else ["the compound"]
    preset = compound.preset
    form = _Form(f"{key}-{manner}-{preset and preset.formula}", MANNERS[manner](preset).as_dict(), wrong)
    values: dict[str, Any] = {"composition": compound.formula, "algorithm": _algorithm(form, second)}
    values |= {
        "seed": _configured(form._replace(key=key), "seed", third),
        "steps": _configured(form, "steps", fourth),
    }
    start = st.container()  # above what is folded, and known after it
    with st.expander("More settings", icon=":material/tune:", key=f"{key}-more"):
        tabs = st.tabs(["Trials and limits", "Agent", "Acceptance and penalty"])
        with tabs[0]:
            values["potential"] = potential_field(key, compound)
            values |= _trials(form, compound.minimum(values["potential"]))
        with tabs[1]:
            values |= _agent(form, values["algorithm"])
            beyond = options(form.key, form.start, Chosen(values["algorithm"], values["actions"]), form.wrong)
        with tabs[2]:
            values |= _acceptance(form)
    if compound.problem is None:
        line.caption(about(compound, values["potential"]))
    else:
        line.markdown(f":red[{plain(f'{compound.problem[0].upper()}{compound.problem[1:]}.')}]")
    with start:
        return _start(key, values | beyond.values, beyond.policy, form.wrong)


def _start(key: str, values: Mapping[str, Any], policy: str | None, wrong: Sequence[str]) -> Wanted | None:
    """The button, and beside it what it would start."""
    from rlcsp_core.search import check_config

    config, words = None, f"Nothing can be started: correct {' and '.join(wrong)}."
    if not wrong:
        try:
            config = SearchConfig(**values)
            check_config(config)
            words = f"Starts {search_in_words(config, policy)}"
        except RLCSPError as error:
            config, words = None, f"Nothing can be started: {error}"
    left, right = beside(f"start-{key}", [1, 5])
    pressed = left.button(
        "Start search",
        type="primary",
        icon=":material/play_arrow:",
        key=f"{key}-start",
        disabled=config is None,
        width="stretch",
    )
    with right:
        st.markdown(plain(words) if config is not None else f":red[{plain(words)}]")
        if config is not None and (found := _expected(config)) is not None:
            st.caption(plain(expected_in_words(found)))
    return Wanted(config, policy) if pressed and config is not None else None


@cached()
def shipped() -> list[RunInfo]:
    """All searches that came with the program."""
    return [run for archive in library().archives.values() for run in archive.runs()]


def _expected(config: SearchConfig) -> Expectation | None:
    """From the searches of this kind that came with the program."""
    preset = presets().get(config.composition)
    if preset is not None and config == replace(fast(preset), seed=config.seed, steps=config.steps):
        return of_fast(config.composition, config.steps)
    return expectation(shipped(), config)


def _published(preset: Preset | None) -> SearchConfig:
    """With the atom limit of the paper where there is one."""
    return SearchConfig() if preset is None else SearchConfig(max_atoms=preset.max_atoms)


def _fast(preset: Preset | None) -> SearchConfig:
    """The settings of a known compound serve for others too, but these do not end at a known minimum."""
    if preset is not None:
        return fast(preset)
    known = fast(presets()["Y2O3"])
    return replace(known, steps=STEPS_WITHOUT_TARGET, max_atoms=SearchConfig.max_atoms, policy=GENERAL)


MANNERS: Mapping[str, Callable[[Preset | None], SearchConfig]] = {"Fast": _fast, "As published": _published}


def _manner(key: str) -> str:
    picked = st.segmented_control(
        "Preset",
        list(MANNERS),
        default=next(iter(MANNERS)),
        required=True,
        key=f"{key}-manner",
        help="Fast: our own actions too, until the minimum is found. As published: the nine actions of the paper.",
    )
    return picked or next(iter(MANNERS))


def _algorithm(form: _Form, place: Any) -> str:
    names = list(AGENTS)
    algorithm: str = place.selectbox(
        "Algorithm",
        names,
        index=names.index(form.start["algorithm"]),
        format_func=lambda name: f"{AGENTS[name].label}: {AGENTS[name].help}",
        key=f"{form.key}-algorithm",
    )
    return algorithm


def _trials(form: _Form, preset: Preset | None) -> dict[str, Any]:
    """What is tried, and when it ends."""
    columns = cells(f"trials-{form.key}", [1] * len(TRIALS), wide=True)
    values = {name: _configured(form, name, place) for name, place in zip(TRIALS, columns, strict=True)}
    limit = SETTINGS["time_limit"]
    in_minutes = replace(limit, label="Time limit (min)", help="wall clock", low=0.1, high=limit.high / 60)
    minutes = _field(form, in_minutes, form.start["time_limit"] / 60, "time", columns[0])
    values["time_limit"] = None if minutes is None else 60 * minutes
    values["actions"] = columns[1].selectbox(
        "Actions",
        list(ACTION_SETS),
        index=list(ACTION_SETS).index(form.start["actions"]),
        format_func=lambda name: f"{name.capitalize()} ({len(ACTION_SETS[name].numbers)})",
        key=f"{form.key}-actions",
        help="\n".join(f"- **{name.capitalize()}**: {known.help}" for name, known in ACTION_SETS.items()),
    )
    with columns[2]:
        values["target"] = _target(form, preset)
    with columns[3]:
        if st.checkbox("Stop without improvement", key=f"{form.key}-give-up"):
            values["patience"] = _field(form, SETTINGS["patience"], 1000, "patience")
    return values


def _target(form: _Form, preset: Preset | None) -> float | None:
    if preset is None:
        if not st.checkbox("Stop at a target energy", key=f"{form.key}-target-other"):
            return None
        return _field(form, SETTINGS["target"], -30.0, "target-value")
    wanted = st.checkbox("Stop at the known minimum", value=True, key=f"{form.key}-target-{preset.formula}")
    return preset.target if wanted else None


def _agent(form: _Form, algorithm: str) -> dict[str, Any]:
    """Baseline and hyperparameters; of these only what differs from the defaults."""
    kind, known = AGENTS[algorithm], settings_of(algorithm)
    begin = form.start["settings"] if algorithm == form.start["algorithm"] else {}
    columns = st.columns(COLUMNS)
    baseline = OWN_BASELINE
    if kind.learns:
        own = BASELINES[kind.baseline or "none"].label
        baseline = columns[0].selectbox(
            "Baseline",
            [OWN_BASELINE, *BASELINES],
            format_func=lambda name: f"{own} (default)" if name == OWN_BASELINE else BASELINES[name].label,
            key=f"{form.key}-baseline",
            help="\n".join(f"- **{b.label}**: {b.help}" for b in BASELINES.values()),
        )
    chosen = {
        s.name: _field(form, s, begin.get(s.name, s.default), f"{algorithm}-{s.name}", columns[i % COLUMNS])
        for i, s in enumerate(known, start=1)
    }
    settings = {s.name: chosen[s.name] for s in known if chosen[s.name] != s.default}
    return {"baseline": None if baseline == OWN_BASELINE else baseline, "settings": settings}


def _acceptance(form: _Form) -> dict[str, Any]:
    columns = cells(f"acceptance-{form.key}", [1] * len(ACCEPTANCE), wide=True)
    return {name: _configured(form, name, place) for name, place in zip(ACCEPTANCE, columns, strict=True)}


def _configured(form: _Form, name: str, place: Any = st) -> Any:
    """A field of `SearchConfig`, with what the form begins with."""
    return _field(form, SETTINGS[name], form.start[name], name, place)


def _field(form: _Form, setting: Setting, value: Any, key: str, place: Any = st) -> Any:
    """A number or a choice; None, and its label noted, where it is in error."""
    key, text = f"{form.key}-{key}", f"{setting.help[0].upper()}{setting.help[1:]}."
    if setting.kind == "choice":
        names = list(setting.choices)
        return place.selectbox(
            setting.label, names, names.index(value), setting.choices.__getitem__, key=key, help=text
        )
    whole = setting.kind == "int"
    found = number_field(
        setting.label, value, setting.low, setting.high, whole=whole, key=key, place=place, help=text
    )
    if found is None:
        form.wrong.append(setting.label)
    return found
