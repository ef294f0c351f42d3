"""`field FIELD`: which compositions between some end members are stable.

Search every composition of a phase field, relax the lowest distinct minima again by a machine-learned potential, search
longer where the hull is in doubt, and print the table: energy above the hull by each energy, on its own scale.  What is
done is stored; interrupted at any point and started again, it goes on where it was.  Without the extra `ml` the hull is
that of the ions alone.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlcsp_core.cli.options import add_database, add_json, whole
from rlcsp_core.cli.output import Column, Lines, to_json
from rlcsp_core.cli.progress import Bar
from rlcsp_core.cli.sweep import Progress, add_workers, at_work
from rlcsp_core.errors import ConfigError
from rlcsp_core.relax.learned import INSTALL, MODELS
from rlcsp_core.store import Reader

if TYPE_CHECKING:
    from rlcsp_core.analysis.phase_field import PhaseField
    from rlcsp_core.analysis.phase_field_definition import FieldDefinition
    from rlcsp_core.execution.experiment import Batch
    from rlcsp_core.execution.field_file import Field

SHOWN = 5  # compositions that are named as those to be searched next


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("field", metavar="FIELD", help="a TOML file, or the name of one in data/fields")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help=f"{', '.join(MODELS)} (with the extra `ml`), none, or module:function for an ASE calculator "
        "(default: what the file says)",
    )
    parser.add_argument(
        "--top",
        type=whole,
        metavar="N",
        help="how many distinct minima of each composition (default: as the file says)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="write the table (.csv), the lowest structures with all energies (.extxyz), those of the hull (.zip), or, "
        "where the name has no ending, a folder with what the dashboard needs to show the field",
    )
    add_workers(parser)
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.analysis.phase_field import phase_field
    from rlcsp_core.execution.exploring import explore
    from rlcsp_core.execution.field_file import load_field

    field = chosen(load_field(arguments.field), arguments.model, arguments.top)
    model = usable(field.definition.model)
    output = None if arguments.output is None else checked_output(Path(arguments.output))
    bar = Bar()
    with at_work(
        arguments, lambda store: Progress.of(store, field.round(1, list(field.configs))), show=lambda _: None
    ) as workers:

        def carry_out(plan: Batch) -> bool:
            workers.progress = Progress.of(workers.store, plan)
            done = workers.carry_out(plan)
            workers.progress.bar.finish()
            return done

        def notify(done: int, wanted: int) -> None:
            bar.show(done / wanted if wanted else 1.0, f"{done} of {wanted} minima relaxed again")

        explore(workers.store, field, carry_out, workers.halt, model, notify)
        bar.finish()
        found = phase_field(workers.store, field.definition)
        show(found, arguments.json)
        if output is not None:
            write(found, field.definition, workers.store, output)
    return workers.ending("field")


def chosen(field: Field, model: str | None, top: int | None) -> Field:
    """The field as the options have it."""
    from rlcsp_core.analysis.second_look import checked_top
    from rlcsp_core.execution.field_file import NONE
    from rlcsp_core.relax.learned import checked_model

    if top is not None:
        field = replace(field, top=checked_top(top))
    if model is not None:
        named = None if model == NONE else checked_model(model)
        field = replace(field, definition=replace(field.definition, model=named))
    return field


def usable(model: str | None) -> str | None:
    """The model, where it is there; says what is missing where it is not."""
    from rlcsp_core.outside import is_outside, trust
    from rlcsp_core.relax.learned import installed, label_of

    if model is None:
        return None
    if is_outside(model):
        trust(model)  # who writes it here says so
        return model
    if installed(model):
        return model
    print(
        f"{label_of(model)} is not installed ({INSTALL}): its energies will be missing, the hull is that of the ions",
        file=sys.stderr,
    )
    return None


def show(field: PhaseField, as_json: bool) -> None:
    from rlcsp_core.analysis.phase_field import label_of_energy
    from rlcsp_core.analysis.phase_field_files import energies_of, on_hull_of, values_of
    from rlcsp_core.analysis.phase_field_next import search_next

    energies = energies_of(field)
    lines = Lines(as_json, columns(energies))
    for point in field.points:
        values = values_of(point, field)
        lines.print(values if as_json else values | {"hits": f"{point.hits}/{point.n_finished}"})
    after = search_next(field)
    if as_json:
        summary: dict[str, Any] = {
            "field": field.name,
            "hull": {energy: [p.formula for p in on_hull_of(field, energy)] for energy in field.energies},
            "without_hull": dict(field.without_hull),
            "search_next": [{"formula": each.point.formula, "why": each.why} for each in after],
        }
        print(to_json(summary))
        return
    print()
    for energy in energies:
        if energy in field.without_hull:
            print(field.without_hull[energy])
        else:
            stable = ", ".join(point.formula for point in on_hull_of(field, energy))
            print(f"On the hull by {label_of_energy(energy)}: {stable}.")
    if after:
        more = "" if len(after) <= SHOWN else f", and {len(after) - SHOWN} more"
        named = "; ".join(f"{each.point.formula} ({each.why})" for each in after[:SHOWN])
        print(f"To be searched next: {named}{more}.")


def columns(energies: list[str]) -> tuple[Column, ...]:
    """Of the table on a terminal."""
    found = [Column("formula", 14), Column("atoms", 5), Column("hits", 5)]
    for energy in energies:
        found += [
            Column(f"{energy}_energy_per_atom", len(energy) + 16, ".6f"),
            Column(f"{energy}_above_hull_mev", len(energy) + 15, ".1f"),
            Column(f"{energy}_structure", max(len(energy) + 10, 20)),
        ]
    return (*found, Column("known", 20))


def checked_output(path: Path) -> Path:
    from rlcsp_core.analysis.file_forms import form_of
    from rlcsp_core.analysis.phase_field_files import FORMS

    if path.suffix:
        form_of(path, FORMS)
    return path


def write(field: PhaseField, definition: FieldDefinition, store: Reader, path: Path) -> None:
    from rlcsp_core.analysis.file_forms import form_of
    from rlcsp_core.analysis.phase_field_files import FORMS
    from rlcsp_core.execution.exploring import export_field

    if not path.suffix:
        export_field(store, definition, path)
        return
    try:
        path.write_bytes(form_of(path, FORMS).write(field, store))
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
