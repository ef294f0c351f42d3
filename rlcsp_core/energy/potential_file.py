"""Potentials as they are written down: data/potentials/*.toml, and files of one's own in the same form.

    name = "mine"                      # not that of a shipped one
    form = "buckingham"                # of its pairs: a key of FORMS; a pair may name another
    paper = "…"
    [charges]                          # e, by element or by ion, which tells the oxidation state of a partial charge
    "Mg2+" = 1.2
    [[pairs]]
    elements = ["Mg", "O"]             # parameters of the form follow; guard = … Å only where the rule does not suit

Cations need no pair among themselves, everything else must be there.  Where parameters hold in one compound only, its
ions stand under `salt`.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from math import exp, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from rlcsp_core.crystal.ions import Ion, ions_by_name, split_symbol
from rlcsp_core.energy.potential import COULOMB, CURVATURE, LEAST_GUARD, Potential, Terms
from rlcsp_core.errors import ConfigError
from rlcsp_core.paths import DATA

FOLDER = DATA / "potentials"
DEFAULT = "ysrtio"  # of the five published compositions, and of runs that name none
SAME_RATIO = 1e-6  # relative, of charge over oxidation state
ABOUT = ("form", "paper", "note", "sources", "second_hand")
KEYS = {*ABOUT, "name", "coulomb_constant", "charges", "pairs", "guard"}

Choice = str | Mapping[str, Any]  # the name of a shipped potential, or what its file says


def buckingham(A: float, rho: float, C: float = 0.0, B: float = 0.0) -> Terms:
    """A exp(-r/ρ) - C/r⁶ + B/r¹²."""
    return Terms(((A, rho),), C, 0.0, B)


def born_mayer(A: float, rho: float, C: float, E8: float, B: float = 0.0) -> Terms:
    """A exp(-r/ρ) - C/r⁶ - E8/r⁸ + B/r¹²."""
    return Terms(((A, rho),), C, E8, B)


def morse(D: float, a: float, r0: float, B: float = 0.0) -> Terms:
    """D [(1 - exp(-a (r - r0)))² - 1] + B/r¹²: a sum of two exponentials."""
    return Terms(((D * exp(2 * a * r0), 0.5 / a), (-2 * D * exp(a * r0), 1 / a)), 0.0, 0.0, B)


FORMS: dict[str, Callable[..., Terms]] = {"buckingham": buckingham, "born-mayer": born_mayer, "morse": morse}


@cache
def potential_names() -> tuple[str, ...]:
    """The shipped potentials."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_potential(choice: Choice = DEFAULT) -> Potential:
    """A shipped potential by its name, or one from what its file says; the same object for the same choice."""
    return _shipped(choice) if isinstance(choice, str) else _given(json.dumps(choice, sort_keys=True))


