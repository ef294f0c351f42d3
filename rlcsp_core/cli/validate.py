"""`validate`: known crystals relaxed in the potentials, against experiment.

Every known crystal in every potential that covers it: lattice constants against experiment, space group kept or lost,
order of polymorphs, as a table and a page of documentation.  About two minutes for all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rlcsp_core.cli.options import add_json
from rlcsp_core.cli.output import Column, Lines
from rlcsp_core.cli.progress import compile_once

if TYPE_CHECKING:
    from rlcsp_core.crystal.known import Reference
    from rlcsp_core.relax.validation import Outcome

COLUMNS = (
    Column("formula", 12),
    Column("crystal", 24),
    Column("potential", 13),
    Column("axes", 22),
    Column("relaxed", 44),
    Column("energy_per_atom", 15, ".6f"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("formulas", nargs="*", metavar="FORMULA", help="these compounds only")
    parser.add_argument("--potential", metavar="NAME|FILE.toml", help="this potential only")
    parser.add_argument(
        "--write",
        metavar="FOLDER",
        help="write validation.csv, which the choice of potentials reads, and validation.md into this folder",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.crystal.composition import canonical_formula
    from rlcsp_core.energy.potential_file import choice_from, load_potential, potential_names
    from rlcsp_core.relax.validation import Outcome, covered, validate, write_measurements

    names = [choice_from(arguments.potential)] if arguments.potential else potential_names()
    formulas = {canonical_formula(text) for text in arguments.formulas}
    compile_once()
    lines = Lines(arguments.json, COLUMNS)
    outcomes, failures = [], 0
    for reference, potential in covered([load_potential(name) for name in names]):
        if formulas and reference.formula not in formulas:
            continue
        outcome = validate(reference, potential)
        if not isinstance(outcome, Outcome):
            print(f"error: {outcome}", file=sys.stderr)
            failures += 1
            continue
        outcomes.append(outcome)
        lines.print({
            "formula": reference.formula,
            "crystal": reference.name,
            "potential": outcome.potential,
            "axes": in_words(outcome.axes),
            "relaxed": relaxed_in_words(outcome),
            "energy_per_atom": outcome.energy,
            "space_group": outcome.group.symbol,
            "relaxed_space_group": outcome.relaxed_group.symbol,
            "kept": outcome.kept,
            "errors_percent": list(outcome.errors),
            "volume_change_percent": outcome.volume_change,
        })  # fmt: skip
    if arguments.write:
        folder = Path(arguments.write)
        write_measurements(outcomes, folder / "validation.csv")
        (folder / "validation.md").write_text(page(outcomes), encoding="utf-8")
    return 2 if failures else 0


def in_words(axes: Sequence[float]) -> str:
    return ", ".join(f"{axis:.3f}" for axis in axes)


def relaxed_in_words(outcome: Outcome) -> str:
    """4.711, 13.012 (-1.0, +0.2), or where it went."""
    if outcome.kept:
        return f"{in_words(outcome.relaxed_axes)} ({', '.join(f'{error:+.1f}' for error in outcome.errors)})"
    return f"-> {outcome.relaxed_group.symbol} (dV {outcome.volume_change:+.0f} %)"


# the page of the documentation ----------------------------------------------------------------------------------------

HEADER = """\
# Validation of the potentials

Made by `python -m rlcsp_core validate --write FOLDER`. Every known crystal, from the coordinates of experiment in a
primitive cell, relaxed to 0.001 eV/Å in every potential that covers it. The symmetry of the start is kept on the way,
so a saddle stays one; `->` says that the structure of experiment is none of the potential and which group it goes to.
Lattice constants in Å, errors against experiment in per cent. Parameters and crystals are second-hand, see
`data/potentials` and `data/crystals.toml`. Energies of different potentials are not comparable.

"""


def page(outcomes: Sequence[Outcome]) -> str:
    """Markdown: a summary, lattice constants, order of polymorphs."""
    parts = (_summary(outcomes), _lattice_constants(outcomes), _polymorphs(outcomes))
    return HEADER + "\n".join(line for part in parts for line in (*part, ""))


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _head(*cells: str) -> list[str]:
    return [_row(*cells), "|" + "---|" * len(cells)]


def _names(outcomes: Sequence[Outcome]) -> list[str]:
    return sorted({o.potential for o in outcomes})


def _summary(outcomes: Sequence[Outcome]) -> list[str]:
    lines = _head(
        "potential", "crystals", "keep their structure", "median error of an axis (%)", "largest (%)"
    )
    for name in _names(outcomes):
        mine = [o for o in outcomes if o.potential == name]
        errors = [(abs(error), o.reference) for o in mine for error in o.errors]
        largest, crystal = max(errors, key=lambda entry: entry[0])
        middle = median(error for error, _ in errors)
        worst = f"{largest:.1f}, {crystal.formula} {crystal.name}"
        lines.append(_row(name, len(mine), sum(o.kept for o in mine), f"{middle:.2f}", worst))
    return lines


def _lattice_constants(outcomes: Sequence[Outcome]) -> list[str]:
    names = _names(outcomes)
    lines = ["## Lattice constants", "", *_head("crystal", "experiment", *names)]
    by_crystal: dict[Reference, dict[str, Outcome]] = {}
    for o in outcomes:
        by_crystal.setdefault(o.reference, {})[o.potential] = o
    for crystal, mine in by_crystal.items():
        first = next(iter(mine.values()))
        cells = [relaxed_in_words(mine[name]) if name in mine else "" for name in names]
        title = f"{crystal.formula} {crystal.name} ({first.group.symbol})"
        lines.append(_row(title, in_words(first.axes), *cells))
    return lines


def _polymorphs(outcomes: Sequence[Outcome]) -> list[str]:
    lines = [
        "## Order of polymorphs",
        "",
        "meV/atom above the lowest crystal of the compound in this table.",
        "",
    ]
    lines += _head("compound", "potential", "crystals")
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for o in outcomes:
        groups.setdefault((o.reference.formula, o.potential), []).append(o)
    for (formula, name), mine in groups.items():
        if len(mine) > 1:
            mine.sort(key=lambda o: o.energy)
            above = [f"{o.reference.name} {1000 * (o.energy - mine[0].energy):.0f}" for o in mine]
            lines.append(_row(formula, name, ", ".join(above)))
    return lines
