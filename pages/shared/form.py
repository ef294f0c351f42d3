"""The form of a search: every field is made from the tables of the engine, and checked by the engine again.

Ranges, defaults and help come from `SearchConfig`, `RANGES` and `settings_of`; the browser's own limits are a courtesy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import streamlit as st

from rlcsp_core.actions import ACTION_SETS
from rlcsp_core.agents import AGENTS, BASELINES, Setting, settings_of
from rlcsp_core.crystal.composition import Preset, composition_of, presets
from rlcsp_core.errors import FormulaError
from rlcsp_core.search import PENALTIES, RANGES, SearchConfig

DEFAULTS: dict[str, Any] = {f.name: f.default for f in fields(SearchConfig)}
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


def search_form(key: str) -> SearchConfig | None:
    """The form; the configuration when "Start" was pressed.  Raises ConfigError for what no field can hold."""
    what, how, limits = st.columns(COLUMNS, gap="large")
    with what:
        values = _what(key)
    with how:
        values |= _how(key)
    with limits:
        values |= _limits(key, values["composition"])
    values |= {"settings": _hyperparameters(key, values["algorithm"])} | _expert(key)
    if st.button("Start search", type="primary", icon=":material/play_arrow:", key=f"{key}-start"):
        return SearchConfig(**values)
    return None


def demo_config() -> SearchConfig:
    """The search behind "Start the demo": Y2O3 with the defaults, towards its known minimum."""
    return SearchConfig(target=presets()["Y2O3"].target)


def _what(key: str) -> dict[str, Any]:
    st.markdown("##### What")
    known = presets()
    formula = st.selectbox(
        "Composition",
        list(known),
        accept_new_options=True,
        key=f"{key}-composition",
        help="One of the published compositions, or any charge-neutral formula of Y, Sr, Ti and O, such as SrTiO3.",
    )
    preset = _preset(formula)
    st.caption(_about(formula, preset))
    atoms = _number(key, "max_atoms", "Largest cell (atoms)", "Trials never have more atoms than this.")
    return {"composition": formula or "", "max_atoms": atoms, "target": _target(key, preset)}


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
    return f"Known minimum: {preset.name}, {preset.symbol}, {preset.cell} atoms in the primitive cell."


def _target(key: str, preset: Preset | None) -> float | None:
    if preset is None:
        wanted = st.checkbox("Stop at a target energy", key=f"{key}-target-other")
        if not wanted:
            return None
        low, high = LIMITS["target"]
        return st.number_input(
            "Target (eV/atom)", low, high, value=-30.0, format="%.6f", key=f"{key}-target-value"
        )
    label = f"Stop at the known minimum, {preset.target:.6f} eV/atom".replace("-", "−")
    return preset.target if st.checkbox(label, value=True, key=f"{key}-target-{preset.formula}") else None


def _how(key: str) -> dict[str, Any]:
    st.markdown("##### How")
    names = list(AGENTS)
    algorithm = st.selectbox(
        "Algorithm",
        names,
        index=names.index(DEFAULTS["algorithm"]),
        format_func=lambda name: f"{AGENTS[name].label}: {AGENTS[name].help}",
        key=f"{key}-algorithm",
    )
    kind = AGENTS[algorithm]
    baseline = OWN_BASELINE
    if kind.learns:
        own = BASELINES[kind.baseline or "none"].label
        baseline = st.selectbox(
            "Baseline",
            [OWN_BASELINE, *BASELINES],
            format_func=lambda name: f"{own} (default)" if name == OWN_BASELINE else BASELINES[name].label,
            key=f"{key}-baseline",
            help="\n".join(f"- **{b.label}**: {b.help}" for b in BASELINES.values()),
        )
    else:
        st.caption("A fixed policy: it does not learn and has no baseline.")
    actions = st.selectbox(
        "Actions",
        list(ACTION_SETS),
        format_func=lambda name: f"{name.capitalize()} ({len(ACTION_SETS[name])})",
        key=f"{key}-actions",
        help="The nine published actions; those and our own on symmetric crystals; or only the latter.",
    )
    seed = _number(key, "seed", "Seed", "Equal settings and seed give identical runs.")
    return {
        "algorithm": algorithm,
        "baseline": None if baseline == OWN_BASELINE else baseline,
        "actions": actions,
        "seed": seed,
    }


def _limits(key: str, _: str | None) -> dict[str, Any]:
    st.markdown("##### Until when")
    steps = _number(key, "steps", "Steps", "Relaxed trials after the initial population.")
    population = _number(
        key, "population", "Initial population", "Random structures relaxed before the first step."
    )
    minutes = st.number_input(
        "Time limit (min)",
        min_value=0.1,
        max_value=LIMITS["time_limit"][1] / 60,
        value=DEFAULTS["time_limit"] / 60,
        step=5.0,
        format="%.1f",
        key=f"{key}-time",
    )
    return {"steps": steps, "population": population, "time_limit": 60 * minutes}


def _hyperparameters(key: str, algorithm: str) -> dict[str, Any]:
    """Only what differs from the defaults, so that the configuration says what was chosen."""
    known = settings_of(algorithm)
    if not known:
        return {}
    with st.expander(f"Hyperparameters of {AGENTS[algorithm].label}", icon=":material/tune:"):
        columns = st.columns(COLUMNS)
        chosen: Mapping[str, Any] = {
            setting.name: _setting(setting, f"{key}-{algorithm}-{setting.name}", columns[i % COLUMNS])
            for i, setting in enumerate(known)
        }
    return {s.name: chosen[s.name] for s in known if chosen[s.name] != s.default}


def _setting(setting: Setting, key: str, column: Any) -> Any:
    label = setting.name.replace("_", " ").capitalize()
    if setting.kind == "choice":
        return column.selectbox(
            label,
            setting.choices,
            index=setting.choices.index(str(setting.default)),
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
        value=cast(setting.default),
        step=1 if whole else None,
        format=None if whole else "%g",
        help=setting.help,
        key=key,
    )


def _expert(key: str) -> dict[str, Any]:
    with st.expander("Acceptance, penalties and sound trials", icon=":material/science:"):
        columns = st.columns(COLUMNS)
        values: dict[str, Any] = {
            name: _number(key, name, label, text, columns[i % COLUMNS])
            for i, (name, label, text) in enumerate(EXPERT_FIELDS)
        }
        values["penalty"] = columns[2].selectbox(
            "Reward of a useless step",
            PENALTIES,
            format_func=lambda name: PENALTY_LABELS.get(name, name),
            key=f"{key}-penalty",
        )
        limited = columns[0].checkbox("Give up when nothing lower is found", key=f"{key}-give-up")
        if limited:
            low, high = LIMITS["patience"]
            values["patience"] = columns[1].number_input(
                "Steps without a new best", int(low), int(high), value=1000, key=f"{key}-patience"
            )
    return values


def _number(key: str, name: str, label: str, text: str, place: Any = st) -> Any:
    """A field of `SearchConfig` with its default and range."""
    low, high = LIMITS[name]
    default = DEFAULTS[name]
    cast = int if isinstance(default, int) else float
    return place.number_input(
        label,
        min_value=cast(low),
        max_value=cast(high),
        value=cast(default),
        step=None if cast is int else 0.01,
        format=None if cast is int else "%g",
        help=text,
        key=f"{key}-{name}",
    )