@cache
def _shipped(name: str) -> Potential:
    if name not in potential_names():
        raise ConfigError(
            f"unknown potential {name!r}; choose from {', '.join(potential_names())}, or give a TOML file"
        )
    return potential_from(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")), name)


@lru_cache(maxsize=16)
def _given(text: str) -> Potential:
    table = json.loads(text)
    return potential_from(table, str(table.get("name", "your file")))


def choice_from(text: str) -> Choice:
    """The choice that NAME|FILE.toml means; a file is read and checked."""
    if not text.endswith(".toml"):
        return _shipped(text).name
    try:
        table = tomllib.loads(Path(text).read_text(encoding="utf-8"))
        json.dumps(table)
    except OSError as error:
        raise ConfigError(f"{text} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise ConfigError(f"{text} is no potential in TOML: {error}") from None
    table = {"name": Path(text).stem, **table}
    if table["name"] in potential_names():
        raise ConfigError(
            f"{text} is named like the shipped potential {table['name']!r}: give it another name"
        )
    load_potential(table)
    return table


def potential_from(table: Mapping[str, Any], name: str) -> Potential:
    """Check what a file says; ConfigError with a sentence."""
    if unknown := set(table) - KEYS:
        raise _error(name, f"unknown key {sorted(unknown)[0]!r}; choose from {', '.join(sorted(KEYS))}")
    guard = _table(name, table, "guard")
    ions, charges = _ions(name, _table(name, table, "charges"))
    terms = _terms(name, table, ions)
    _check_neutral(name, ions, charges)
    return Potential(
        name=name,
        ions=ions,
        charges=np.array(charges),
        terms=terms,
        coulomb_constant=_number(name, "coulomb_constant", table.get("coulomb_constant", COULOMB), above=0),
        least_guard=_number(name, "guard radius", guard.get("radius", LEAST_GUARD), above=0),
        curvature=_number(name, "guard curvature", guard.get("curvature", CURVATURE), above=0),
        about={"form": "buckingham", **{key: table[key] for key in ABOUT if key in table}},
        table=dict(table),
    )


def _error(name: str, sentence: str) -> ConfigError:
    return ConfigError(f"potential {name!r}: {sentence}")


def _table(name: str, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        raise _error(name, f"{key} must be a table, as [{key}]")
    return value


def _number(name: str, what: str, value: Any, above: float | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _error(name, f"{what} must be a number, got {value!r}")
    if above is not None and not value > above:
        raise _error(name, f"{what} must be above {above:g}, got {value:g}")
    return float(value)


def _ions(name: str, charges: Mapping[str, Any]) -> tuple[tuple[Ion, ...], list[float]]:
    if not charges:
        raise _error(name, "it has no charges: give them under [charges], as Mg = 2")
    values = [_number(name, f"the charge of {key}", value) for key, value in charges.items()]
    ions = tuple(_ion(name, key, value) for key, value in zip(charges, values, strict=True))
    if len(set(ions)) < len(ions):
        raise _error(name, "an ion stands twice under [charges], once by its element")
    return ions, values


def _check_neutral(name: str, ions: tuple[Ion, ...], charges: list[float]) -> None:
    """Neutral by oxidation states must mean neutral."""
    if len({ion.is_cation for ion in ions}) < 2:
        raise _error(name, "no compound of its ions is neutral: it needs a cation and an anion")
    ratios = [charge / ion.charge for ion, charge in zip(ions, charges, strict=True)]
    for ion, ratio in zip(ions, ratios, strict=True):
        if not ratio > 0 or abs(ratio / ratios[0] - 1) > SAME_RATIO:
            raise _error(
                name,
                f"no compound with {ion.symbol} is neutral: its charge is {ratio:.4g} of its oxidation state, that of "
                f"{ions[0].symbol} {ratios[0]:.4g}",
            )


def _ion(name: str, key: str, charge: float) -> Ion:
    """The ion that a key of [charges] means; an element means the ion with that charge."""
    known = ions_by_name()
    try:
        symbol = split_symbol(key) and key
    except ValueError:
        if charge != round(charge) or charge == 0:
            raise _error(
                name,
                f'the charge {charge:g} of {key} is no oxidation state: name the ion, as "Mg2+" = {charge:g}',
            ) from None
        size = abs(int(charge))
        symbol = f"{key}{size if size > 1 else ''}{'+' if charge > 0 else '-'}"
    if symbol not in known:
        raise _error(name, f"there is no radius of an ion {symbol} in data/ions.toml")
    return known[symbol]


def _terms(
    name: str, table: Mapping[str, Any], ions: tuple[Ion, ...]
) -> dict[tuple[int, int, frozenset[int] | None], Terms]:
    rows = table.get("pairs", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise _error(name, "it has no pairs: give them under [[pairs]]")
    found: dict[tuple[int, int, frozenset[int] | None], Terms] = {}
    for row in rows:
        a, b = _indices(name, row, "elements", ions, 2)
        salt = frozenset(_indices(name, row, "salt", ions)) if "salt" in row else None
        words = f"{ions[a].element}–{ions[b].element}" + (f" in {row['salt']}" if salt else "")
        key = (max(a, b), min(a, b), salt)
        if key in found:
            raise _error(name, f"the pair {words} is given twice; leave one out")
        found[key] = _pair_terms(name, words, row, str(row.get("form", table.get("form", "buckingham"))))
    if len({salt is None for *_, salt in found}) > 1:
        raise _error(name, "either all pairs name the salt they are for, or none does")
    return found


def _indices(
    name: str, row: Mapping[str, Any], key: str, ions: tuple[Ion, ...], count: int | None = None
) -> list[int]:
    """Places of the ions that `row[key]` names, by symbol or element."""
    names = row.get(key)
    if not isinstance(names, list) or (count and len(names) != count):
        raise _error(name, f'{key} of a pair must be a list of ions, as ["Mg", "O"], got {names!r}')
    found = []
    for one in names:
        places = [i for i, ion in enumerate(ions) if one in (ion.symbol, ion.element)]
        if not places:
            raise _error(name, f"{'–'.join(map(str, names))} has no charge for {one}: add it under [charges]")
        if len(places) > 1:
            raise _error(name, f"{'–'.join(map(str, names))} does not say which ion of {one} it means")
        found.append(places[0])
    return found


def _pair_terms(name: str, words: str, row: Mapping[str, Any], form: str) -> Terms:
    if form not in FORMS:
        raise _error(name, f"unknown form {form!r} of {words}; choose from {', '.join(FORMS)}")
    parameters = inspect.signature(FORMS[form]).parameters
    given = {key: row[key] for key in row if key not in ("elements", "salt", "form", "guard", "read")}
    needed = [key for key, parameter in parameters.items() if parameter.default is inspect.Parameter.empty]
    if (missing := [key for key in needed if key not in given]) or set(given) - set(parameters):
        wrong = (
            f"lacks {missing[0]}"
            if missing
            else f"has an unknown {sorted(set(given) - set(parameters))[0]!r}"
        )
        raise _error(name, f"{words} {wrong}; {form} has {', '.join(parameters)}")
    values = {
        key: _number(name, f"{key} of {words}", value, above=0 if key in ("rho", "a") else None)
        for key, value in given.items()
    }
    try:
        terms = FORMS[form](**values)
    except OverflowError:
        raise _error(name, f"the numbers of {words} are too large") from None
    if "guard" not in row:
        return terms
    guard = _number(name, f"guard of {words}", row["guard"], above=0)
    return Terms(terms.exponentials, terms.C, terms.E, terms.B, guard)
