"""The form of a search: every field is made from the tables of the engine, and checked by the engine again.

Ranges, defaults and help come from `SearchConfig`, `RANGES` and `settings_of`; the browser's own limits are a courtesy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st

from pages.common.columns import beside
from pages.common.wording import energy
from pages.search.form_options import Chosen, options
from rlcsp_core.actions import ACTION_SETS
from rlcsp_core.agents import AGENTS, BASELINES, Setting, settings_of
from rlcsp_core.crystal.composition import Preset, composition_of, presets
from rlcsp_core.errors import FormulaError
from rlcsp_core.search import PENALTIES, RANGES, SearchConfig
from rlcsp_core.search.presets import fast

LIMITS = {name: (low, high) for name, low, high in RANGES}
OWN_BASELINE = "own"
COLUMNS = 3
EXPERT_FIELDS = (  # (setting, label, help)
    ("kT", "kT (eV)", "Temperature of the acceptance test; RL-CSP: 0.02 eV."),
    ("melt_after", "Melt after (steps)", "Steps without a lower structure until the temperature is raised."),
    ("melt_step", "Melting raises kT by up to (eV)", "At each step, a uniform random amount."),
    (
        "min_distance",
        "Shortest distance (Å)",
        "Trials with closer atoms are built again; 0 leaves them to the guard.",
    ),
    ("rattle", "Rattle (Å)", "Standard deviation of the displacements before relaxing."),
)
PENALTY_LABELS = {"high-energy": "energy of the worst tenth", "fixed": "fixed, −3"}


class _Form(NamedTuple):
    """What the fields of one form begin with.  Another start has fields, and so keys, of its own."""

    key: str
    start: Mapping[str, Any]  # as SearchConfig.as_dict()


class Wanted(NamedTuple):
    """A search to start."""

    config: SearchConfig
    policy: str | None  # the name of the one it shares


def search_form(key: str) -> Wanted | None:
    """The form; what to start when "Start" was pressed.  Raises ConfigError for what no field can hold."""
    what, how, limits = beside(f"form-{key}", [1] * COLUMNS)
    with what:
        manner, formula = _manner(key), _composition(key)
        preset = _preset(formula)
        form = _Form(f"{key}-{manner}-{preset and preset.formula}", MANNERS[manner](preset).as_dict())
        values: dict[str, Any] = {"composition": formula or "", "target": _target(form, preset)}
    with how:
        values |= _how(form)
    with limits:
        values |= _limits(form)
    values |= {"settings": _hyperparameters(form, values["algorithm"])} | _expert(form)
    beyond = options(form.key, form.start, Chosen(values["algorithm"], values["actions"]))
    values |= beyond.values
    if st.button("Start search", type="primary", icon=":material/play_arrow:", key=f"{key}-start"):
        return Wanted(SearchConfig(**values), beyond.policy)
    return None


def _published(_: Preset | None) -> SearchConfig:
    return SearchConfig()


def _fast(preset: Preset | None) -> SearchConfig:
    """The settings of a known compound serve for others too."""
    return fast(preset or presets()["Y2O3"])


MANNERS: Mapping[str, Callable[[Preset | None], SearchConfig]] = {"As published": _published, "Fast": _fast}


def demo_config() -> SearchConfig:
    """The search behind "Start the demo": to the ground state of Y2O3 with all actions, which takes seconds."""
    return fast(presets()["Y2O3"])


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
        help="One of the published compositions, or any charge-neutral formula of Y, Sr, Ti and O, such as SrTiO3.",
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
            return f"{composition_of(formula or '').n_atoms} atoms in a formula unit; no minimum is known."
        except FormulaError:
            return "Not yet a formula that can be searched."
    return (
        f"Known minimum: {preset.name}, {preset.symbol}, {preset.cell} atoms in the primitive cell, "
        f"{energy(preset.target)} eV/atom."
    )


def _target(form: _Form, preset: Preset | None) -> float | None:
    if preset is None:
        wanted = st.checkbox("Stop at a target energy", key=f"{form.key}-target-other")
        if not wanted:
            return None
        low, high = LIMITS["target"]
        return st.number_input(
            "Target (eV/atom)", low, high, value=-30.0, format="%.6f", key=f"{form.key}-target-value"
        )
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
        st.caption("A fixed policy: it does not learn and has no baseline.")
    actions = st.selectbox(
        "Actions",
        list(ACTION_SETS),
        index=list(ACTION_SETS).index(form.start["actions"]),
        format_func=lambda name: f"{name.capitalize()} ({len(ACTION_SETS[name].numbers)})",
        key=f"{form.key}-actions",
        help="\n".join(f"- **{name.capitalize()}**: {known.help}" for name, known in ACTION_SETS.items()),
    )
    seed = _number(form, "seed", "Seed", "Equal settings and seed give identical runs.")
    return {
        "algorithm": algorithm,
        "baseline": None if baseline == OWN_BASELINE else baseline,
        "actions": actions,
        "seed": seed,
    }


def _limits(form: _Form) -> dict[str, Any]:
    st.markdown("##### Until when")
    atoms = _number(form, "max_atoms", "Largest cell (atoms)", "Trials never have more atoms than this.")
    steps = _number(form, "steps", "Steps", "Relaxed trials after the initial population.")
    population = _number(
        form, "population", "Initial population", "Random structures relaxed before the first step."
    )
    minutes = st.number_input(
        "Time limit (min)",
        min_value=0.1,
        max_value=LIMITS["time_limit"][1] / 60,
        value=form.start["time_limit"] / 60,
        step=5.0,
        format="%.1f",
        key=f"{form.key}-time",
    )
    return {"max_atoms": atoms, "steps": steps, "population": population, "time_limit": 60 * minutes}


def _hyperparameters(form: _Form, algorithm: str) -> dict[str, Any]:
    """Only what differs from the defaults, so that the configuration says what was chosen."""
    known = settings_of(algorithm)
    if not known:
        return {}
    begin = form.start["settings"] if algorithm == form.start["algorithm"] else {}
    with st.expander(f"Hyperparameters of {AGENTS[algorithm].label}", icon=":material/tune:"):
        columns = st.columns(COLUMNS)
        chosen: Mapping[str, Any] = {
            setting.name: _setting(
                setting,
                begin.get(setting.name, setting.default),
                f"{form.key}-{algorithm}-{setting.name}",
                columns[i % COLUMNS],
            )
            for i, setting in enumerate(known)
        }
    return {s.name: chosen[s.name] for s in known if chosen[s.name] != s.default}


def _setting(setting: Setting, value: Any, key: str, column: Any) -> Any:
    label = setting.name.replace("_", " ").capitalize()
    if setting.kind == "choice":
        return column.selectbox(
            label,
            setting.choices,
            index=setting.choices.index(str(value)),
            help=setting.help,
            key=key,
        )
    whole = setting.kind == "int"
    cast = int if whole else float
    assert setting.low is not None
    assert setting.high is not None
    return column.number_input(
        label,
        min_value=cast(setting.low),
        max_value=cast(setting.high),
        value=cast(value),
        step=1 if whole else None,
        format=None if whole else "%g",
        help=setting.help,
        key=key,
    )


def _expert(form: _Form) -> dict[str, Any]:
    with st.expander("Acceptance, penalties and sound trials", icon=":material/science:"):
        columns = st.columns(COLUMNS)
        values: dict[str, Any] = {
            name: _number(form, name, label, text, columns[i % COLUMNS])
            for i, (name, label, text) in enumerate(EXPERT_FIELDS)
        }
        values["penalty"] = columns[2].selectbox(
            "Reward of a useless step",
            PENALTIES,
            format_func=lambda name: PENALTY_LABELS.get(name, name),
            key=f"{form.key}-penalty",
        )
        limited = columns[0].checkbox("Give up when nothing lower is found", key=f"{form.key}-give-up")
        if limited:
            low, high = LIMITS["patience"]
            values["patience"] = columns[1].number_input(
                "Steps without a new best", int(low), int(high), value=1000, key=f"{form.key}-patience"
            )
    return values


def _number(form: _Form, name: str, label: str, text: str, place: Any = st) -> Any:
    """A field of `SearchConfig` with its default and range."""
    low, high = LIMITS[name]
    default = form.start[name]
    cast = int if isinstance(default, int) else float
    return place.number_input(
        label,
        min_value=cast(low),
        max_value=cast(high),
        value=cast(default),
        step=None if cast is int else 0.01,
        format=None if cast is int else "%g",
        help=text,
        key=f"{form.key}-{name}",
    )
