"""The form of a search: every field is made from the tables of the engine, and checked by the engine again.

Ranges, defaults and help come from `SETTINGS` and `settings_of`.  What would be started stands in words
beside Start; as long as a field is in error, that is nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import streamlit as st

from pages.common.columns import beside
from pages.common.errors import plain
from pages.common.wording import energy, search_in_words
from pages.components.number_field import number_field
from pages.search.form_options import Chosen, options
from rlcsp_core.actions import ACTION_SETS
from rlcsp_core.agents import AGENTS, BASELINES, settings_of
from rlcsp_core.crystal.composition import Preset, composition_of, presets
from rlcsp_core.energy.choice import best_for
from rlcsp_core.energy.potential_file import DEFAULT
from rlcsp_core.errors import FormulaError, RLCSPError
from rlcsp_core.search import SETTINGS, SearchConfig
from rlcsp_core.search.presets import fast
from rlcsp_core.settings import Setting

OWN_BASELINE = "own"
COLUMNS = 3
EXPERT = ("kT", "melt_after", "melt_step", "min_distance", "rattle")


class _Form(NamedTuple):
    """What the fields of one form begin with.  Another start has fields, and so keys, of its own."""

    key: str
    start: Mapping[str, Any]  # as SearchConfig.as_dict()
    wrong: list[str]  # labels of the fields in error


class Wanted(NamedTuple):
    """A search to start."""

    config: SearchConfig
    policy: str | None  # the name of the one it shares


def search_form(key: str) -> Wanted | None:
    """The form; what to start when "Start" was pressed."""
    what, how, limits = beside(f"form-{key}", [1] * COLUMNS)
    with what:
        manner, formula = _manner(key), _composition(key)
        preset = _preset(formula)
        form = _Form(f"{key}-{manner}-{preset and preset.formula}", MANNERS[manner](preset).as_dict(), [])
        values: dict[str, Any] = {"composition": formula or "", "target": _target(form, preset)}
        values["potential"] = _potential(formula)
    with how:
        values |= _how(form)
    with limits:
        values |= _limits(form)
    values |= {"settings": _hyperparameters(form, values["algorithm"])} | _expert(form)
    beyond = options(form.key, form.start, Chosen(values["algorithm"], values["actions"]), form.wrong)
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
    left, right = st.columns([1, 5], vertical_alignment="center")
    pressed = left.button(
        "Start search",
        type="primary",
        icon=":material/play_arrow:",
        key=f"{key}-start",
        disabled=config is None,
        width="stretch",
    )
    right.markdown(plain(words) if config is not None else f":red[{plain(words)}]")
    return Wanted(config, policy) if pressed and config is not None else None


def _published(_: Preset | None) -> SearchConfig:
    return SearchConfig()


def _fast(preset: Preset | None) -> SearchConfig:
    """The settings of a known compound serve for others too."""
    return fast(preset or presets()["Y2O3"])


MANNERS: Mapping[str, Callable[[Preset | None], SearchConfig]] = {"As published": _published, "Fast": _fast}


def _manner(key: str) -> str:
    st.markdown("##### What")
    picked = st.segmented_control(
        "Begin with the settings",
        list(MANNERS),
        default=next(iter(MANNERS)),
        required=True,
        key=f"{key}-manner",
        help="As published: the nine actions of the paper. Fast: our own actions too, until the minimum is found.",
    )
    return picked or next(iter(MANNERS))


def _composition(key: str) -> str | None:
    formula = st.selectbox(
        "Composition",
        list(presets()),
        accept_new_options=True,
        key=f"{key}-composition",
        help="One of the published compositions, or any charge-neutral formula that a potential covers, such as MgO.",
    )
    st.caption(_about(formula, _preset(formula)))
    return formula


def _preset(formula: str | None) -> Preset | None:
    try:
        return presets().get(composition_of(formula or "").formula)
    except FormulaError:
        return None


def _about(formula: str | None, preset: Preset | None) -> str:
    if preset is None:
        try:
            best = best_for(formula or "")
        except FormulaError as error:
            return f":red[{plain(str(error))}]"
        atoms, name = best.composition.n_atoms, best.potential.name
        return plain(
            f"{atoms} atoms in a formula unit; no minimum is known. Potential {name}: {best.reason}."
        )
    return (
        f"Known minimum: {preset.name}, {preset.symbol}, {preset.cell} atoms in the primitive cell, "
        f"{energy(preset.target)} eV/atom."
    )


def _potential(formula: str | None) -> str:
    """The best one; the usual one for what is no formula, of which the check says more."""
    try:
        return best_for(formula or "").potential.name
    except FormulaError:
        return DEFAULT


def _target(form: _Form, preset: Preset | None) -> float | None:
    if preset is None:
        wanted = st.checkbox("Stop at a target energy", key=f"{form.key}-target-other")
        if not wanted:
            return None
        return _field(form, SETTINGS["target"], -30.0, "target-value")
    wanted = st.checkbox("Stop at the known minimum", value=True, key=f"{form.key}-target-{preset.formula}")
    return preset.target if wanted else None


def _how(form: _Form) -> dict[str, Any]:
    st.markdown("##### How")
    names = list(AGENTS)
    algorithm = st.selectbox(
        "Algorithm",
        names,
        index=names.index(form.start["algorithm"]),
        format_func=lambda name: f"{AGENTS[name].label}: {AGENTS[name].help}",
        key=f"{form.key}-algorithm",
    )
    kind = AGENTS[algorithm]
    baseline = OWN_BASELINE
    if kind.learns:
        own = BASELINES[kind.baseline or "none"].label
        baseline = st.selectbox(
            "Baseline",
            [OWN_BASELINE, *BASELINES],
            format_func=lambda name: f"{own} (default)" if name == OWN_BASELINE else BASELINES[name].label,
            key=f"{form.key}-baseline",
            help="\n".join(f"- **{b.label}**: {b.help}" for b in BASELINES.values()),
        )
    else:
        st.caption("It changes no policy and has no baseline.")
    actions = st.selectbox(
        "Actions",
        list(ACTION_SETS),
        index=list(ACTION_SETS).index(form.start["actions"]),
        format_func=lambda name: f"{name.capitalize()} ({ACTION_SETS[name].size})",
        key=f"{form.key}-actions",
        help="\n".join(f"- **{name.capitalize()}**: {known.help}" for name, known in ACTION_SETS.items()),
    )
    seed = _configured(form, "seed")
    return {
        "algorithm": algorithm,
        "baseline": None if baseline == OWN_BASELINE else baseline,
        "actions": actions,
        "seed": seed,
    }


def _limits(form: _Form) -> dict[str, Any]:
    st.markdown("##### Until when")
    values = {name: _configured(form, name) for name in ("max_atoms", "steps", "population")}
    limit = SETTINGS["time_limit"]
    in_minutes = replace(limit, label="Time limit (min)", help="wall clock", low=0.1, high=limit.high / 60)
    minutes = _field(form, in_minutes, form.start["time_limit"] / 60, "time")
    return {**values, "time_limit": None if minutes is None else 60 * minutes}


def _hyperparameters(form: _Form, algorithm: str) -> dict[str, Any]:
    """Only what differs from the defaults, so that the configuration says what was chosen."""
    known = settings_of(algorithm)
    if not known:
        return {}
    begin = form.start["settings"] if algorithm == form.start["algorithm"] else {}
    with st.expander(f"Hyperparameters of {AGENTS[algorithm].label}", icon=":material/tune:"):
        columns = st.columns(COLUMNS)
        chosen: Mapping[str, Any] = {
            setting.name: _field(
                form,
                setting,
                begin.get(setting.name, setting.default),
                f"{algorithm}-{setting.name}",
                columns[i % COLUMNS],
            )
            for i, setting in enumerate(known)
        }
    return {s.name: chosen[s.name] for s in known if chosen[s.name] != s.default}


def _expert(form: _Form) -> dict[str, Any]:
    with st.expander("Acceptance, penalties and sound trials", icon=":material/science:"):
        columns = st.columns(COLUMNS)
        values = {name: _configured(form, name, columns[i % COLUMNS]) for i, name in enumerate(EXPERT)}
        values["penalty"] = _configured(form, "penalty", columns[2])
        limited = columns[0].checkbox("Give up when nothing lower is found", key=f"{form.key}-give-up")
        if limited:
            values["patience"] = _field(form, SETTINGS["patience"], 1000, "patience", columns[1])
    return values


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
